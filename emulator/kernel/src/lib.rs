#![forbid(unsafe_code)]
//! The emulated kernel: iSCSI transport class and qla4xxx driver behind a directory.
//!
//! Owns what a kernel would: the sysfs tree, the netlink, store, bsg, sg and uevent endpoints, the driver's rules and errnos.
//! Must not know the control plane. Source: Linux 6.1 `scsi_transport_iscsi.c`, `drivers/scsi/qla4xxx`.

pub mod config;
mod driver;
mod env;
mod error;
mod kernel;
mod libiscsi;
mod midlayer;
pub mod serve;
mod socket;
mod text;
mod transport;
pub mod tree;

pub use config::{Config, FirmwareMode};
pub use error::ServeError;
pub use serve::Server;
