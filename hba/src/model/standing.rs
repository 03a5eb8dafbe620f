//! How a connection stands: told from the states of session and connection, by a table.
//!
//! Drivers that log in by themselves leave the connection's own state at `down` (only a start by netlink sets it to `up`,
//! `scsi_transport_iscsi.c`, `iscsi_if_start_conn`); then the session's state tells. What is told here is derived, never read.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Owner;

/// A state of RFC 7143's connection (section 8.1), by the names of the events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionStanding {
    /// Nothing is there, and nothing is tried within the recovery time.
    Free,
    /// The connection is lost and being made anew.
    WaitingForTransport,
    /// Logging in.
    InLogin,
    /// In use.
    LoggedIn,
    /// Failed, and not cleaned up yet.
    CleanupWait,
}

impl ConnectionStanding {
    /// From who made the session, the session's state and the connection's, as the kernel writes them; `None` when they do not tell.
    #[must_use]
    pub fn of(owner: Owner, session: Option<&str>, connection: Option<&str>) -> Option<Self> {
        let row = TABLE.iter().find(|row| {
            row.0.is_none_or(|of| of == owner)
                && row.1.is_none_or(|state| session == Some(state))
                && row.2.is_none_or(|state| connection == Some(state))
        })?;
        Some(row.3)
    }

    /// The word for it, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::WaitingForTransport => "waiting_for_transport",
            Self::InLogin => "in_login",
            Self::LoggedIn => "logged_in",
            Self::CleanupWait => "cleanup_wait",
        }
    }
}

impl fmt::Display for ConnectionStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

type Row = (
    Option<Owner>,
    Option<&'static str>,
    Option<&'static str>,
    ConnectionStanding,
);

/// Owner, state of the session, state of the connection; the first row that fits. What is left open fits everything.
const TABLE: &[Row] = &[
    (
        Some(Owner::Flash),
        Some("LOGGED_IN"),
        None,
        ConnectionStanding::LoggedIn,
    ),
    (
        Some(Owner::Flash),
        Some("FAILED"),
        None,
        ConnectionStanding::WaitingForTransport,
    ),
    (Some(Owner::Flash), Some("FREE"), None, ConnectionStanding::Free),
    (
        Some(Owner::User),
        None,
        Some("failed"),
        ConnectionStanding::CleanupWait,
    ),
    (
        Some(Owner::User),
        None,
        Some("bound"),
        ConnectionStanding::InLogin,
    ),
    (
        Some(Owner::User),
        Some("LOGGED_IN"),
        None,
        ConnectionStanding::LoggedIn,
    ),
    (
        Some(Owner::User),
        Some("FAILED"),
        Some("up"),
        ConnectionStanding::CleanupWait,
    ),
    (
        Some(Owner::User),
        Some("FAILED"),
        None,
        ConnectionStanding::WaitingForTransport,
    ),
    (
        Some(Owner::User),
        Some("FREE"),
        Some("up"),
        ConnectionStanding::CleanupWait,
    ),
    (Some(Owner::User), Some("FREE"), None, ConnectionStanding::Free),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_of_a_session_stands_somewhere_and_none_is_unknown() {
        for owner in [Owner::Flash, Owner::User] {
            for session in ["LOGGED_IN", "FAILED", "FREE"] {
                for connection in [None, Some("up"), Some("down"), Some("failed"), Some("bound")] {
                    let told = ConnectionStanding::of(owner, Some(session), connection);
                    assert!(told.is_some(), "{owner} {session} {connection:?}");
                }
            }
            assert_eq!(ConnectionStanding::of(owner, None, Some("down")), None);
        }
    }

    #[test]
    fn a_session_from_flash_is_as_its_session_says_and_a_users_as_its_connection_says() {
        let of = ConnectionStanding::of;
        assert_eq!(
            of(Owner::Flash, Some("LOGGED_IN"), Some("down")),
            Some(ConnectionStanding::LoggedIn)
        );
        assert_eq!(
            of(Owner::User, Some("LOGGED_IN"), Some("failed")),
            Some(ConnectionStanding::CleanupWait)
        );
        assert_eq!(
            of(Owner::Flash, Some("FAILED"), Some("down")),
            Some(ConnectionStanding::WaitingForTransport)
        );
    }
}
