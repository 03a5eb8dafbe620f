//! What a host knows about targets: open-iscsi's record database, read and written beside open-iscsi itself.
//!
//! Owns the places ([`Place`]), the names of records and of the files they are in ([`NodeId`], [`Portal`]), their text ([`Record`]), the table of
//! their keys ([`key`]) and the database ([`Database`]). The tree of directories is the truth: nothing is cached, and looking up one record
//! costs one path. Must not know adapters, sessions, the network, nor why a record is wanted.
//!
//! Source: open-iscsi's `usr/idbm.c` and `usr/idbm_fields.h` for places, layout and keys, as its programs write them.

mod database;
mod id;
pub mod key;
mod place;
mod record;

pub use database::{Database, Listed};
pub use id::{DEFAULT_IFACE, NodeId, Portal};
pub use place::Place;
pub use record::Record;
