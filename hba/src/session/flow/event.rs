//! What a login tells while it goes on, and of its session afterwards.
//!
//! Owns the outcomes and why they came. Must not know what is to be done about them. Source: MSiSCSI event classes (login failures by kind);
//! RFC 7143 sections 11.9 and 11.13.5; kernel `enum iscsi_err`.

use std::fmt;
use std::net::SocketAddr;

use driver_sys::netlink::code::{ConnState, IscsiErr, Uevent};
use iscsi::address::TargetAddress;
use iscsi::initiator::{self, LoggedIn};
use iscsi::pdu::LoginStatus;
use iscsi::{LinkLoss, initiator::LoginFailure};
use nix::errno::Errno;

/// What an attempt, or the session that came of it, tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowEvent {
    /// The session is up.
    Up(Box<Up>),
    /// The login failed. A new session is gone again; one that was to come back is stopped, and may be tried again.
    Failed(Failure),
    /// The connection is lost. The kernel keeps the session until its recovery time is over.
    Lost(Loss),
    /// The target wants a logout within so many seconds.
    LogoutRequested {
        /// Seconds.
        seconds: u16,
    },
    /// Parameters are to be negotiated anew within so many seconds, else the target logs us out.
    Renegotiate {
        /// Seconds.
        seconds: u16,
    },
    /// The target's list of logical units changed (sense 06/3F/0E).
    LunsChanged,
    /// Another SCSI event of the target.
    Sense {
        /// Sense key, additional code and its qualifier.
        code: (u8, u8, u8),
    },
    /// The session is gone: it was ended or aborted. What the kernel kept all the same, and its answer.
    Ended {
        /// Requests that were refused.
        left: Vec<(Uevent, Errno)>,
    },
    /// The kernel, or somebody else, took the session away; [`FlowEvent::Ended`] follows.
    Gone,
}

/// A session that is up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Up {
    /// The kernel's number of the session.
    pub sid: u32,
    /// Its connection.
    pub cid: u32,
    /// The host that it is on.
    pub host: u32,
    /// Its endpoint, for [`super::Rebind`].
    pub endpoint: Option<u64>,
    /// The portal that let us in: another one than that of the attempt after a redirection.
    pub portal: SocketAddr,
    /// How often the target sent us elsewhere, and whether all of it was for good.
    pub redirected: Option<Redirected>,
    /// What was agreed; `None` when the adapter logged in by itself, which tells it in its own attributes.
    pub agreed: Option<Box<LoggedIn>>,
    /// Parameters that the driver has no room for.
    pub unset: Vec<crate::params::IscsiParam>,
}

/// Where a target sent us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redirected {
    /// How often.
    pub times: u8,
    /// Whether every one of them was for good. Otherwise the portal of the attempt is the one to come back to.
    pub permanent: bool,
}

/// What a login was about when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum Step {
    Prepare,
    Connect,
    Session,
    Connection,
    Bind,
    Login,
    Parameters,
    Start,
    Up,
    Logout,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prepare => "preparing the host",
            Self::Connect => "connecting",
            Self::Session => "creating the session",
            Self::Connection => "creating the connection",
            Self::Bind => "binding the connection",
            Self::Login => "logging in",
            Self::Parameters => "setting parameters",
            Self::Start => "starting the connection",
            Self::Up => "the session",
            Self::Logout => "logging out",
        })
    }
}

/// Why a login failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Target or adapter are not reached.
    #[error("{step}: {why}")]
    Transport {
        /// When.
        step: Step,
        /// How.
        why: Unreached,
    },
    /// The kernel refused a request.
    #[error("{step}: the kernel answers {errno} to {request:?}")]
    Kernel {
        /// When.
        step: Step,
        /// Which.
        request: Uevent,
        /// Its answer.
        errno: Errno,
    },
    /// The target refused the login, or it broke off.
    #[error("{0}")]
    Login(LoginFailure),
    /// A secret that no engine takes.
    #[error("{0}")]
    Secret(iscsi::chap::BadSecret),
    /// The target sends us elsewhere more often than is followed.
    #[error("the target redirects more than {0} times, last to {1}")]
    Redirects(u8, TargetAddress),
    /// The target sends us to a name, which has to be looked up before.
    #[error("the target redirects to {0}, a name")]
    ToName(TargetAddress),
    /// The adapter logs in by itself, and did not get in. The kernel tells no more than that.
    #[error("the adapter did not log in ({0:?})")]
    Adapter(ConnState),
    /// It was not done in time.
    #[error("{0} took too long")]
    TimedOut(Step),
    /// It was broken off on request.
    #[error("broken off")]
    Aborted,
    /// Messages of the kernel were lost, an answer among them.
    #[error("{0}: the kernel's answer was lost")]
    AnswerLost(Step),
}

/// How a peer is not reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreached {
    /// The socket failed.
    #[error("{0}")]
    Link(LinkLoss),
    /// The adapter's endpoint failed.
    #[error("the endpoint failed: {0}")]
    Endpoint(Errno),
    /// The kernel tells of an error of the connection.
    #[error("the connection failed: {0:?}")]
    Conn(IscsiErr),
}

/// Counters that login failures have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are those of the MSiSCSI classes")]
pub enum Counted {
    Other,
    Authorization,
    Authentication,
    Negotiation,
    Transport,
    Redirect,
}

impl Failure {
    /// Which counter it belongs to.
    #[must_use]
    pub const fn counted(&self) -> Counted {
        match self {
            Self::Transport { .. } => Counted::Transport,
            Self::Login(LoginFailure::Link(_) | LoginFailure::TimedOut) => Counted::Transport,
            Self::Login(why) => match why.kind() {
                initiator::FailureKind::Authorization => Counted::Authorization,
                initiator::FailureKind::Authentication => Counted::Authentication,
                initiator::FailureKind::Negotiation => Counted::Negotiation,
                initiator::FailureKind::Other => Counted::Other,
            },
            Self::Redirects(..) | Self::ToName(_) => Counted::Redirect,
            Self::Secret(_) => Counted::Authentication,
            Self::TimedOut(Step::Connect | Step::Login) => Counted::Transport,
            Self::Kernel { .. }
            | Self::Adapter(_)
            | Self::TimedOut(_)
            | Self::Aborted
            | Self::AnswerLost(_) => Counted::Other,
        }
    }

    /// Class and detail of the target's login response, if it gave one.
    #[must_use]
    pub const fn status(&self) -> Option<LoginStatus> {
        match self {
            Self::Login(LoginFailure::Refused(status) | LoginFailure::AlgorithmsRefused(status)) => {
                Some(*status)
            }
            _ => None,
        }
    }
}

/// Why a connection is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The kernel found it so.
    Kernel(IscsiErr),
    /// The target announced it: how long it wants to be left alone, how long it keeps tasks.
    ByTarget {
        /// Seconds before a new login.
        time2wait: u16,
        /// Seconds during which tasks are kept.
        time2retain: u16,
        /// Whether it means every connection of the session.
        session: bool,
    },
    /// The kernel shows it failed after messages of its were lost.
    Seen,
}
