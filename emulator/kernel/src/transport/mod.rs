//! The iSCSI transport class: its messages, its classes, the order of its events.
//!
//! Source: Linux 6.1 `scsi_transport_iscsi.c`, `include/scsi/iscsi_if.h`.

pub(crate) mod attrs;
pub(crate) mod ev;
pub(crate) mod nla;
pub(crate) mod session;
