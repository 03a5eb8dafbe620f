//! The control socket of the network helper: what iscsid and iscsiadm ask of it, and what it answers.
//!
//! A client connects to an abstract stream socket ([`NAME`]), writes one [`Request`], reads one [`Reply`] of twelve bytes, and closes.
//! Both sides encode and decode everything. Owns the bytes; must not know who may ask, nor what an interface record means to a port.
//! Source: open-iscsi's `iscsiuio`, `uip_mgmt_ipc.h` and `iscsid_ipc.c`; `iface_rec` as versions 2.1.8 to 2.1.13 lay it out on 64 bits.
//!
//! ```
//! use driver_sys::uip::{Command, Header, IfaceRecord, Reply, Request, Status};
//!
//! let record = IfaceRecord { netdev: "eth2".into(), ipaddress: "0.0.0.0".into(), ..Default::default() };
//! let message = Request::Iface(record.clone()).encode()?;
//!
//! let (head, payload) = message.split_at(Header::SIZE);
//! let header = Header::decode(head)?;
//! header.check()?;
//! assert_eq!(Request::decode(header.command, payload)?, Request::Iface(record));
//!
//! let reply = Reply::new(Command::GetIface, Status::DeviceUp).encode();
//! assert_eq!(Reply::decode(&reply)?.status, Status::DeviceUp);
//! # Ok::<(), driver_sys::uip::UipError>(())
//! ```

mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod header;
mod record;
mod reply;
mod request;
#[cfg(test)]
mod tests;

pub use error::UipError;
pub use header::{Command, Header};
pub use record::IfaceRecord;
pub use reply::{Reply, Status};
pub use request::{PingRequest, Request};

/// The abstract name of the socket, without the NUL before it.
pub const NAME: &str = "ISCSID_UIP_ABSTRACT_NAMESPACE";
