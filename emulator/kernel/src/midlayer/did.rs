//! `DID_*` host bytes. Source: `scsi_status.h` (`enum scsi_host_status`).

pub(crate) const OK: u32 = 0;
pub(crate) const NO_CONNECT: u32 = 1;
pub(crate) const BUS_BUSY: u32 = 2;
pub(crate) const TIME_OUT: u32 = 3;
pub(crate) const BAD_TARGET: u32 = 4;
pub(crate) const ABORT: u32 = 5;
pub(crate) const ERROR: u32 = 7;
pub(crate) const RESET: u32 = 8;
pub(crate) const REQUEUE: u32 = 13;
pub(crate) const TRANSPORT_DISRUPTED: u32 = 14;
