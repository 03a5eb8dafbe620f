//! iSNS without I/O: the name service of iSCSI, from a client's side.
//!
//! Owns messages both ways, and the client that registers, asks for targets and hears of changes. Must not know sockets or clocks.
//! Nothing here panics on what a server says, and everything is bounded. A server is no trusted party: its names and addresses are
//! looked at before they are used. Source: RFC 4171.

mod answer;
mod attribute;
mod client;
mod function;
mod header;
mod listener;
mod message;
mod node;
mod notice;
mod receive;
mod status;
mod table;
mod tag;
#[cfg(test)]
mod tests;

pub use answer::{Answer, LeftOut, Limits, More, Objects, Portal, Target, Why};
pub use attribute::{Attribute, Attributes, BadValue, Malformed};
pub use client::{
    Client, Config, Done, Event, Failure, Inquiries, RegisteredAs, Registration, Request, Served, Ticket,
};
pub use function::Function;
pub use header::{Flags, HEADER_LEN, Header, ISNS_PORT, MAX_PAYLOAD, VERSION};
pub use listener::{Listener, WHOLE_WITHIN};
pub use message::{Message, TooManyPdus};
pub use node::{NodeType, PortField, ScnBitmap};
pub use notice::{Change, Changes, Inquiry, Notice, hear};
pub use receive::{FrameError, MESSAGE_LIMIT, Receiver};
pub use status::{Status, StatusRow};
pub use tag::{Kind, Tag, TagRow};
