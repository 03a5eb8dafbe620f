//! The table of mailbox commands: which there are, when they are answered, where their replies go.
//!
//! Owns one line a command; a code without a line is refused with 0x4001. What a command does is the firmware's. Source:
//! `ql4_mbx.c`, one function per command; the commands of the 8xxx family (`ql4_nx.c`, `qla4_8xxx_*`, `qla4_83xx_*`) are not the
//! 40xx firmware's, PING comes through the request ring only (`ql4_iocb.c` `qla4xxx_ping_iocb`).

use driver_sys::hw::mailbox::{MBOX_CMD_GET_NVRAM, MboxCmd};
use driver_sys::hw::raw::{conn_event_log_entry, dev_db_entry};

/// Most entries of the connection event log; the driver makes room for as many as it is told.
pub(super) const LOG_ENTRIES: usize = 100;

/// Where a reply goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dma {
    /// Into the mailboxes only.
    None,
    /// To the address in these mailboxes and the next; how many bytes fit says mailbox 4.
    To(usize),
    /// To the address in these mailboxes and the next, which has room for so many bytes.
    Fixed(usize, u32),
}

/// When a command is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// As soon as the firmware has booted.
    Booted,
    /// After INITIALIZE_FIRMWARE; before it, 0x4005.
    Initialized,
}

/// A line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MailboxCommand {
    /// The code in mailbox 0.
    pub command: MboxCmd,
    /// When it is answered.
    pub when: When,
    /// Where its reply goes by DMA.
    pub dma: Dma,
    /// Mailbox 0 of the answer when mailboxes 1 to 5 are zero, on an initialized port without sessions.
    pub to_zeros: u16,
}

const fn line(command: MboxCmd, when: When, dma: Dma, to_zeros: u16) -> MailboxCommand {
    MailboxCommand {
        command,
        when,
        dma,
        to_zeros,
    }
}

const DDB: u32 = size_of::<dev_db_entry>() as u32;
const LOG: u32 = (LOG_ENTRIES * size_of::<conn_event_log_entry>()) as u32;
const DONE: u16 = 0x4000;
const UNKNOWN: u16 = 0x4001;
const ERROR: u16 = 0x4005;
const PARAMETER: u16 = 0x4006;

/// Every command of the 4022 and 4032.
pub static MAILBOX_COMMANDS: &[MailboxCommand] = {
    use Dma::{Fixed, None, To};
    use MboxCmd as C;
    use When::{Booted, Initialized};
    &[
        line(C::AboutFw, Booted, To(2), DONE),
        line(C::StopFw, Booted, None, DONE),
        line(C::AbortTask, Initialized, None, ERROR),
        line(C::LunReset, Initialized, None, ERROR),
        line(C::TargetWarmReset, Initialized, None, ERROR),
        line(C::GetManagementData, Initialized, To(2), DONE),
        line(C::GetFwStatus, Booted, None, DONE),
        line(C::WriteFlash, Booted, None, PARAMETER),
        line(C::ReadFlash, Booted, To(1), DONE),
        line(C::ClearDatabaseEntry, Initialized, None, DONE),
        line(C::ConnCloseSessLogout, Initialized, None, ERROR),
        line(C::InitializeFirmware, Booted, None, DONE),
        line(C::GetInitFwCtrlBlock, Booted, To(2), DONE),
        line(C::RequestDatabaseEntry, Initialized, None, DONE),
        line(C::SetDatabaseEntry, Initialized, None, DONE),
        line(C::GetDatabaseEntry, Initialized, To(2), DONE),
        line(C::GetFwState, Booted, None, DONE),
        line(C::GetInitFwCtrlBlockDefaults, Booted, To(2), DONE),
        line(C::GetDatabaseEntryDefaults, Initialized, Fixed(2, DDB), DONE),
        line(C::ConnOpen, Initialized, None, ERROR),
        line(C::DiagTest, Booted, None, PARAMETER),
        line(C::GetCrashRecord, Booted, None, UNKNOWN),
        line(C::GetConnEventLog, Booted, Fixed(2, LOG), DONE),
        line(MBOX_CMD_GET_NVRAM, Booted, To(1), DONE),
        line(C::SetNvram, Booted, None, DONE),
        line(C::RestoreFactoryDefaults, Booted, None, PARAMETER),
        line(C::SetAcb, Initialized, None, DONE),
        line(C::GetAcb, Booted, To(2), DONE),
        line(C::DisableAcb, Initialized, None, DONE),
        line(C::GetIpAddrState, Initialized, None, DONE),
        line(C::GetDbEntryCurrentIpAddr, Initialized, None, DONE),
    ]
};

/// The line of a command.
pub(super) fn find(command: MboxCmd) -> Option<&'static MailboxCommand> {
    MAILBOX_COMMANDS.iter().find(|line| line.command == command)
}
