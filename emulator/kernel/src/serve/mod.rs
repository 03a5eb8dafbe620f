//! The served directory: its sockets, its lock, and the actor that drives the emulated kernel.
//!
//! The directory and its modes are `place`'s. `DIR/netlink`, `DIR/store`, `DIR/uevent`, `DIR/bsg/iscsi_hostN`, `DIR/sg/H:C:T:L`,
//! `DIR/l2/iscsi_hostN` and `DIR/control` are AF_UNIX SOCK_SEQPACKET sockets; the packets are described in docs/architecture.md, the control commands in
//! [`control`]. Owns descriptors; must not know what a message does.

mod client;
mod clients;
pub mod control;
mod l2;
mod listen;
mod packets;
mod place;
mod server;

pub use crate::error::ServeError;
pub use server::Server;
