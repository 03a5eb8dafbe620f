//! One question to one portal: with every CHAP algorithm, and with MD5 alone where the portal refuses the list.
//!
//! Owns when there is a second connection, and what is said when both were refused.

use std::net::SocketAddr;

use iscsi::chap::ChapAlgorithm;
use iscsi::initiator::LoginFailure;

use super::connect::{Source, connect};
use super::login::Login;
use super::talk::{Said, talk};
use crate::deadline::Deadline;

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What the other side said.
    pub said: Said,
    /// Whether it was MD5 alone that it took.
    pub md5_alone: bool,
    /// Why it refused MD5 alone as well.
    pub also: Option<LoginFailure>,
}

impl From<Said> for Answered {
    fn from(said: Said) -> Self {
        Self {
            said,
            md5_alone: false,
            also: None,
        }
    }
}

impl Answered {
    /// Why the login failed, with both lists of algorithms where both were tried.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        let Said::LoginFailed(why) = &self.said else {
            return None;
        };
        let all = ChapAlgorithm::list(&ChapAlgorithm::OFFER);
        Some(match &self.also {
            None => why.to_string(),
            Some(also) if also == why => {
                format!("{why}, with the CHAP algorithms {all} and with MD5 alone")
            }
            Some(also) => format!("{why} (with the CHAP algorithms {all}), and with MD5 alone {also}"),
        })
    }
}

/// Asks a portal; every wait ends at the deadline.
#[must_use]
pub fn ask(login: &Login, at: SocketAddr, source: &Source, deadline: Deadline) -> Answered {
    let first = attempt(login, &login.algorithms, at, source, deadline);
    let Said::LoginFailed(why) = &first else {
        return first.into();
    };
    let again = why.is_about_algorithms() && login.chap.is_some() && login.algorithms.is_empty();
    if !again || deadline.expired() {
        return first.into();
    }
    match attempt(login, &ChapAlgorithm::FALLBACK, at, source, deadline) {
        Said::LoginFailed(also) if !Said::is_silence(also) => Answered {
            also: Some(also),
            ..first.into()
        },
        Said::LoginFailed(_) | Said::Unreachable(_) | Said::Silent(_) | Said::Unknown(_) => first.into(),
        said => Answered {
            said,
            md5_alone: true,
            also: None,
        },
    }
}

/// One connection.
fn attempt(
    login: &Login,
    algorithms: &[ChapAlgorithm],
    at: SocketAddr,
    source: &Source,
    deadline: Deadline,
) -> Said {
    let config = match login.config(algorithms, deadline) {
        Ok(config) => config,
        Err(said) => return said,
    };
    match connect(at, source, deadline) {
        Ok(stream) => talk(stream, config, deadline),
        Err(error) => Said::Unreachable(error.to_string()),
    }
}
