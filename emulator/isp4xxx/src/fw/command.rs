//! The mailbox commands, typed: what a front end may ask of a port.
//!
//! Owns the vocabulary only; what a command does stands in the handlers. Source: `ql4_fw.h` `MBOX_CMD_*` and their use in
//! `ql4_mbx.c`.

use std::fmt;
use std::net::IpAddr;

use driver_sys::hw::mailbox::{
    DiagTest, FactoryAreas, FlashCommit, LogoutOptions, MBOX_CMD_GET_NVRAM, MboxCmd,
};
use driver_sys::hw::raw::{addr_ctrl_blk, dev_db_entry};

use super::IoTag;

/// One mailbox command. `Debug` shows the name only: flash bytes may hold secrets.
pub enum Command {
    /// `0x0009`: versions and uptime. Answer: [`super::Reply::About`].
    AboutFirmware,
    /// `0x000B`: ICMP echo. Answer at once, result as [`super::Event::PingDone`] with the same `handle`.
    Ping {
        /// Which of the port's addresses to send from.
        source: PingSource,
        /// Whom to ask.
        to: IpAddr,
        /// Payload bytes; 0 means 32.
        size: u32,
        /// Given back in the event (the IOCB's handle).
        handle: u32,
    },
    /// `0x0014`: all sessions are dropped and the port waits to be initialized again.
    StopFirmware,
    /// `0x0015`: ABORT TASK for an I/O. The I/O ends with [`super::Completion::Aborted`]; the answer of the target comes as
    /// [`super::Event::TaskMgmtDone`].
    AbortTask {
        /// DDB index.
        ddb: u16,
        /// Which I/O.
        tag: IoTag,
    },
    /// `0x0016`: LOGICAL UNIT RESET. I/Os of the LUN end with [`super::Completion::ResetOccurred`].
    LunReset {
        /// DDB index.
        ddb: u16,
        /// LUN in SAM's eight bytes.
        lun: [u8; 8],
    },
    /// `0x0017`: TARGET WARM RESET. I/Os of the session end with [`super::Completion::ResetOccurred`].
    TargetReset {
        /// DDB index.
        ddb: u16,
    },
    /// `0x001E`: counters of the port and of one connection. An index without a session gives zeros for the connection part.
    GetManagementData {
        /// DDB index.
        ddb: u16,
    },
    /// `0x001F`: how many IOCBs the firmware takes.
    GetFirmwareStatus,
    /// `0x0025`: writes flash, atomically.
    WriteFlash {
        /// Address in the port's view (`0x02000000` system information, `0x04000000` IFCB, `0x05000000` DDBs, `0x06000000` CHAP).
        offset: u32,
        /// The bytes.
        data: Vec<u8>,
        /// When the buffer goes to the chip.
        options: FlashCommit,
    },
    /// `0x0026`: reads flash. Erased bytes are `0xFF`.
    ReadFlash {
        /// Address in the port's view.
        offset: u32,
        /// Bytes, at most 256 KiB.
        len: u32,
    },
    /// `0x0031`: forgets the RAM entry of a DDB; refused while its session is active or logging in.
    ClearDatabaseEntry {
        /// DDB index.
        ddb: u16,
    },
    /// `0x0056`: logout.
    ConnCloseSessLogout {
        /// DDB index.
        ddb: u16,
        /// Connection number; one connection a session.
        connection: u16,
        /// What becomes of session and entry.
        options: LogoutOptions,
    },
    /// `0x0060`: gives the port its control block and starts it.
    InitializeFirmware(Box<addr_ctrl_blk>),
    /// `0x0061`: the control block in use, with address states.
    GetInitFwCtrlBlock,
    /// `0x0062`: reserves a free RAM entry.
    RequestDatabaseEntry {
        /// DDB index.
        ddb: u16,
    },
    /// `0x0063`: fills a RAM entry; refused while its session is active, logging in or waiting (time2wait).
    SetDatabaseEntry {
        /// DDB index.
        ddb: u16,
        /// What to put there.
        entry: Box<dev_db_entry>,
    },
    /// `0x0064`: a RAM entry, its state and the next used index. Answer: [`super::Reply::Ddb`].
    GetDatabaseEntry {
        /// DDB index.
        ddb: u16,
    },
    /// `0x0069`: firmware and link state.
    GetFirmwareState,
    /// `0x006A`: the control block as the factory set it.
    GetInitFwCtrlBlockDefaults,
    /// `0x006B`: a DDB as the factory set it.
    GetDatabaseEntryDefaults(DdbDefaults),
    /// `0x0074`: connects and logs in (discovers, if the entry has no name). The result comes as AEN 0x8014.
    ConnOpen {
        /// DDB index.
        ddb: u16,
    },
    /// `0x0075`: self test. EEPROM and flash are looked at, memories pass; an external loopback wants a plug that nobody has put in.
    DiagTest(DiagTest),
    /// `0x0076`: the crash record (4010 only).
    GetCrashRecord,
    /// `0x0077`: the connection event log, oldest first.
    GetConnEventLog,
    /// `0x0078` on 40xx: reads the serial EEPROM.
    GetNvram {
        /// Byte offset.
        offset: u32,
        /// Bytes.
        len: u32,
    },
    /// `0x0079` on 40xx: writes the serial EEPROM; the checksum word is kept right by the firmware.
    SetNvram {
        /// Byte offset.
        offset: u32,
        /// The bytes.
        data: Vec<u8>,
    },
    /// `0x0087`: puts areas of the port's flash back to what the factory wrote, all at once. What runs goes on with what it has in RAM
    /// until the next reset.
    RestoreFactoryDefaults {
        /// Which areas.
        areas: FactoryAreas,
        /// Which fields of the control block; 0 and 0 mean all, others are refused.
        fields: [u32; 2],
    },
    /// `0x0088`: sets the fields that `addr_ctrl_blk_def` carries and brings the addresses up again.
    SetAcb(Box<addr_ctrl_blk>),
    /// `0x0089`: as [`Command::GetInitFwCtrlBlock`], by number of the block.
    GetAcb {
        /// 0 primary, 1 secondary.
        which: u32,
    },
    /// `0x008A`: takes the addresses down; every session of the port is dropped. The end comes as AEN 0x8029 (unconfigured).
    DisableAcb,
    /// `0x0091`: state of one address.
    GetIpAddrState {
        /// Control block number; 0.
        acb: u32,
        /// 0 IPv4, 1 link-local, 2 and 3 the routable IPv6 addresses.
        ip: u32,
    },
    /// `0x0093`: the target address a DDB is connected to right now (differs after a redirect).
    GetDdbCurrentAddress {
        /// DDB index.
        ddb: u16,
    },
}

impl Command {
    /// The command's code.
    #[must_use]
    pub const fn code(&self) -> MboxCmd {
        match self {
            Self::AboutFirmware => MboxCmd::AboutFw,
            Self::Ping { .. } => MboxCmd::Ping,
            Self::StopFirmware => MboxCmd::StopFw,
            Self::AbortTask { .. } => MboxCmd::AbortTask,
            Self::LunReset { .. } => MboxCmd::LunReset,
            Self::TargetReset { .. } => MboxCmd::TargetWarmReset,
            Self::GetManagementData { .. } => MboxCmd::GetManagementData,
            Self::GetFirmwareStatus => MboxCmd::GetFwStatus,
            Self::WriteFlash { .. } => MboxCmd::WriteFlash,
            Self::ReadFlash { .. } => MboxCmd::ReadFlash,
            Self::ClearDatabaseEntry { .. } => MboxCmd::ClearDatabaseEntry,
            Self::ConnCloseSessLogout { .. } => MboxCmd::ConnCloseSessLogout,
            Self::InitializeFirmware(_) => MboxCmd::InitializeFirmware,
            Self::GetInitFwCtrlBlock => MboxCmd::GetInitFwCtrlBlock,
            Self::RequestDatabaseEntry { .. } => MboxCmd::RequestDatabaseEntry,
            Self::SetDatabaseEntry { .. } => MboxCmd::SetDatabaseEntry,
            Self::GetDatabaseEntry { .. } => MboxCmd::GetDatabaseEntry,
            Self::GetFirmwareState => MboxCmd::GetFwState,
            Self::GetInitFwCtrlBlockDefaults => MboxCmd::GetInitFwCtrlBlockDefaults,
            Self::GetDatabaseEntryDefaults(_) => MboxCmd::GetDatabaseEntryDefaults,
            Self::ConnOpen { .. } => MboxCmd::ConnOpen,
            Self::DiagTest(_) => MboxCmd::DiagTest,
            Self::GetCrashRecord => MboxCmd::GetCrashRecord,
            Self::GetConnEventLog => MboxCmd::GetConnEventLog,
            Self::GetNvram { .. } => MBOX_CMD_GET_NVRAM,
            Self::SetNvram { .. } => MboxCmd::SetNvram,
            Self::RestoreFactoryDefaults { .. } => MboxCmd::RestoreFactoryDefaults,
            Self::SetAcb(_) => MboxCmd::SetAcb,
            Self::GetAcb { .. } => MboxCmd::GetAcb,
            Self::DisableAcb => MboxCmd::DisableAcb,
            Self::GetIpAddrState { .. } => MboxCmd::GetIpAddrState,
            Self::GetDdbCurrentAddress { .. } => MboxCmd::GetDbEntryCurrentIpAddr,
        }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({:#06x})", self.code(), self.code().raw())
    }
}

/// Which default DDB (mailbox 1 of `0x006B`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DdbDefaults {
    /// For an IPv4 target.
    Ipv4,
    /// For an IPv6 target.
    Ipv6,
}

/// Which address a ping leaves from (mailbox 1 of `0x000B`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PingSource {
    /// The IPv4 address.
    Ipv4,
    /// The IPv6 link-local address.
    Ipv6LinkLocal,
    /// Routable IPv6 address 0.
    Ipv6Addr0,
    /// Routable IPv6 address 1.
    Ipv6Addr1,
}
