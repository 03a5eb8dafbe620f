//! The iSCSI transport class: its messages, its objects, its sessions, the order of its events.
//!
//! Owns sessions, connections, endpoints, the netlink queue and the class's part of the tree. Knows drivers by [`LowLevelDriver`]
//! alone, and stands on the mid layer. Source: Linux 6.1 `scsi_transport_iscsi.c`, `include/scsi/iscsi_if.h`.

mod args;
mod attrs;
mod blocking;
pub(crate) mod bsg;
mod class;
mod conns;
mod dispatch;
mod driver;
mod events;
mod fault;
mod fixed_tree;
mod hosts;
mod ifaces;
mod leaving;
mod lookup;
mod queue;
mod session;
mod sessions;
mod verdict;

pub(crate) use args::{Params, Ping};
pub(crate) use class::Class;
pub(crate) use dispatch::leading_number;
pub(crate) use driver::{LowLevelDriver, Progress};
pub(crate) use fault::FaultError;
pub(crate) use ifaces::IfaceKind;
pub(crate) use queue::{Queue, Transports};
