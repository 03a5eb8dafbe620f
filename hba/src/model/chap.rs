//! CHAP table entries.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::ids::HostNo;
use crate::secret::Secret;

/// Who proves itself with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChapDirection {
    /// The initiator proves itself to the target (local).
    Out,
    /// The target proves itself to the initiator (peer, mutual CHAP).
    In,
}

impl fmt::Display for ChapDirection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Out => "out",
            Self::In => "in",
        })
    }
}

impl FromStr for ChapDirection {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "out" => Ok(Self::Out),
            "in" => Ok(Self::In),
            _ => Err(Error::new(Kind::Invalid, "read a chap direction").answered("expected out or in")),
        }
    }
}

/// One entry of a port's CHAP table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChapEntry {
    /// The port.
    pub host: HostNo,
    /// Index in the table.
    pub index: u16,
    /// Who proves itself.
    pub direction: ChapDirection,
    /// User name.
    pub username: String,
    /// The secret, never shown.
    pub secret: Secret,
    /// Flash targets and sessions that use the entry.
    #[serde(default)]
    pub in_use_by: Vec<ChapUse>,
}

/// A user of a CHAP entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum ChapUse {
    /// A flash target names the entry.
    Flash {
        /// The flash target's index.
        index: u32,
    },
    /// A session was logged in with it.
    Session {
        /// The session id.
        sid: u32,
    },
}

impl fmt::Display for ChapUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash { index } => write!(f, "flash target {index}"),
            Self::Session { sid } => write!(f, "session {sid}"),
        }
    }
}
