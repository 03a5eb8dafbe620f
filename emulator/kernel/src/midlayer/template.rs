//! What the mid layer asks of a driver, and what a driver tells it of a command.
//!
//! Must not know how a driver does it. Source: `scsi_host.h` (`struct scsi_host_template`: `queuecommand`, `eh_abort_handler`,
//! `eh_device_reset_handler`, `eh_target_reset_handler`), `scsi_cmnd.h`. The reset of a host changes sessions; it is the transport
//! class's to ask for.

use crate::env::Env;

/// A driver's name of a running command, one of its kind on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Tag(pub(crate) u32);

/// Which way data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// No data.
    None,
    /// To the device.
    Write,
    /// From the device.
    Read,
}

/// A command for a unit.
pub(crate) struct Command {
    /// Logical unit.
    pub(crate) lun: u64,
    /// The CDB, padded with zeros.
    pub(crate) cdb: [u8; 16],
    /// Which way data goes. The length is the buffer's.
    pub(crate) direction: Direction,
    /// The data, or room for it. Comes back in [`Completed`].
    pub(crate) data: Vec<u8>,
}

/// How the exchange with the target ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The target answered and as many bytes moved as were asked for.
    Complete,
    /// The target answered and so many bytes fewer moved.
    Underrun(u32),
    /// The target answered and had more bytes.
    Overrun,
    /// It never went out: too many are running.
    QueueFull,
    /// No answer of the target; the host byte tells why.
    Failed,
}

/// A command that has ended.
pub(crate) struct Completed {
    /// Which one.
    pub(crate) tag: Tag,
    /// How.
    pub(crate) ending: Ending,
    /// `DID_*`.
    pub(crate) host_byte: u32,
    /// SCSI status.
    pub(crate) status: u8,
    /// Sense data.
    pub(crate) sense: Vec<u8>,
    /// Bytes that moved.
    pub(crate) transferred: usize,
    /// The buffer.
    pub(crate) data: Vec<u8>,
}

/// What became of an order to end commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// It failed.
    Failed,
    /// It is done; what it ends comes back.
    Done,
    /// The hardware has it; [`super::MidLayer::ordered`] tells how it went. The driver sees to it that it does.
    Sent,
}

/// A driver as the mid layer sees it. Targets are named by the number of their session.
pub(crate) trait HostTemplate {
    /// `proc_name`: whose hosts are whose.
    fn name(&self) -> &'static str;

    /// How many commands a new unit of a target takes at once (`slave_alloc`, `cmd_per_lun`).
    fn queue_depth(&self, env: &Env, target: u32) -> u32 {
        let _ = (env, target);
        1
    }

    /// Sends a command; `None` when the target cannot take one. Its end comes as [`super::MidLayer::done`].
    fn queuecommand(&mut self, target: u32, command: Command) -> Option<Tag> {
        let _ = (target, command);
        None
    }

    /// Ends one command.
    fn eh_abort(&mut self, target: u32, tag: Tag) -> Order {
        let _ = (target, tag);
        Order::Failed
    }

    /// Ends one command of which nobody wants to hear any more.
    fn eh_forget(&mut self, target: u32, tag: Tag) {
        let _ = (target, tag);
    }

    /// Resets a unit.
    fn eh_device_reset(&mut self, target: u32, lun: u64) -> Order {
        let _ = (target, lun);
        Order::Failed
    }

    /// Resets a target.
    fn eh_target_reset(&mut self, target: u32) -> Order {
        let _ = target;
        Order::Failed
    }
}
