//! How a session's connection stands, and what may follow on what.
//!
//! Owns the table of transitions. Source: open-iscsi `usr/initiator.h` (`enum iscsi_conn_state`), RFC 7143 section 8.1.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a session's connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the names are open-iscsi's")]
pub enum State {
    Free,
    XptWait,
    InLogin,
    LoggedIn,
    InLogout,
    LogoutRequested,
    CleanupWait,
}

/// What makes it stand otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A round over the portals begins.
    Try,
    /// A portal answers, and is logged in to.
    Proceed,
    /// The round failed.
    Fail,
    /// It is in.
    Up,
    /// The connection is lost.
    Lose,
    /// The target wants a logout.
    Asked,
    /// It is wanted no more, and tries still run.
    Clean,
    /// It is wanted no more, and is logged out.
    Leave,
    /// It could not be logged out, and is as it was.
    Stay,
    /// Nobody tries it any more.
    GiveUp,
}

use Cause::{Asked, Clean, Fail, GiveUp, Leave, Lose, Proceed, Stay, Try, Up};
use State::{CleanupWait, Free, InLogin, InLogout, LoggedIn, LogoutRequested, XptWait};

/// Every transition that there is.
pub const TABLE: &[(State, Cause, State)] = &[
    (Free, Try, XptWait),
    (Free, Up, LoggedIn),
    (Free, Leave, InLogout),
    (Free, Lose, XptWait),
    (Free, GiveUp, Free),
    (XptWait, Try, XptWait),
    (XptWait, Proceed, InLogin),
    (XptWait, Up, LoggedIn),
    (XptWait, Fail, XptWait),
    (XptWait, Lose, XptWait),
    (XptWait, Clean, CleanupWait),
    (XptWait, Leave, InLogout),
    (XptWait, GiveUp, Free),
    (InLogin, Up, LoggedIn),
    (InLogin, Fail, XptWait),
    (InLogin, Proceed, InLogin),
    (InLogin, Clean, CleanupWait),
    (InLogin, GiveUp, Free),
    (LoggedIn, Lose, XptWait),
    (LoggedIn, Asked, LogoutRequested),
    (LoggedIn, Clean, CleanupWait),
    (LoggedIn, Leave, InLogout),
    (LogoutRequested, Lose, XptWait),
    (LogoutRequested, Clean, CleanupWait),
    (LogoutRequested, Leave, InLogout),
    (CleanupWait, Leave, InLogout),
    (InLogout, Stay, LoggedIn),
    (InLogout, Lose, XptWait),
];

impl State {
    /// What follows; `None`: nothing does.
    #[must_use]
    pub fn after(self, cause: Cause) -> Option<Self> {
        let row = TABLE.iter().find(|row| row.0 == self && row.1 == cause)?;
        Some(row.2)
    }

    /// Whether commands flow.
    #[must_use]
    pub const fn is_up(self) -> bool {
        matches!(self, LoggedIn | LogoutRequested)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Free => "FREE",
            XptWait => "XPT_WAIT",
            InLogin => "IN_LOGIN",
            LoggedIn => "LOGGED_IN",
            InLogout => "IN_LOGOUT",
            LogoutRequested => "LOGOUT_REQUESTED",
            CleanupWait => "CLEANUP_WAIT",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_state_has_two_ways_for_one_cause_and_each_is_reached_and_left() {
        for (at, row) in TABLE.iter().enumerate() {
            let twice = TABLE[at + 1..]
                .iter()
                .any(|other| (other.0, other.1) == (row.0, row.1));
            assert!(!twice, "{row:?}");
        }
        for state in [
            XptWait,
            InLogin,
            LoggedIn,
            InLogout,
            LogoutRequested,
            CleanupWait,
            Free,
        ] {
            let text = serde_json::to_string(&state).unwrap();
            assert_eq!(text, format!("\"{state}\""));
            assert!(
                TABLE.iter().any(|row| row.2 == state && row.0 != state),
                "{state} is reached"
            );
            assert!(
                TABLE.iter().any(|row| row.0 == state && row.2 != state),
                "{state} is left"
            );
        }
        assert_eq!(InLogout.after(Try), None);
        assert_eq!(CleanupWait.after(Up), None);
    }
}
