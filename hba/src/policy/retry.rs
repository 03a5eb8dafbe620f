//! When a login is tried again, and when it is given up: by what the session is wanted for.
//!
//! Owns the table and the arithmetic. Must not wait nor look at a clock: how often and how long it failed is told. Who keeps sessions that are not
//! ours, and how, tells [`rule`].
//!
//! Source: Microsoft `LoginToTarget` (again every 5 seconds until it succeeds or a logout is asked for); RFC 7143 section 13.15 (DefaultTime2Wait);
//! open-iscsi `usr/initiator.c` (`node.session.reopen_max`; `iscsi_retry_initial_login`: `initial_login_retry_max` times the login timeout); the
//! back-off of what was only discovered: nvme's connection manager (5 minutes, 72 hours).

mod kept;

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::message::Message;

pub use kept::{Facts, Keeper, Rule, by as kept_by, intent as kept_for, rule};

/// What a session is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Intent {
    /// Somebody wrote it down.
    Configured,
    /// A discovery found it, and nobody wrote it down.
    Discovered,
    /// The machine runs from it.
    Boot,
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configured => "configured",
            Self::Discovered => "discovered",
            Self::Boot => "boot",
        })
    }
}

/// How often an intent is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Which intent.
    pub intent: Intent,
    /// Wait after the first failure.
    pub first: Duration,
    /// What each wait is multiplied by for the next one.
    pub factor: u32,
    /// Longest wait.
    pub longest: Duration,
    /// When it is given up; `None`: never.
    pub give_up: Option<Duration>,
    /// Whether a number of attempts ends it (`node.session.reopen_max`).
    pub counted: bool,
    /// Why it is so.
    pub why: &'static str,
}

/// One row an intent.
pub const POLICIES: &[Policy] = &[
    Policy {
        intent: Intent::Configured,
        first: Duration::from_secs(5),
        factor: 1,
        longest: Duration::from_secs(5),
        give_up: None,
        counted: true,
        why: "somebody wants it: it is tried until it is back or logged out",
    },
    Policy {
        intent: Intent::Discovered,
        first: Duration::from_secs(5),
        factor: 2,
        longest: Duration::from_secs(300),
        give_up: Some(Duration::from_secs(72 * 3600)),
        counted: true,
        why: "nobody asked for it by name: it may be gone for good, and must not burden others meanwhile",
    },
    Policy {
        intent: Intent::Boot,
        first: Duration::from_secs(1),
        factor: 1,
        longest: Duration::from_secs(1),
        give_up: None,
        counted: false,
        why: "the machine hangs without it: it is tried quickly, and no limit ends it",
    },
];

/// Longest DefaultTime2Wait there is (RFC 7143 section 13.15).
pub const MAX_TIME2WAIT: Duration = Duration::from_secs(3600);

/// Limits of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Attempts after which a session that was up is given up; 0 is no limit.
    pub reopen_max: u32,
    /// How many login timeouts whoever asked for the first login waits for it.
    pub initial_login_retry_max: u32,
    /// The login timeout.
    pub login_timeout: Duration,
}

impl Limits {
    /// What open-iscsi ships.
    pub const SHIPPED: Self = Self {
        reopen_max: 0,
        initial_login_retry_max: 8,
        login_timeout: Duration::from_secs(super::timeouts::Connection::SHIPPED.login as u64),
    };
}

/// Where a login stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Attempts that failed in a row, this one included.
    pub failed: u32,
    /// How long ago the session was lost, or first asked for.
    pub since: Duration,
    /// Whether it was up before.
    pub was_up: bool,
    /// What the target asked us to wait, or the record.
    pub time2wait: Duration,
    /// Whether it was logged out meanwhile.
    pub logged_out: bool,
}

/// What is done after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is tried again.
    Again {
        /// After so long.
        after: Duration,
        /// What whoever waits for the first login is told.
        waiter: Waiter,
    },
    /// It is not.
    GiveUp(Why),
}

/// What becomes of somebody who asked for a login and waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiter {
    /// He waits on; or there is nobody, since the session was up.
    Waits,
    /// He is told that it failed so far. The session is tried on.
    Told,
}

/// Why a login is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// A logout was asked for.
    LoggedOut,
    /// The record's `reopen_max`.
    Reopened(u32),
    /// It was away too long.
    Away(Duration),
}

impl From<Why> for Message {
    fn from(why: Why) -> Self {
        match why {
            Why::LoggedOut => Self::from("it was logged out"),
            Why::Reopened(max) => Self::from(format!("it was tried {max} times (node.session.reopen_max)")),
            Why::Away(limit) => Self::from(format!("it was away for {} hours", limit.as_secs() / 3600)),
        }
    }
}

impl Policy {
    /// The row of an intent.
    #[must_use]
    pub fn of(intent: Intent) -> &'static Self {
        match intent {
            Intent::Configured => &POLICIES[0],
            Intent::Discovered => &POLICIES[1],
            Intent::Boot => &POLICIES[2],
        }
    }

    /// The wait after so many failures.
    #[must_use]
    pub fn wait(&self, failed: u32) -> Duration {
        // It never takes more doublings than this to reach the longest.
        let grown = self.factor.saturating_pow(failed.saturating_sub(1).min(31));
        self.first.saturating_mul(grown).min(self.longest)
    }
}

/// What is done after a failure.
#[must_use]
pub fn next(intent: Intent, limits: &Limits, standing: &Standing) -> Decision {
    let policy = Policy::of(intent);
    if standing.logged_out {
        return Decision::GiveUp(Why::LoggedOut);
    }
    let counted = policy.counted && standing.was_up && limits.reopen_max != 0;
    if counted && standing.failed >= limits.reopen_max {
        return Decision::GiveUp(Why::Reopened(limits.reopen_max));
    }
    if let Some(limit) = policy.give_up.filter(|limit| standing.since >= *limit) {
        return Decision::GiveUp(Why::Away(limit));
    }
    let patience = limits
        .login_timeout
        .saturating_mul(limits.initial_login_retry_max);
    let told = !standing.was_up && standing.since >= patience;
    Decision::Again {
        after: policy
            .wait(standing.failed)
            .max(standing.time2wait.min(MAX_TIME2WAIT)),
        waiter: if told { Waiter::Told } else { Waiter::Waits },
    }
}

#[cfg(test)]
mod tests;
