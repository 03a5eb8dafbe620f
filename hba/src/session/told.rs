//! What is told: answers to who asked, and events for everybody.

use std::time::Duration;

use iscsi::address::TargetAddress;

use super::id::SessionId;
use crate::ids::HostNo;
use crate::model::LoginFailureType;
use crate::policy::retry;
use crate::policy::retry::Keeper;

/// Who asked: a number of the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Something told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// To who asked.
    Answer(Ticket, Answer),
    /// To everybody.
    Event(SessionId, Event),
    /// A port's link.
    Link {
        /// The port.
        host: HostNo,
        /// Whether it is up.
        up: bool,
    },
    /// So many events were left out: nobody took them.
    Missed(u64),
}

/// How a session that is in the way is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum There {
    /// It runs, or is being brought back.
    Running,
    /// The driver has it from flash.
    Flash,
    /// Another program made it.
    Foreign,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is in.
    Up(SessionId, u32),
    /// There is one already.
    Exists(SessionId, There),
    /// It failed so far and is tried on.
    StillTrying(SessionId),
    /// It failed and is not tried again.
    Failed(SessionId, LoginFailureType, String),
    /// It is gone.
    LoggedOut(SessionId),
    /// Nothing was done.
    Refused(Refusal),
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// No such session.
    NotFound,
    /// It holds what the machine runs from.
    Boot,
    /// Another made it, and the logout scope does not reach it.
    NotOurs(String),
    /// It is being logged out.
    Leaving,
    /// There are as many as there may be.
    TooMany,
    /// A session to the same target has the same ISID.
    IsidTaken(SessionId),
    /// It could not be written down first.
    NotWritten(String),
    /// The kernel did not let it go.
    Kept(String),
    /// It has no portal.
    NoPortal,
}

/// Something that happened to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It was found, and goes on.
    Adopted {
        /// The kernel's session.
        sid: u32,
        /// Who brings it back.
        keeper: Keeper,
    },
    /// It is in, new or back.
    Up {
        /// The kernel's session.
        sid: u32,
        /// Portal in use.
        portal: String,
        /// Whether the target sent us there.
        redirected: bool,
    },
    /// It is lost; its devices wait.
    Lost {
        /// What was seen.
        why: String,
    },
    /// A login failed.
    LoginFailed {
        /// Where.
        portal: TargetAddress,
        /// What kind of failure.
        failure: LoginFailureType,
        /// Class and detail of the target's answer.
        status: Option<(u8, u8)>,
        /// In words.
        reason: String,
    },
    /// It was away longer than the removal latency.
    Expired {
        /// Whether its devices are taken out.
        deleted: bool,
    },
    /// It is not tried any more.
    GaveUp(GaveUp),
    /// The target wants a logout.
    LogoutRequested(Duration),
    /// It is logged out.
    Ended,
    /// It is gone, and we did not do it.
    Gone,
    /// The target says that its logical units changed.
    LunsChanged,
    /// A logical unit came.
    UnitCame(u64),
    /// A logical unit is there no more.
    UnitVanished(u64),
    /// Another unit has the number of one that was known. It is held.
    UnitReplaced {
        /// The number.
        lun: u64,
        /// Who had it.
        was: String,
        /// Who has it.
        is: String,
    },
    /// Something could not be written down.
    NotKept(String),
}

/// Why it is not tried any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GaveUp {
    /// By the rule of its intent.
    Rule(retry::Why),
    /// The target does not let us in, and will not another time.
    Refused(LoginFailureType),
}
