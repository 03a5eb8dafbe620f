//! One use of a logical unit, and its words.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One thing that stands on a logical unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Use {
    /// The logical unit's address.
    pub address: String,
    /// Session it is reached through.
    pub sid: Option<u32>,
    /// The disk, as `sdb`.
    pub disk: String,
    /// The devices between the disk and what stands there, lowest first, each with what it is: `sdb1`, `dm-0 (multipath map mpatha)`.
    pub through: Vec<String>,
    /// What stands there.
    pub what: Standing,
}

/// What stands on a disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "use", rename_all = "snake_case")]
pub enum Standing {
    /// A mounted file system.
    Mounted {
        /// Where.
        point: String,
        /// Its kind, as `ext4`.
        file_system: String,
    },
    /// Swap space.
    Swap,
    /// A device made of it, with nothing known on top: a volume, a map, an array.
    Device,
    /// Somebody has it for himself, and does not tell who: a mount of another name space, a target, a pool.
    Claimed,
}

impl Use {
    /// Whether the machine itself runs from it.
    #[must_use]
    pub fn is_root(&self) -> bool {
        matches!(&self.what, Standing::Mounted { point, .. } if point == "/")
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) ", self.address, self.disk)?;
        let chain = self.through.join(", ");
        match &self.what {
            Standing::Mounted { point, file_system } => {
                let root = if self.is_root() {
                    ", the root file system"
                } else {
                    ""
                };
                write!(f, "is mounted at {point} ({file_system}{root})")?;
            }
            Standing::Swap => f.write_str("is swap space")?,
            Standing::Device => return write!(f, "is part of {chain}"),
            Standing::Claimed => f.write_str(
                "is held by somebody who does not tell: another mount name space, a target, a pool",
            )?,
        }
        if chain.is_empty() {
            Ok(())
        } else {
            write!(f, " through {chain}")
        }
    }
}
