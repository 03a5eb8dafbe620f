//! A daemon's part of sessions that an adapter carries after their login: bnx2i's, cxgb4i's, qedi's.
//!
//! The sessions of iscsi_tcp ([`software`]) differ in where their connections come from.
//!
//! Owns the order of the requests as open-iscsi's iscsid has it: endpoint, session, connection, bind, login by PDUs of user space,
//! parameters, start; and recovery, and the end. The login is the `iscsi` crate's. It must not know what a test wants to prove.
//! Source: open-iscsi, `usr/initiator.c` and `usr/initiator_common.c`; `scsi_transport_iscsi.c`, `iscsi_if_recv_msg`.

mod courier;
pub mod endpoint;
pub mod flow;
pub mod helper;
mod params;
mod session;
pub mod software;

pub use courier::Courier;
pub use session::{Session, Wanted};
