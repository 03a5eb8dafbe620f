//! What an initiator takes and what it tells.

use std::fmt;

use super::{DropReason, Listing, LoginFailure, TextFailure};
use crate::{
    address::TargetAddress,
    buffer::Buffer,
    negotiate::Params,
    pdu::{BHS_LEN, Lun, RejectReason, ScsiResponseCode, TaskAttribute, TmfResponseCode},
};

/// Names a task of this connection: its initiator task tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskTag(pub u32);

/// Which way a command's data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// No data.
    None,
    /// From the target into the buffer.
    Read,
    /// From the buffer to the target.
    Write,
}

/// A SCSI command to submit.
pub struct Command {
    /// Logical unit.
    pub lun: Lun,
    /// CDB, 1 to 260 bytes.
    pub cdb: Vec<u8>,
    /// Which way data goes.
    pub direction: Direction,
    /// Bytes to transfer; cut to the buffer's length.
    pub expected_length: u32,
    /// Task attribute.
    pub attribute: TaskAttribute,
    /// Memory of the data. Comes back with [`Event::TaskDone`].
    pub buffer: Box<dyn Buffer>,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("lun", &self.lun)
            .field("cdb", &self.cdb)
            .field("direction", &self.direction)
            .field("expected_length", &self.expected_length)
            .finish_non_exhaustive()
    }
}

/// Difference between what a command expected to transfer and what it would have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Residual {
    /// Just what was expected.
    #[default]
    None,
    /// So many bytes were not transferred.
    Underflow(u32),
    /// So many bytes more would have been.
    Overflow(u32),
}

/// How a SCSI command ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The target completed it.
    Completed {
        /// SCSI status (SAM).
        status: u8,
        /// Sense data, without its length field; empty if none came.
        sense: Vec<u8>,
        /// Residual. A read that brought less than it should counts as underflow, whatever the target says.
        residual: Residual,
        /// Bytes that were transferred.
        transferred: u32,
    },
    /// The target could not deliver it.
    TargetFailure(ScsiResponseCode),
    /// The target rejected the PDU.
    Rejected(RejectReason),
    /// A task management function ended it.
    Aborted,
    /// Read data came with a wrong digest, and the task was given up.
    Damaged,
    /// The connection went away, by loss or logout.
    Lost,
    /// There was no full feature phase of a normal session, or the CDB is empty or too long: nothing was sent.
    NotSent,
}

/// How a task management function ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TmfOutcome {
    /// The target answered.
    Response(TmfResponseCode),
    /// The target rejected the PDU.
    Rejected(RejectReason),
    /// No answer.
    TimedOut,
    /// The connection went away.
    Lost,
    /// Not logged in.
    NotSent,
}

/// What the target said without being asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AsyncReport {
    /// A SCSI event.
    Scsi {
        /// Logical unit.
        lun: Lun,
        /// Sense data.
        sense: Vec<u8>,
    },
    /// The target wants a logout.
    LogoutRequested {
        /// Within so many seconds.
        seconds: u16,
    },
    /// The target wants parameters negotiated; the engine does so.
    Renegotiate {
        /// Within so many seconds.
        seconds: u16,
    },
    /// All tasks of a logical unit are terminated.
    TasksTerminated {
        /// Logical unit.
        lun: Lun,
    },
    /// A vendor-specific event, or one that nobody knows.
    Other {
        /// Event code.
        event: u8,
        /// Vendor code.
        vendor_code: u8,
        /// Data segment, sense included.
        data: Vec<u8>,
    },
}

/// The full feature phase is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// What was negotiated.
    pub params: Params,
    /// Target session identifying handle.
    pub tsih: u16,
    /// TargetAlias.
    pub target_alias: Option<String>,
    /// TargetPortalGroupTag.
    pub portal_group_tag: Option<u16>,
    /// True if CHAP was used.
    pub authenticated: bool,
}

/// What happened.
pub enum Event {
    /// The login succeeded.
    LoggedIn(Box<LoggedIn>),
    /// The login failed; the connection is to be closed.
    LoginFailed(LoginFailure),
    /// The target is elsewhere; the connection is to be closed.
    Redirected {
        /// True if the new address is for good.
        permanent: bool,
        /// Where.
        address: TargetAddress,
    },
    /// A SCSI command ended. Every submitted command gets exactly one of these.
    TaskDone {
        /// Which.
        tag: TaskTag,
        /// How.
        outcome: Outcome,
        /// Its memory.
        buffer: Box<dyn Buffer>,
    },
    /// A SendTargets exchange ended.
    Targets {
        /// Which.
        tag: TaskTag,
        /// The targets.
        result: Result<Listing, TextFailure>,
    },
    /// A task management function ended; the tasks that it ended were reported before.
    TmfDone {
        /// Which.
        tag: TaskTag,
        /// How.
        outcome: TmfOutcome,
    },
    /// A NOP-Out that the owner asked for was answered, or not (`false`).
    NopDone {
        /// Which.
        tag: TaskTag,
        /// True if the answer came.
        answered: bool,
    },
    /// The target said something without being asked.
    Async(AsyncReport),
    /// A PDU for the owner of a relayed session: the answer to one of his, or an asynchronous message.
    Pdu {
        /// Its header as it came, but for the tag, which is this side's.
        header: [u8; BHS_LEN],
        /// Its data segment.
        data: Vec<u8>,
    },
    /// The session is logged out; the connection is to be closed.
    LoggedOut {
        /// Seconds to wait before a new login.
        time2wait: u16,
        /// Seconds during which the target keeps tasks.
        time2retain: u16,
    },
    /// The connection is gone or to be closed, after a successful login.
    Dropped(DropReason),
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoggedIn(what) => f.debug_tuple("LoggedIn").field(what).finish(),
            Self::LoginFailed(why) => f.debug_tuple("LoginFailed").field(why).finish(),
            Self::Redirected { permanent, address } => f
                .debug_struct("Redirected")
                .field("permanent", permanent)
                .field("address", address)
                .finish(),
            Self::TaskDone { tag, outcome, buffer } => f
                .debug_struct("TaskDone")
                .field("tag", tag)
                .field("outcome", outcome)
                .field("len", &buffer.len())
                .finish(),
            Self::Targets { tag, result } => f
                .debug_struct("Targets")
                .field("tag", tag)
                .field("result", result)
                .finish(),
            Self::TmfDone { tag, outcome } => f
                .debug_struct("TmfDone")
                .field("tag", tag)
                .field("outcome", outcome)
                .finish(),
            Self::NopDone { tag, answered } => f
                .debug_struct("NopDone")
                .field("tag", tag)
                .field("answered", answered)
                .finish(),
            Self::Async(report) => f.debug_tuple("Async").field(report).finish(),
            // Login texts hold responses to challenges.
            Self::Pdu { header, data } => f
                .debug_struct("Pdu")
                .field("opcode", &(header[0] & 0x3f))
                .field("len", &data.len())
                .finish(),
            Self::LoggedOut {
                time2wait,
                time2retain,
            } => f
                .debug_struct("LoggedOut")
                .field("time2wait", time2wait)
                .field("time2retain", time2retain)
                .finish(),
            Self::Dropped(why) => f.debug_tuple("Dropped").field(why).finish(),
        }
    }
}
