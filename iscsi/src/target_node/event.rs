//! What a connection tells its owner, and what the owner answers.

use std::borrow::Cow;
use std::fmt;

use crate::buffer::Buffer;
use crate::chap::ChapError;
use crate::framer::FrameError;
use crate::negotiate::{Key, NegotiationError, Params, SessionType};
use crate::pdu::{LoginStatus, LogoutReason, Lun, TaskAttribute, TmfFunction};
use crate::text::TextError;
use crate::{Isid, LinkLoss};

/// A task of one connection; never reused while bytes of it are on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId(pub(super) u32);

/// A task management request that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TmfId(pub(super) u32);

/// The session that a login brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionInfo {
    /// Normal or discovery.
    pub session: SessionType,
    /// InitiatorName.
    pub initiator: String,
    /// InitiatorAlias.
    pub initiator_alias: Option<String>,
    /// Initiator's half of the session identifier. With the initiator's name and the portal group it names the I_T nexus: an
    /// older session with the same three is to be closed now (session reinstatement).
    pub isid: Isid,
    /// Target's half.
    pub tsih: u16,
    /// Connection identifier.
    pub cid: u16,
    /// TargetName of a normal session.
    pub target: Option<String>,
    /// CHAP name under which the initiator proved itself.
    pub user: Option<String>,
    /// What was negotiated.
    pub params: Params,
}

/// A SCSI command, complete with its write data.
pub struct Command {
    /// To be given back with the completion.
    pub task: TaskId,
    /// Logical unit.
    pub lun: Lun,
    /// First 16 bytes of the CDB.
    pub cdb: [u8; 16],
    /// Bytes of the CDB beyond 16.
    pub cdb_rest: Vec<u8>,
    /// SIMPLE, ORDERED, …
    pub attribute: TaskAttribute,
    /// All data that the initiator sends; `None` if the command does not write.
    pub data_out: Option<Box<dyn Buffer>>,
    /// The most data that the initiator takes, in bytes.
    pub data_in_max: usize,
}

impl Command {
    /// The whole CDB.
    #[must_use]
    pub fn cdb(&self) -> Cow<'_, [u8]> {
        if self.cdb_rest.is_empty() {
            Cow::Borrowed(&self.cdb)
        } else {
            Cow::Owned([&self.cdb[..], &self.cdb_rest].concat())
        }
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("task", &self.task)
            .field("lun", &self.lun)
            .field("cdb", &format_args!("{:02x?}", self.cdb))
            .field("data_out", &self.data_out.as_ref().map(|b| b.len()))
            .field("data_in_max", &self.data_in_max)
            .finish_non_exhaustive()
    }
}

/// How a command ended.
pub struct Completion {
    /// SCSI status.
    pub status: u8,
    /// Sense data; empty if there is none.
    pub sense: Vec<u8>,
    /// Data for the initiator; bytes over its limit are not sent.
    pub data: Option<Box<dyn Buffer>>,
    /// Bytes that the command moves in its direction, whatever the initiator expected: residual counts come from it.
    pub transfer: u64,
}

impl Completion {
    /// Status and nothing else.
    #[must_use]
    pub const fn status(status: u8) -> Self {
        Self {
            status,
            sense: Vec::new(),
            data: None,
            transfer: 0,
        }
    }
}

impl fmt::Debug for Completion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Completion")
            .field("status", &self.status)
            .field("sense", &self.sense.len())
            .field("data", &self.data.as_ref().map(|b| b.len()))
            .field("transfer", &self.transfer)
            .finish()
    }
}

/// A task management function that reaches beyond one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskManagement {
    /// To be given back with the answer.
    pub id: TmfId,
    /// ABORT TASK SET, CLEAR TASK SET, LOGICAL UNIT RESET or one of the target resets.
    pub function: TmfFunction,
    /// Logical unit, where the function has one.
    pub lun: Lun,
}

/// Why a login failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginFailure {
    /// The directory refused it.
    #[error("refused: {0}")]
    Refused(LoginStatus),
    /// The directory sent the initiator elsewhere.
    #[error("redirected to {0}")]
    Redirected(String),
    /// No common protocol version.
    #[error("no common protocol version")]
    Version,
    /// The text cannot be read.
    #[error("login text")]
    Text(#[from] TextError),
    /// A key must be there and is not.
    #[error("{0} is missing")]
    Missing(Key),
    /// A key has a value that cannot be.
    #[error("{0} has an impossible value")]
    Value(Key),
    /// Negotiation failed.
    #[error("negotiation")]
    Negotiation(#[from] NegotiationError),
    /// CHAP failed.
    #[error("CHAP")]
    Chap(#[from] ChapError),
    /// Proof is needed and was not offered.
    #[error("the initiator does not offer CHAP")]
    NoProof,
    /// The initiator insists on an authentication that the target does not have.
    #[error("no common authentication method")]
    NoMethod,
    /// A digest is needed and was not negotiated.
    #[error("digests are required")]
    NoDigest,
    /// The initiator names a session to join; there is one connection a session.
    #[error("a second connection for a session")]
    SecondConnection,
    /// The stages do not follow each other as they must.
    #[error("wrong login stage")]
    Stage,
    /// Too many exchanges without an end.
    #[error("too many login requests")]
    Endless,
    /// Something other than a login request.
    #[error("another request during login")]
    OtherRequest,
}

/// Why a connection ends.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloseReason {
    /// The initiator logged out.
    #[error("logged out")]
    LoggedOut,
    /// The login failed.
    #[error("login failed: {0}")]
    LoginFailed(LoginFailure),
    /// The login took too long.
    #[error("the login took too long")]
    LoginTimeout,
    /// The first PDU is no login request.
    #[error("the first PDU is no login request")]
    NoLogin,
    /// The byte stream cannot be followed.
    #[error("{0}")]
    Frame(FrameError),
    /// The initiator breaks the protocol in a way that ends the session.
    #[error("protocol error: {0}")]
    Protocol(&'static str),
    /// The initiator does not read what it is sent.
    #[error("the initiator does not read")]
    Stuck,
    /// The data of a write does not come.
    #[error("the initiator does not send the data of a write")]
    NoData,
    /// No answer to a NOP-In.
    #[error("the initiator does not answer")]
    Silent,
    /// No logout although the target asked for it.
    #[error("no logout in time")]
    LogoutTimeout,
    /// The owner dropped it.
    #[error("dropped by the target")]
    Dropped,
    /// The link went away.
    #[error("{0}")]
    Link(LinkLoss),
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// The login is complete. The owner closes an older session of the same nexus before it sends on.
    LoggedIn(Box<SessionInfo>),
    /// A command is to be carried out.
    Command(Command),
    /// A command that the owner has is gone: no completion is wanted, a late one is ignored.
    Aborted(TaskId),
    /// A function is to be carried out and answered; this connection's own tasks have been aborted already.
    TaskManagement(TaskManagement),
    /// The initiator asked to log out.
    LoggedOut(LogoutReason),
    /// The connection is over; nothing follows. Tasks that the owner has are gone.
    Closed(CloseReason),
}
