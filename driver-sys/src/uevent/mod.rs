//! Kobject uevents: `ACTION@DEVPATH`, then `KEY=VALUE` pairs, NUL-separated.
//!
//! Owns the text form and where it comes from: libudev on a host, `DIR/uevent` of an emulated kernel; a static program, which libudev
//! cannot be linked into, reads NETLINK_KOBJECT_UEVENT itself. Must not know what an event means. Source: `lib/kobject_uevent.c`.

mod event;
mod port;
#[cfg(not(target_feature = "crt-static"))]
mod udev;

pub use event::{BadUevent, KernelEvent};
pub use port::UeventPort;
