//! What the protocol has to ask its owner: who may log in where, with which proof, and which targets there are.

use crate::Isid;
use crate::chap::{ChapAccount, ChapAlgorithm, ChapSecret};
use crate::negotiate::SessionType;
use crate::pdu::LoginStatus;

/// A login as far as its first request tells.
#[derive(Debug, Clone, Copy)]
pub struct LoginAttempt<'a> {
    /// InitiatorName.
    pub initiator: &'a str,
    /// Initiator's half of the session identifier.
    pub isid: Isid,
    /// Normal or discovery.
    pub session: SessionType,
    /// TargetName; always there in normal sessions.
    pub target: Option<&'a str>,
}

/// Whether the initiator must prove itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// No proof asked for.
    None,
    /// CHAP with one of these algorithms.
    Chap(Vec<ChapAlgorithm>),
}

/// What becomes of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// Goes on.
    Accept(Authentication),
    /// Ends with this status.
    Refuse(LoginStatus),
    /// Goes elsewhere.
    Redirect {
        /// `address:port`, or `[v6]:port`.
        address: String,
        /// For good.
        permanent: bool,
    },
}

/// A target as SendTargets shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetRecord {
    /// TargetName.
    pub name: String,
    /// TargetAddress values: `address:port,tag`.
    pub addresses: Vec<String>,
}

/// The owner's answers. They come at once; whatever takes time has been done before.
pub trait Directory: Send + Sync {
    /// Decides on a login when its first request is complete.
    fn admit(&self, login: &LoginAttempt<'_>) -> Admission;

    /// The secret with which `name` (CHAP_N) proves itself.
    fn secret(&self, login: &LoginAttempt<'_>, name: &str) -> Option<ChapSecret>;

    /// With what the target proves itself when the initiator asks.
    fn identity(&self, login: &LoginAttempt<'_>) -> Option<ChapAccount>;

    /// The targets that this initiator may see.
    fn targets(&self, initiator: &str) -> Vec<TargetRecord>;
}
