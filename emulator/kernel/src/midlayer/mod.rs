//! A little SCSI midlayer: scanning a session's target, the objects of its logical units, commands that wait.
//!
//! Source: Linux 6.1 `drivers/scsi/scsi_scan.c`, `scsi_sysfs.c`, `scsi_lib.c`, `sd.c`, `sg.c`.

mod attrs;
mod cache;
mod device;
mod recovery;
mod scan;

pub(crate) use cache::cached_answer;
pub(crate) use device::{Device, DeviceState, Disk};
pub(crate) use recovery::{Late, Reach, Recovery, Step, Unit};
pub(crate) use scan::{Found, ScanJob, ScanNext, lun_bytes};

use crate::kernel::ClientId;

/// A command of an sg client.
pub(crate) struct Waiting {
    /// Who asked.
    pub(crate) client: ClientId,
    /// Logical unit.
    pub(crate) lun: u64,
    /// The command.
    pub(crate) cdb: Vec<u8>,
    /// 0 none, 1 to the device, 2 from the device.
    pub(crate) direction: u32,
    /// Data to the device, or room for what comes.
    pub(crate) data: Vec<u8>,
    /// When it is given up.
    pub(crate) until: std::time::Instant,
}

/// How many commands wait for one blocked session before more are refused as busy.
pub(crate) const MAX_WAITING: usize = 256;

/// `DID_*` host bytes.
pub(crate) mod did {
    use isp4xxx::fw::Completion;

    /// What the driver makes of a completion status (`qla4xxx_status_entry`).
    pub(crate) fn of(completion: Completion) -> u32 {
        match completion {
            Completion::Complete
            | Completion::DataUnderrun
            | Completion::DataOverrun
            | Completion::QueueFull => OK,
            Completion::Aborted | Completion::ResetOccurred => RESET,
            Completion::Timeout => BUS_BUSY,
            Completion::DeviceUnavailable | Completion::DeviceLoggedOut => TRANSPORT_DISRUPTED,
            Completion::Incomplete => ERROR,
        }
    }

    pub(crate) const OK: u32 = 0;
    pub(crate) const NO_CONNECT: u32 = 1;
    pub(crate) const BUS_BUSY: u32 = 2;
    pub(crate) const TIME_OUT: u32 = 3;
    pub(crate) const ERROR: u32 = 7;
    pub(crate) const RESET: u32 = 8;
    pub(crate) const TRANSPORT_DISRUPTED: u32 = 14;
    pub(crate) const REQUEUE: u32 = 13;
}
