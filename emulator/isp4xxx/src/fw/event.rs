//! What a port tells its front end without being asked.
//!
//! Owns asynchronous event notifications (AENs) and what they carry; the codes are [`driver_sys::hw`]'s. Source: `ql4_fw.h` `MBOX_ASTS_*`, `DDB_DS_*`,
//! `IP_ADDRSTATE_*`; the mailbox layout of each in `ql4_isr.c` `qla4xxx_isr_decode_mailbox`.

use driver_sys::hw::aen::IpAddrState;
use driver_sys::hw::ddb::DdbState;
use driver_sys::hw::mailbox::MboxStatus;

use super::{IoDone, IoTag, PassthroughDone};

/// Something a port has to say.
#[derive(Debug)]
pub enum Event {
    /// An asynchronous event of the firmware.
    Aen(Aen),
    /// A SCSI command ended; its buffer comes back.
    IoDone(IoDone),
    /// A ping ended.
    PingDone {
        /// The handle of the command.
        handle: u32,
        /// How it went.
        status: PingStatus,
    },
    /// A task management function was answered (or its session ended).
    TaskMgmtDone {
        /// DDB index.
        ddb: u16,
        /// The I/O, for an ABORT TASK.
        tag: Option<IoTag>,
        /// What the target said.
        outcome: TaskMgmtOutcome,
    },
    /// A pass-through PDU was answered.
    PassthroughDone(PassthroughDone),
}

/// An asynchronous event notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aen {
    /// `0x8002`: the firmware died; only a reset helps.
    SystemError,
    /// `0x8010`: the cable is in.
    LinkUp,
    /// `0x8011`: the cable is out.
    LinkDown,
    /// `0x8014`: a DDB changed its state.
    DatabaseChanged {
        /// DDB index.
        ddb: u16,
        /// The new state.
        state: DdbState,
        /// Why a login failed or a session ended; 0 otherwise. See [`LoginFailure::code`].
        error: u32,
    },
    /// `0x8017`: a login was refused.
    LoginFailed {
        /// DDB index.
        ddb: u16,
        /// Why.
        failure: LoginFailure,
    },
    /// `0x801B`: the port has another MAC address: its system information was written.
    MacAddressChanged,
    /// `0x8029`: an address of the port changed its state.
    IpAddrStateChanged {
        /// Which address.
        which: IpWhich,
        /// State before.
        old: IpAddrState,
        /// State now.
        new: IpAddrState,
    },
    /// `0x8019`: a sign of life, every `hb_interval` seconds if the control block asks for it.
    Heartbeat,
}

impl Aen {
    /// Mailboxes 0 to 7 as the driver reads them.
    #[must_use]
    pub const fn mailboxes(&self) -> [u32; 8] {
        match *self {
            Self::SystemError => [0x8002, 0, 0, 0, 0, 0, 0, 0],
            Self::LinkUp => [0x8010, 0, 0, 0, 0, 0, 0, 0],
            Self::LinkDown => [0x8011, 0, 0, 0, 0, 0, 0, 0],
            Self::DatabaseChanged { ddb, state, error } => {
                [0x8014, 1, ddb as u32, state.raw(), error, 0, 0, 0]
            }
            Self::LoginFailed { ddb, failure } => [0x8017, ddb as u32, failure.code(), 0, 0, 0, 0, 0],
            Self::Heartbeat => [0x8019, 0, 0, 0, 0, 0, 0, 0],
            Self::MacAddressChanged => [0x801B, 0, 0, 0, 0, 0, 0, 0],
            Self::IpAddrStateChanged { which, old, new } => [
                0x8029,
                0,
                old.raw() as u32,
                new.raw() as u32,
                0,
                which.code(),
                0,
                0,
            ],
        }
    }
}

/// One of the four addresses of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IpWhich {
    /// 0: IPv4.
    Ipv4,
    /// 1: IPv6 link-local.
    LinkLocal,
    /// 2: routable IPv6 address 0.
    Ipv6Addr0,
    /// 3: routable IPv6 address 1.
    Ipv6Addr1,
}

impl IpWhich {
    /// All four, in order.
    pub const ALL: [Self; 4] = [Self::Ipv4, Self::LinkLocal, Self::Ipv6Addr0, Self::Ipv6Addr1];

    /// The number as the driver reads it.
    #[must_use]
    pub const fn code(self) -> u32 {
        self as u32
    }
}

/// Why a login did not end in a session, or a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LoginFailure {
    /// No TCP connection came about, or it was lost.
    Connection,
    /// Nothing came back in time.
    Timeout,
    /// The target answered with this status class and detail (RFC 7143 11.13.5).
    Status {
        /// Status-Class.
        class: u8,
        /// Status-Detail.
        detail: u8,
    },
    /// The target did not prove its identity (mutual CHAP), or reflected our challenge.
    TargetAuthentication,
    /// The target accepts none of the authentication methods the entry allows.
    NoAuthMethod,
    /// No common ground in the negotiation, or a broken PDU.
    Protocol,
    /// The port has no usable address of that family, or its link is down.
    NoAddress,
    /// The DDB asks for CHAP and its table entry is not valid.
    NoChapEntry,
    /// The DDB names no usable address or port.
    BadEntry,
    /// The target asked to log out, or dropped the session.
    Dropped,
}

impl LoginFailure {
    /// Mailbox 4 of AEN 0x8014 and mailbox 5 of GET_DATABASE_ENTRY: kind in the upper 16 bits, status class and detail below.
    #[must_use]
    pub const fn code(self) -> u32 {
        match self {
            Self::Connection => 0x0001_0000,
            Self::Timeout => 0x0002_0000,
            Self::Status { class, detail } => 0x0003_0000 | (class as u32) << 8 | detail as u32,
            Self::TargetAuthentication => 0x0004_0000,
            Self::Protocol => 0x0005_0000,
            Self::NoAddress => 0x0006_0000,
            Self::NoChapEntry => 0x0007_0000,
            Self::BadEntry => 0x0008_0000,
            Self::Dropped => 0x0009_0000,
            Self::NoAuthMethod => 0x000A_0000,
        }
    }
}

/// How a ping went (`enum iscsi_ping_status_code`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum PingStatus {
    Success = 0,
    FirmwareDisabled = 1,
    Ipv4AddressInvalid = 2,
    LinkLocalInvalid = 3,
    Timeout = 4,
    InvalidDestination = 5,
    OversizedPacket = 6,
    IcmpError = 7,
    MaxRequests = 8,
    NoArpReply = 9,
}

impl PingStatus {
    /// The number as the driver reads it.
    #[must_use]
    pub const fn code(self) -> u32 {
        self as u32
    }

    /// The eight mailboxes that answer a ping: the completion status first, the reason of a failure in mailbox 6. The driver
    /// multicasts them whole. Source: `ql4_isr.c`, `qla4xxx_mbox_status_entry`.
    #[must_use]
    pub const fn mailboxes(self) -> [u32; 8] {
        let completion = match self {
            Self::Success => MboxStatus::CommandComplete,
            _ => MboxStatus::CommandError,
        };
        [completion.raw() as u32, 0, 0, 0, 0, 0, self.code(), 0]
    }
}

/// How a task management function went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskMgmtOutcome {
    /// The target answered with this response code (RFC 7143 11.6.1: 0 complete, 1 no such task, 2 no such LUN, …).
    Response(u8),
    /// The session ended before an answer.
    SessionLost,
}

impl TaskMgmtOutcome {
    /// How the mailbox command ends that asked for the function: `abort` is ABORT TASK, whose task may be gone already (RFC 7143 11.6.1);
    /// whatever else the target answered, or did not answer, is 0x4005.
    #[must_use]
    pub const fn status(self, abort: bool) -> MboxStatus {
        match self {
            Self::Response(COMPLETE) => MboxStatus::CommandComplete,
            Self::Response(NO_TASK) if abort => MboxStatus::CommandComplete,
            Self::Response(_) | Self::SessionLost => MboxStatus::CommandError,
        }
    }
}

/// Function complete.
const COMPLETE: u8 = 0;
/// Task does not exist.
const NO_TASK: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_complete_when_the_target_says_so_and_an_abort_also_when_its_task_is_gone() {
        for code in 0..=u8::MAX {
            let outcome = TaskMgmtOutcome::Response(code);
            let complete = |done: bool| {
                if done {
                    MboxStatus::CommandComplete
                } else {
                    MboxStatus::CommandError
                }
            };
            assert_eq!(outcome.status(true), complete(code <= 1), "abort: {code}");
            assert_eq!(outcome.status(false), complete(code == 0), "reset: {code}");
        }
        for abort in [true, false] {
            assert_eq!(
                TaskMgmtOutcome::SessionLost.status(abort),
                MboxStatus::CommandError
            );
        }
    }
}
