//! iSCSI netlink: every message of the transport class, both ways.
//!
//! [`Request`] goes to the kernel; [`Message`] comes back, either a [`Reply`] to this socket or an [`Event`] to its group. Both sides
//! encode and decode everything, so that an emulated kernel speaks the same bytes; it reads requests with [`Request::hear`], which
//! is as lenient as the kernel. A message is one row (`request.rs`, `event.rs`; `rows.rs` says how to read it), what follows its
//! event one `body::Payload`. Nothing here opens a socket except [`port`]. Source: `iscsi_if.h`, `scsi_transport_iscsi.c`.
//!
//! ```
//! use driver_sys::netlink::{Message, Reply, Request, Return};
//!
//! // A control plane asks for a new flash node…
//! let packet = Request::NewFlashnode { host_no: 6, portal_type: "ipv4".into() }.encode(0xc04c_d5a0, 300);
//!
//! // …a kernel answers with its index.
//! let (header, request) = Request::decode(&packet)?;
//! let answer = Reply::to(&header, Ok(Return::Flashnode { index: 3 })).encode();
//!
//! let Message::Reply(reply) = Message::decode(&answer)? else { panic!("unicast") };
//! assert_eq!(reply.kind, request.kind());
//! assert_eq!(reply.result(), Ok(Return::Flashnode { index: 3 }));
//! # Ok::<(), driver_sys::netlink::DecodeError>(())
//! ```

mod addr;
pub mod attr;
mod body;
mod bytes;
pub mod chap;
pub mod code;
mod error;
mod event;
mod frame;
mod host_stats_raw;
mod message;
pub mod params;
pub mod path;
pub mod port;
pub mod raw;
mod reply;
mod request;
mod rows;
pub mod stats;
#[cfg(test)]
mod tests;
mod value;

pub use addr::Destination;
pub use attr::{Attr, IfaceAttr, IfaceCode};
pub use bytes::Bytes;
pub use chap::{ChapPage, ChapRecord};
pub use error::DecodeError;
pub use event::Event;
pub use frame::Header;
pub use message::Message;
pub use path::{Path, PathAddrs};
pub use port::{DirPort, HostPort, Port};
pub use reply::{Answer, Reply, Return};
pub use request::{Heard, Request};
pub use stats::{CustomCounter, HostStats, SessionStats};
pub use value::Pdu;
