//! Typed readers, one class a file.
//!
//! Owns: what each class of an iSCSI adapter shows and how it is spelled. Must not know: what the values are used for.
//! Rules for every reader: an entry that vanishes while it is read, or lacks a mandatory attribute, is left out and reported
//! ([`Listing::skipped`]); an optional attribute that is absent, forbidden or refused by the driver is `None`; one that is
//! readable but means nothing is `None` and remarked ([`Listing::problems`]).
//! Source: kernel `scsi_transport_iscsi.c` (attribute groups and their `show` functions), `qla4xxx/ql4_attr.c`.

pub mod block;
pub mod connection;
pub mod device;
pub mod endpoint;
pub mod host;
pub mod iface;
mod listing;
pub mod module;
pub mod netdev;
pub mod session;
pub mod sessions;
pub mod transport;

pub use listing::Listing;
pub(crate) use listing::number_after;
