//! Why logins, connections and text exchanges fail.

use crate::{
    LinkLoss,
    chap::ChapError,
    framer::FrameError,
    negotiate::NegotiationError,
    pdu::{LoginStatus, LogoutResponseCode, Opcode, RejectReason},
    text::TextError,
};

/// Why a text exchange failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextFailure {
    /// Not logged in, or another exchange is running.
    #[error("no text exchange is possible now")]
    NotSent,
    /// The text cannot be read.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A pair that makes no sense there.
    #[error("the target list is malformed")]
    Malformed,
    /// The target rejected the request.
    #[error("the target rejected the request: {0}")]
    Rejected(RejectReason),
    /// The target answered the key itself with Reject, NotUnderstood or Irrelevant.
    #[error("the target refuses to list targets")]
    Refused,
    /// No answer.
    #[error("the target did not answer the text request")]
    TimedOut,
    /// The connection went away.
    #[error("the connection was lost")]
    Lost,
}

/// Kinds of login failure that are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// None of the others.
    Other,
    /// The initiator may not use the target.
    Authorization,
    /// One side could not prove itself.
    Authentication,
    /// No agreement on parameters.
    Negotiation,
}

/// Why a login failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LoginFailure {
    /// The target says so.
    #[error("the target refused the login: {0}")]
    Refused(LoginStatus),
    /// The target says so when it hears the list of CHAP algorithms. Some take none that has more than MD5 in it.
    #[error("the target refused the offered CHAP algorithms: {0}")]
    AlgorithmsRefused(LoginStatus),
    /// No common authentication method.
    #[error("the target accepts none of the offered authentication methods")]
    NoAuthMethod,
    /// CHAP failed on our side.
    #[error("CHAP failed: {0}")]
    Chap(ChapError),
    /// Parameters could not be negotiated.
    #[error("negotiation failed: {0}")]
    Negotiation(NegotiationError),
    /// Unreadable text.
    #[error("the target sent unreadable text: {0}")]
    Text(TextError),
    /// A PDU that does not belong into the login phase.
    #[error("the target sent {0} during login")]
    Unexpected(Opcode),
    /// A field of a login response is wrong.
    #[error("the login response has a wrong {0}")]
    BadField(&'static str),
    /// A redirection without a usable address.
    #[error("the target redirects to an unusable address")]
    BadRedirect,
    /// More exchanges than any login needs.
    #[error("the login does not come to an end")]
    Endless,
    /// A frame that cannot be followed.
    #[error("{0}")]
    Frame(FrameError),
    /// No end within the login timeout.
    #[error("the login timed out")]
    TimedOut,
    /// The connection went away.
    #[error("{0}")]
    Link(LinkLoss),
}

impl LoginFailure {
    /// Whether a login with other CHAP algorithms ([`crate::chap::ChapAlgorithm::FALLBACK`]) may be taken: no secret was judged yet.
    #[must_use]
    pub const fn is_about_algorithms(&self) -> bool {
        matches!(
            self,
            Self::AlgorithmsRefused(_) | Self::Chap(ChapError::NoAlgorithm)
        )
    }

    /// Which counter it belongs to.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        match self {
            Self::Refused(LoginStatus::AUTHENTICATION_FAILURE)
            | Self::AlgorithmsRefused(_)
            | Self::NoAuthMethod
            | Self::Chap(_) => FailureKind::Authentication,
            Self::Refused(LoginStatus::AUTHORIZATION_FAILURE) => FailureKind::Authorization,
            Self::Refused(
                LoginStatus::UNSUPPORTED_VERSION | LoginStatus::MISSING_PARAMETER | LoginStatus::SESSION_TYPE,
            )
            | Self::Negotiation(_)
            | Self::Text(_) => FailureKind::Negotiation,
            _ => FailureKind::Other,
        }
    }
}

/// How a target broke the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[expect(missing_docs, reason = "each says what it is")]
pub enum Breach {
    #[error("Logout Response that nobody asked for")]
    UnaskedLogout,
    #[error("Text Response with F and C bit")]
    TextBits,
    #[error("Text Response that cannot be continued")]
    TextContinuation,
    #[error("Login Response in full feature phase")]
    Login,
    #[error("unknown opcode")]
    Opcode,
    #[error("a StatSN that is not the next one")]
    StatSn,
    #[error("Data-In for a task that does not read")]
    DataDirection,
    #[error("Data-In beyond the expected length")]
    DataRange,
    #[error("Data-In out of order")]
    DataOrder,
    #[error("Data-In with a wrong DataSN")]
    DataSn,
    #[error("SCSI Response to a command that was not sent")]
    UnsentCommand,
    #[error("a SCSI Response before all of its data")]
    MissingData,
    #[error("R2T for a task that does not write")]
    R2tDirection,
    #[error("R2T with a wrong R2TSN")]
    R2tSn,
    #[error("R2T with a wrong length or tag")]
    R2tLength,
    #[error("R2T outside of the expected range")]
    R2tRange,
    #[error("Reject without the rejected header")]
    RejectHeader,
    #[error("the target rejected the logout")]
    LogoutRejected,
    #[error("an answer that nobody waits for")]
    Tag,
    #[error("a data segment where none belongs")]
    Segment,
    #[error("a target that says more than is taken before its session is started")]
    Early,
}

/// Why a connection in full feature phase was dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DropReason {
    /// The link went away.
    #[error("{0}")]
    Link(LinkLoss),
    /// The stream cannot be followed (header digest, oversized segment).
    #[error("{0}")]
    Frame(FrameError),
    /// A data digest did not match.
    #[error("data digest error")]
    DataDigest,
    /// The target broke the protocol.
    #[error("protocol error: {0}")]
    Protocol(Breach),
    /// It asks for answers (pings, acknowledgements, data) and does not read them.
    #[error("the target asks for answers and does not read them")]
    NotRead,
    /// No sign of life.
    #[error("the target answers no NOP-Out")]
    NopTimeout,
    /// No logout response.
    #[error("the target did not answer the logout")]
    LogoutTimeout,
    /// The target announced it.
    #[error("the target dropped the connection")]
    ByTarget {
        /// Seconds to wait before a reconnection.
        time2wait: u16,
        /// Seconds during which tasks are kept.
        time2retain: u16,
    },
    /// The target refused the logout.
    #[error("the target refused the logout: {0}")]
    LogoutRefused(LogoutResponseCode),
    /// The owner asked for it.
    #[error("dropped on request")]
    Requested,
}
