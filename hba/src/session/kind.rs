//! What a session is for, and what it may do therefore.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// SendTargets only.
    Discovery,
    /// To ask what a target has; its logical units do not become devices.
    Informational,
    /// SCSI.
    Data,
    /// SCSI, holding what the machine runs from.
    Boot,
}

impl Kind {
    /// Whether its logical units become devices.
    #[must_use]
    pub const fn has_devices(self) -> bool {
        matches!(self, Self::Data | Self::Boot)
    }

    /// Whether a lost one is brought back. A discovery is asked for again by whoever wants to know.
    #[must_use]
    pub const fn is_kept(self) -> bool {
        !matches!(self, Self::Discovery)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Discovery => "discovery",
            Self::Informational => "informational",
            Self::Data => "data",
            Self::Boot => "boot",
        })
    }
}
