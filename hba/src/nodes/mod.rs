//! What a host knows about targets: open-iscsi's record database, read and written beside open-iscsi itself.
//!
//! Owns the places ([`Place`]), the names of records and of the files they are in ([`NodeId`], [`Portal`]), their text ([`Record`]), the table of
//! their keys ([`key`]), what new ones begin with ([`Conf`]), the database ([`Database`]) and its lock ([`Held`]). The tree of directories is the
//! truth: nothing is cached, and looking up one record costs one path. Must not know adapters, sessions, the network, nor why a record is
//! wanted.
//!
//! Source: open-iscsi's `usr/idbm.c` and `usr/idbm_fields.h` for places, layout and keys, as its programs write them.

mod conf;
mod database;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod id;
pub mod iface;
mod initiator_name;
pub mod key;
mod lock;
mod place;
mod record;
mod text;
mod version;

pub use conf::Conf;
pub use database::{Batch, Database, Discovery, Ifaces, Listed, Nodes, Portals};
pub use id::{DEFAULT_IFACE, NodeId, Portal};
pub use initiator_name::InitiatorName;
pub use lock::Held;
pub use place::Place;
pub use record::{LINE_MAX, Odd, RECORD_MAX, Record, Remark, Why};
pub use version::{BadVersion, Version};
