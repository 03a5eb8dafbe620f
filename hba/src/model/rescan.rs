//! What a rescan found.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Lun;
use crate::change::Change;

/// What became of a logical unit, seen from the operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnitFate {
    /// The target has it, and the operating system has it new.
    Found,
    /// The target lists it no more; the operating system has it still.
    Gone,
    /// The target lists it no more, and it was taken out of the operating system.
    Removed,
    /// It is larger than it was.
    Grown,
    /// It is smaller than it was.
    Shrunk,
    /// The target lists it, and the operating system does not take it.
    NotTaken,
    /// It has another size than the operating system shows, which did not take the new one.
    Stale,
}

impl UnitFate {
    /// The word for it, as in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Gone => "gone",
            Self::Removed => "removed",
            Self::Grown => "grown",
            Self::Shrunk => "shrunk",
            Self::NotTaken => "not_taken",
            Self::Stale => "stale",
        }
    }

    /// Whether the operating system has something else now (or would have, in a dry run).
    #[must_use]
    pub const fn is_change(self) -> bool {
        matches!(self, Self::Found | Self::Removed | Self::Grown | Self::Shrunk)
    }
}

/// A logical unit that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitChange {
    /// Session it is reached through.
    pub sid: u32,
    /// Address `HOST:CHANNEL:TARGET:LUN`.
    pub address: String,
    /// Block device, as `sda`, when it has one.
    pub block_device: Option<String>,
    /// What became of it.
    pub fate: UnitFate,
    /// Size in bytes before.
    pub bytes_before: Option<u64>,
    /// Size in bytes now; what the target tells, where the operating system does not have it.
    pub bytes: Option<u64>,
}

/// What a rescan came to: the change of the operating system's units, and what became of each that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rescan {
    /// All units of the sessions before and after.
    #[serde(flatten)]
    pub change: Change<Vec<Lun>>,
    /// Units that are not as they were, by session and address.
    pub units: Vec<UnitChange>,
    /// Sessions that were scanned.
    pub scanned: Vec<u32>,
    /// Sessions that were not, being gone or not up.
    pub left_out: Vec<u32>,
}
