//! When a session is brought back: the rule of each intent, and the one that applies to a session.
//!
//! Must not know the rules: see [`crate::policy::retry`].

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Owner;
use crate::policy::retry::Keeper;
use crate::policy::retry::{Intent, Policy};

/// The rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionPolicy {
    /// The rules of hbad, one an intent. Sessions that a driver or iscsid keeps have their keeper's.
    pub policies: Vec<RetryPolicy>,
    /// What applies to the session that was asked for.
    pub session: Option<AppliedPolicy>,
}

/// The rule of an intent. All times are seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RetryPolicy {
    /// What sessions are wanted for.
    pub intent: Intent,
    /// Wait after the first failure; DefaultTime2Wait when that is longer.
    pub first_wait: u64,
    /// What each wait is multiplied by for the next one.
    pub factor: u32,
    /// Longest wait; DefaultTime2Wait when that is longer.
    pub longest_wait: u64,
    /// After which time it is given up; `None`: never.
    pub given_up_after: Option<u64>,
    /// Whether a number of attempts ends it, where the record has one (`node.session.reopen_max`).
    pub counts_attempts: bool,
    /// Why it is so.
    pub why: String,
}

/// The rule that applies to a session. All times are seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppliedPolicy {
    /// Session id.
    pub sid: u32,
    /// Target name.
    pub target_name: String,
    /// Who made it.
    pub owner: Owner,
    /// Who brings it back.
    pub keeper: Keeper,
    /// What it is wanted for.
    pub intent: Intent,
    /// Why it is taken to be wanted for that.
    pub intent_why: String,
    /// DefaultTime2Wait of the session; `None` when the driver does not tell.
    pub time2wait: Option<u64>,
    /// Wait after the first failure.
    pub first_wait: u64,
    /// What each wait is multiplied by for the next one.
    pub factor: u32,
    /// Longest wait.
    pub longest_wait: u64,
    /// After which time it is given up; `None`: never by itself.
    pub given_up_after: Option<u64>,
    /// How long its disks wait meanwhile, as `recovery_tmo`; below 0 is for ever.
    pub recovery_timeout: Option<i64>,
    /// Why this rule applies.
    pub why: String,
}

impl From<&Policy> for RetryPolicy {
    fn from(of: &Policy) -> Self {
        Self {
            intent: of.intent,
            first_wait: of.first.as_secs(),
            factor: of.factor,
            longest_wait: of.longest.as_secs(),
            given_up_after: of.give_up.map(|limit| limit.as_secs()),
            counts_attempts: of.counted,
            why: of.why.to_owned(),
        }
    }
}
