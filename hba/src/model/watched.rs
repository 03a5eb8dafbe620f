//! What a watch over sessions tells: events, and what it did about them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EventRecord, LoginFailureType, UnitChange};

/// One thing told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Watched {
    /// Something happened.
    Event(EventRecord),
    /// Something was done about it.
    Deed(Deed),
    /// The end, with what was counted.
    End(LoginCounts),
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Deed {
    /// When it was done, milliseconds since 1970.
    pub time_ms: u64,
    /// Session it was done to.
    pub sid: u32,
    /// What.
    pub deed: DeedKind,
    /// The event that it was done for.
    pub because: String,
    /// Whether it was left out because of a dry run.
    pub planned: bool,
    /// Units that are not as they were.
    pub units: Vec<UnitChange>,
    /// Remarks.
    pub remarks: Vec<String>,
    /// Why it failed.
    pub error: Option<String>,
}

/// Kinds of deeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeedKind {
    /// The target was asked what it has; nothing was changed.
    Report,
    /// The session was scanned.
    Rescan,
    /// The disks of an expired session were taken out.
    Delete,
}

impl DeedKind {
    /// The word for it, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Rescan => "rescan",
            Self::Delete => "delete",
        }
    }
}

/// Logins and losses, counted while somebody watched. No kernel counts them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LoginCounts {
    /// Since when, milliseconds since 1970.
    pub since_ms: u64,
    /// Until when.
    pub until_ms: u64,
    /// Sessions that came up, new or back.
    pub accepted: u64,
    /// Sessions that were lost.
    pub failed: u64,
    /// Sessions that were away longer than their recovery time.
    pub expired: u64,
    /// Sessions that ended.
    pub ended: u64,
    /// Logins that failed, by kind, once an outage.
    pub login_failures: BTreeMap<LoginFailureType, u64>,
    /// Logins that were redirected; no driver tells.
    pub redirected: Option<u64>,
    /// How often events were lost, so that the counts are too small.
    pub gaps: u64,
}
