//! What a login request comes to: an answer, or a refusal with its status.

use crate::negotiate::Key;
use crate::pdu::{LoginFlags, LoginStatus};
use crate::target_node::event::{LoginFailure, SessionInfo};

/// What goes back.
#[derive(Debug)]
pub(in crate::target_node) struct Answer {
    pub(in crate::target_node) flags: LoginFlags,
    pub(in crate::target_node) text: Vec<u8>,
    /// The login is complete with this answer.
    pub(in crate::target_node) session: Option<Box<SessionInfo>>,
}

/// The login is over, and not well.
#[derive(Debug)]
pub(in crate::target_node) struct Refusal {
    pub(in crate::target_node) status: LoginStatus,
    pub(in crate::target_node) text: Vec<u8>,
    pub(in crate::target_node) failure: LoginFailure,
}

impl Refusal {
    pub(super) fn new(status: LoginStatus, failure: LoginFailure) -> Self {
        Self {
            status,
            text: Vec::new(),
            failure,
        }
    }
}

impl<E: Into<LoginFailure>> From<E> for Refusal {
    fn from(error: E) -> Self {
        let failure = error.into();
        let status = match &failure {
            LoginFailure::Refused(status) => *status,
            LoginFailure::Version => LoginStatus::UNSUPPORTED_VERSION,
            LoginFailure::Missing(_) => LoginStatus::MISSING_PARAMETER,
            LoginFailure::Value(Key::SessionType) => LoginStatus::SESSION_TYPE,
            LoginFailure::Chap(_) | LoginFailure::NoProof | LoginFailure::NoMethod => {
                LoginStatus::AUTHENTICATION_FAILURE
            }
            LoginFailure::SecondConnection => LoginStatus::NO_SESSION,
            LoginFailure::OtherRequest => LoginStatus::INVALID_DURING_LOGIN,
            _ => LoginStatus::INITIATOR_ERROR,
        };
        Self::new(status, failure)
    }
}
