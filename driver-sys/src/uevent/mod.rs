//! Kobject uevents: `ACTION@DEVPATH`, then `KEY=VALUE` pairs, NUL-separated.
//!
//! Owns the text form and where it comes from (NETLINK_KOBJECT_UEVENT group 1, or `DIR/uevent`). Must not know what an
//! event means. Source: `lib/kobject_uevent.c`.

mod event;
mod port;

pub use event::{BadUevent, KernelEvent};
pub use port::UeventPort;
