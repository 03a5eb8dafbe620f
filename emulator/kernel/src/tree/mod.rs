//! The device tree as a plain directory: what sysfs shows, written so that a reader never sees half an object.
//!
//! Owns `DIR/sys`: objects (directories with attributes and links), class and bus links, the kobject uevents that go with
//! them. An object is built aside and renamed in; it vanishes by rename; an attribute is replaced by rename.
//! Must not know what the objects mean. Source: `fs/kernfs`, `drivers/base/core.c` (`device_add`, `device_del`).

mod disk;
mod live;
mod object;
mod path;
mod shared;

pub use live::{Tree, Uevent};
pub use object::{Attr, Object};
pub use path::relative_link;

#[cfg(test)]
mod tests;
