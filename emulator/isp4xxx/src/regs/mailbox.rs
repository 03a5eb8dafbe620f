//! Mailbox commands: eight registers become a command of the firmware, its reply eight registers and bytes by DMA.
//!
//! Owns which mailbox carries what; where replies go says the table, [`super::commands`]. Source: `ql4_mbx.c`, one function per command.

use driver_sys::hw::mailbox::{DiagTest, FlashCommit, LogoutOptions, MBOX_CMD_GET_NVRAM, MboxCmd};
use driver_sys::hw::raw::{addr_ctrl_blk, conn_event_log_entry, dev_db_entry};
use zerocopy::{FromZeros, IntoBytes};
use zeroize::Zeroize;

use super::commands::{self, Dma, LOG_ENTRIES};
use super::mailroom::Mailboxes;
use super::memory::GuestMemory;
use crate::fw::{Command, DdbDefaults, FactoryAreas, IoTag, MboxError, Reply};

/// Most bytes a command moves by DMA.
const MAX_DMA: u32 = 256 << 10;

/// A command and what becomes of its reply.
pub(super) struct Decoded {
    pub(super) command: Command,
    /// Where bytes go, and how many fit; address 0 means nowhere.
    to: (u64, u32),
}

/// Two mailboxes that hold a bus address.
fn address(mailboxes: &Mailboxes, at: usize) -> u64 {
    u64::from(mailboxes[at + 1]) << 32 | u64::from(mailboxes[at])
}

/// Bytes of the guest that a command brings.
fn bytes(memory: &impl GuestMemory, at: u64, len: u32) -> Result<Vec<u8>, MboxError> {
    if len > MAX_DMA {
        return Err(MboxError::parameter(format!("{len} bytes are too many")));
    }
    let mut bytes = vec![0; len as usize];
    memory
        .read(at, &mut bytes)
        .map_err(|error| MboxError::command(error.to_string()))?;
    Ok(bytes)
}

/// A struct of the guest; shorter ones are padded with zeros.
fn object<T: FromZeros + IntoBytes + zerocopy::FromBytes>(
    memory: &impl GuestMemory,
    at: u64,
    len: u32,
) -> Result<Box<T>, MboxError> {
    let mut object = Box::new(T::new_zeroed());
    let room = object.as_mut_bytes();
    let len = (len as usize).min(room.len());
    memory
        .read(at, &mut room[..len])
        .map_err(|error| MboxError::command(error.to_string()))?;
    Ok(object)
}

fn index(mailbox: u32) -> Result<u16, MboxError> {
    u16::try_from(mailbox).map_err(|_| MboxError::parameter(format!("there is no DDB {mailbox}")))
}

/// Reads the in-mailboxes. `tag` finds the I/O of a driver's handle.
pub(super) fn decode(
    memory: &impl GuestMemory,
    m: &Mailboxes,
    tag: impl Fn(u32) -> Option<IoTag>,
) -> Result<Decoded, MboxError> {
    let code = MboxCmd::from_raw(m[0] as u16);
    let unknown = || MboxError::unsupported(format!("mailbox command {:#06x} is not known", code.raw()));
    let to = match commands::find(code).ok_or_else(unknown)?.dma {
        Dma::None => (0, 0),
        Dma::To(at) => (address(m, at), m[4]),
        Dma::Fixed(at, len) => (address(m, at), len),
    };
    let command = match code {
        MboxCmd::AboutFw => Command::AboutFirmware,
        MboxCmd::StopFw => Command::StopFirmware,
        MboxCmd::AbortTask => Command::AbortTask {
            ddb: index(m[1])?,
            tag: tag(m[2])
                .ok_or_else(|| MboxError::command(format!("no command has the handle {}", m[2])))?,
        },
        MboxCmd::LunReset => {
            let mut lun = [0; 8];
            lun[..4].copy_from_slice(&m[2].to_le_bytes());
            lun[4..].copy_from_slice(&m[3].to_le_bytes());
            Command::LunReset {
                ddb: index(m[1])?,
                lun,
            }
        }
        MboxCmd::TargetWarmReset => Command::TargetReset { ddb: index(m[1])? },
        MboxCmd::GetManagementData => Command::GetManagementData { ddb: index(m[1])? },
        MboxCmd::GetFwStatus => Command::GetFirmwareStatus,
        MboxCmd::WriteFlash => Command::WriteFlash {
            offset: m[3],
            data: bytes(memory, address(m, 1), m[4])?,
            options: FlashCommit::from_raw(m[5]),
        },
        MboxCmd::ReadFlash => Command::ReadFlash {
            offset: m[3],
            len: m[4],
        },
        MboxCmd::ClearDatabaseEntry => Command::ClearDatabaseEntry { ddb: index(m[1])? },
        MboxCmd::ConnCloseSessLogout => Command::ConnCloseSessLogout {
            ddb: index(m[1])?,
            connection: m[2] as u16,
            options: LogoutOptions::from_bits_retain(m[3]),
        },
        MboxCmd::InitializeFirmware => {
            Command::InitializeFirmware(object::<addr_ctrl_blk>(memory, address(m, 2), m[4])?)
        }
        MboxCmd::GetInitFwCtrlBlock => Command::GetInitFwCtrlBlock,
        MboxCmd::RequestDatabaseEntry => Command::RequestDatabaseEntry { ddb: index(m[1])? },
        MboxCmd::SetDatabaseEntry => Command::SetDatabaseEntry {
            ddb: index(m[1])?,
            entry: object::<dev_db_entry>(memory, address(m, 2), m[4])?,
        },
        MboxCmd::GetDatabaseEntry => Command::GetDatabaseEntry { ddb: index(m[1])? },
        MboxCmd::GetFwState => Command::GetFirmwareState,
        MboxCmd::GetInitFwCtrlBlockDefaults => Command::GetInitFwCtrlBlockDefaults,
        MboxCmd::GetDatabaseEntryDefaults => Command::GetDatabaseEntryDefaults(match m[1] & 1 {
            0 => DdbDefaults::Ipv4,
            _ => DdbDefaults::Ipv6,
        }),
        MboxCmd::ConnOpen => Command::ConnOpen { ddb: index(m[1])? },
        MboxCmd::DiagTest => Command::DiagTest(DiagTest::from_raw(m[1])),
        MboxCmd::GetCrashRecord => Command::GetCrashRecord,
        MboxCmd::GetConnEventLog => Command::GetConnEventLog,
        code if code == MBOX_CMD_GET_NVRAM => Command::GetNvram {
            offset: m[3],
            len: m[4],
        },
        MboxCmd::SetNvram => Command::SetNvram {
            offset: m[3],
            data: bytes(memory, address(m, 1), m[4])?,
        },
        MboxCmd::RestoreFactoryDefaults => Command::RestoreFactoryDefaults {
            areas: FactoryAreas::from_bits_retain(m[3]),
            fields: [m[4], m[5]],
        },
        MboxCmd::SetAcb => Command::SetAcb(object::<addr_ctrl_blk>(memory, address(m, 2), m[4])?),
        MboxCmd::GetAcb => Command::GetAcb { which: m[1] },
        MboxCmd::DisableAcb => Command::DisableAcb,
        MboxCmd::GetIpAddrState => Command::GetIpAddrState { acb: m[1], ip: m[2] },
        MboxCmd::GetDbEntryCurrentIpAddr => Command::GetDdbCurrentAddress { ddb: index(m[1])? },
        _ => return Err(unknown()),
    };
    Ok(Decoded { command, to })
}

impl Decoded {
    /// The command, and where its reply goes.
    pub(super) fn split(self) -> (Command, (u64, u32)) {
        (self.command, self.to)
    }
}

/// Writes a reply: bytes to the guest, the rest to the out-mailboxes.
pub(super) fn encode(
    memory: &impl GuestMemory,
    (at, room): (u64, u32),
    mut reply: Reply,
) -> Result<Mailboxes, MboxError> {
    if let Reply::ConnEventLog(entries) = &mut reply {
        entries.drain(..entries.len().saturating_sub(LOG_ENTRIES));
    }
    let mut out = reply.mailboxes();
    if matches!(reply, Reply::ConnEventLog(_)) {
        out[4] = (LOG_ENTRIES * size_of::<conn_event_log_entry>()) as u32;
    }
    let mut done = Ok(());
    if let Some(bytes) = reply.bytes()
        && at != 0
    {
        let len = bytes.len().min(room as usize);
        done = memory.write(at, &bytes[..len]);
    }
    if let Reply::Bytes(bytes) = &mut reply {
        // It may have been a CHAP entry.
        bytes.zeroize();
    }
    done.map(|()| out)
        .map_err(|error| MboxError::command(error.to_string()))
}
