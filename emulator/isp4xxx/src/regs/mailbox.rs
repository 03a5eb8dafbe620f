//! Mailbox commands: eight registers become a command of the firmware, its reply eight registers and bytes by DMA.
//!
//! Owns which mailbox carries what; where replies go says the table, [`super::commands`]. Source: `ql4_mbx.c`, one function per command.

use driver_sys::hw::mailbox::{FlashCommit, LogoutOptions, MBOX_CMD_GET_NVRAM, MboxCmd, MboxStatus};
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
        MboxCmd::DiagTest => Command::DiagTest,
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

/// The out-mailboxes of a command that was refused.
pub(super) fn refused(error: &MboxError) -> Mailboxes {
    let mut out = [0; 8];
    out[0] = error.status.raw().into();
    out[1] = error.detail;
    out
}

/// Writes a reply: bytes to the guest, the rest to the out-mailboxes.
pub(super) fn encode(
    memory: &impl GuestMemory,
    (at, room): (u64, u32),
    reply: Reply,
) -> Result<Mailboxes, MboxError> {
    let mut out = [0; 8];
    out[0] = MboxStatus::CommandComplete.raw().into();
    let put = |bytes: &[u8]| -> Result<(), MboxError> {
        if at == 0 {
            return Ok(());
        }
        let len = bytes.len().min(room as usize);
        memory
            .write(at, &bytes[..len])
            .map_err(|error| MboxError::command(error.to_string()))
    };
    match reply {
        Reply::Done => {}
        Reply::About {
            info,
            uptime_secs,
            uptime_msecs,
        } => {
            put(info.as_bytes())?;
            out[1] = info.fw_major.get().into();
            out[2] = info.fw_minor.get().into();
            out[3] = info.fw_patch.get().into();
            out[4] = info.fw_build.get().into();
            (out[5], out[6]) = (uptime_secs, uptime_msecs);
        }
        Reply::Statistics(stats) => put(stats.as_bytes())?,
        Reply::FirmwareStatus { iocbs } => out[2] = iocbs,
        Reply::Bytes(mut bytes) => {
            let done = put(&bytes);
            // It may have been a CHAP entry.
            bytes.zeroize();
            done?;
        }
        Reply::Acb(block) => put(block.as_bytes())?,
        Reply::Ddb(reply) => {
            put(reply.entry.as_bytes())?;
            out[1] = reply.index.into();
            out[2] = reply.valid;
            out[3] = reply.next.into();
            out[4] = reply.state.raw();
            out[5] = reply.error;
            out[6] = u32::from(reply.source_port) << 16 | u32::from(reply.connection);
        }
        Reply::DdbDefaults(entry) => put(entry.as_bytes())?,
        Reply::FirmwareState {
            state,
            board_id,
            additional,
        } => {
            out[1] = state.raw();
            out[2] = board_id;
            out[3] = additional.bits();
        }
        Reply::IpAddrState(state) => out[1] = u32::from(state.raw()) << 24,
        Reply::Address(address) => {
            if let Some(address) = address {
                let octets = match address.ip() {
                    std::net::IpAddr::V4(ip) => ip.octets().to_vec(),
                    std::net::IpAddr::V6(ip) => ip.octets().to_vec(),
                };
                for (word, bytes) in out[2..6].iter_mut().zip(octets.chunks_exact(4)) {
                    *word = bytes
                        .iter()
                        .rev()
                        .fold(0, |all, byte| all << 8 | u32::from(*byte));
                }
                out[6] = address.port().into();
            }
        }
        Reply::ConnEventLog(entries) => {
            let entries = &entries[entries.len().saturating_sub(LOG_ENTRIES)..];
            put(entries.as_bytes())?;
            out[1] = entries.len() as u32;
            out[4] = (LOG_ENTRIES * size_of::<conn_event_log_entry>()) as u32;
        }
    }
    Ok(out)
}
