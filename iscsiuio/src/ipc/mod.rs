//! The control socket: who may ask, how long a client may take, and what an interface record means.
//!
//! The bytes are `driver_sys::uip`'s. Must not know ports or rings: a [`Wanted`] is handed to whoever owns them ([`crate::ask::Ask`]). Source: open-iscsi's
//! `iscsiuio`, `iscsid_ipc.c` (`process_iscsid_broadcast`, `decode_iface`, `parse_iface`).

mod client;
mod listener;
mod wanted;

pub use client::serve;
pub use listener::{Listener, Taken, may_ask};
pub(crate) use wanted::mac;
pub use wanted::{Family, Unusable, Wanted, Who};
