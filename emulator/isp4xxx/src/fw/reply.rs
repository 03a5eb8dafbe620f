//! The answers to mailbox commands, typed.
//!
//! Owns what comes back in the out-mailboxes and by DMA. Source: the readers in `ql4_mbx.c`.

use std::fmt;
use std::net::SocketAddr;

use driver_sys::hw::aen::IpAddrState;
use driver_sys::hw::ddb::DdbState;
use driver_sys::hw::mailbox::{FwAddState, FwState, MBOX_REG_COUNT, MboxStatus};
use driver_sys::hw::raw::{about_fw_info, addr_ctrl_blk, conn_event_log_entry, dev_db_entry, ql_iscsi_stats};
use zerocopy::IntoBytes;

/// What a command answers.
pub enum Reply {
    /// The command is done (or under way, see the command).
    Done,
    /// ABOUT_FW.
    About {
        /// Versions.
        info: Box<about_fw_info>,
        /// Time since start, whole seconds.
        uptime_secs: u32,
        /// Time since start, the milliseconds beyond.
        uptime_msecs: u32,
    },
    /// GET_MANAGEMENT_DATA.
    Statistics(Box<ql_iscsi_stats>),
    /// GET_FW_STATUS: IOCBs the firmware takes at once.
    FirmwareStatus {
        /// High-water mark.
        iocbs: u32,
    },
    /// READ_FLASH, GET_NVRAM. `Debug` hides them: flash holds secrets.
    Bytes(Vec<u8>),
    /// GET_INIT_FW_CTRL_BLOCK, GET_ACB, the defaults.
    Acb(Box<addr_ctrl_blk>),
    /// GET_DATABASE_ENTRY.
    Ddb(DdbReply),
    /// GET_DATABASE_ENTRY_DEFAULTS.
    DdbDefaults(Box<dev_db_entry>),
    /// GET_FW_STATE.
    FirmwareState {
        /// Mailbox 1.
        state: FwState,
        /// Mailbox 2.
        board_id: u32,
        /// Mailbox 3.
        additional: FwAddState,
    },
    /// GET_IP_ADDR_STATE (mailbox 1, bits 24 to 27).
    IpAddrState(IpAddrState),
    /// GET_DB_ENTRY_CURRENT_IP_ADDR; none while not connected.
    Address(Option<SocketAddr>),
    /// GET_CONN_EVENT_LOG, oldest first.
    ConnEventLog(Vec<conn_event_log_entry>),
}

impl Reply {
    /// The out-mailboxes that say it. What goes by DMA beside them: [`Reply::bytes`].
    #[must_use]
    pub fn mailboxes(&self) -> [u32; MBOX_REG_COUNT] {
        let mut out = [0; MBOX_REG_COUNT];
        out[0] = MboxStatus::CommandComplete.raw().into();
        match self {
            Self::Done | Self::Statistics(_) | Self::Bytes(_) | Self::Acb(_) | Self::DdbDefaults(_) => {}
            Self::About {
                info,
                uptime_secs,
                uptime_msecs,
            } => {
                out[1] = info.fw_major.get().into();
                out[2] = info.fw_minor.get().into();
                out[3] = info.fw_patch.get().into();
                out[4] = info.fw_build.get().into();
                (out[5], out[6]) = (*uptime_secs, *uptime_msecs);
            }
            Self::FirmwareStatus { iocbs } => out[2] = *iocbs,
            Self::Ddb(reply) => {
                out[1] = reply.index.into();
                out[2] = reply.valid;
                out[3] = reply.next.into();
                out[4] = reply.state.raw();
                out[5] = reply.error;
                out[6] = u32::from(reply.source_port) << 16 | u32::from(reply.connection);
            }
            Self::FirmwareState {
                state,
                board_id,
                additional,
            } => {
                out[1] = state.raw();
                out[2] = *board_id;
                out[3] = additional.bits();
            }
            Self::IpAddrState(state) => out[1] = u32::from(state.raw()) << 24,
            Self::Address(None) => {}
            Self::Address(Some(address)) => {
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
            Self::ConnEventLog(entries) => out[1] = entries.len() as u32,
        }
        out
    }

    /// What goes by DMA.
    #[must_use]
    pub fn bytes(&self) -> Option<&[u8]> {
        Some(match self {
            Self::About { info, .. } => info.as_bytes(),
            Self::Statistics(stats) => stats.as_bytes(),
            Self::Bytes(bytes) => bytes,
            Self::Acb(block) => block.as_bytes(),
            Self::Ddb(reply) => reply.entry.as_bytes(),
            Self::DdbDefaults(entry) => entry.as_bytes(),
            Self::ConnEventLog(entries) => entries.as_bytes(),
            Self::Done
            | Self::FirmwareStatus { .. }
            | Self::FirmwareState { .. }
            | Self::IpAddrState(_)
            | Self::Address(_) => return None,
        })
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("Done"),
            Self::About { uptime_secs, .. } => write!(f, "About({uptime_secs} s)"),
            Self::Statistics(_) => f.write_str("Statistics"),
            Self::FirmwareStatus { iocbs } => write!(f, "FirmwareStatus({iocbs})"),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
            Self::Acb(_) => f.write_str("Acb"),
            Self::Ddb(reply) => f.debug_tuple("Ddb").field(reply).finish(),
            Self::DdbDefaults(_) => f.write_str("DdbDefaults"),
            Self::FirmwareState {
                state, additional, ..
            } => f
                .debug_tuple("FirmwareState")
                .field(state)
                .field(additional)
                .finish(),
            Self::IpAddrState(state) => f.debug_tuple("IpAddrState").field(state).finish(),
            Self::Address(address) => f.debug_tuple("Address").field(address).finish(),
            Self::ConnEventLog(entries) => write!(f, "ConnEventLog({})", entries.len()),
        }
    }
}

/// GET_DATABASE_ENTRY.
#[derive(Debug, Clone)]
pub struct DdbReply {
    /// The index asked for.
    pub index: u16,
    /// The RAM entry; zeros when unassigned.
    pub entry: Box<dev_db_entry>,
    /// How many entries are in use.
    pub valid: u32,
    /// The next index in use, 0 when there is none.
    pub next: u16,
    /// State of this one.
    pub state: DdbState,
    /// Why it failed last ([`super::LoginFailure::code`]), 0 if it did not.
    pub error: u32,
    /// TCP port at our side, 0 when not connected.
    pub source_port: u16,
    /// Connection number.
    pub connection: u16,
}
