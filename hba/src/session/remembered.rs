//! What a restart needs of a session: one small file each, for everybody to read.
//!
//! Owns the form. No secrets: those are in the record. Must not know where the file is.

use std::collections::BTreeMap;

use iscsi::address::TargetAddress;
use serde::{Deserialize, Serialize};

use super::id::SessionId;
use super::text;
use super::wanted::Wanted;
use crate::error::{Error, Kind, Result};

/// The form that is written.
pub const VERSION: u32 = 1;
/// The longest file that is read.
pub const MAX_BYTES: usize = 256 * 1024;
/// Logical units whose designators are kept.
pub const MAX_UNITS: usize = 256;

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// The form: [`VERSION`].
    pub version: u32,
    /// Whose.
    pub id: SessionId,
    /// As it is wanted.
    pub wanted: Wanted,
    /// Whose it is.
    pub owner: String,
    /// The kernel's number of it, when there was one.
    pub sid: Option<u32>,
    /// Whether it was up.
    pub was_up: bool,
    /// Whether it is being logged out.
    pub leaving: bool,
    /// Where its target moved for good.
    #[serde(with = "text")]
    pub moved: Option<TargetAddress>,
    /// The portal that let us in last.
    #[serde(with = "text")]
    pub last_good: Option<TargetAddress>,
    /// Its logical units' designators, by number.
    pub units: BTreeMap<u64, String>,
}

impl Remembered {
    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        // Plain data: there is nothing in it that JSON has no word for.
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// [`Kind::Invalid`]: it does not read, or is of a form that this program does not know.
    pub fn of_text(text: &str, place: &str) -> Result<Self> {
        let bad = |why: String| {
            Error::new(Kind::Invalid, format!("read {}", place.escape_debug()))
                .answered(why)
                .hint("it is set aside, and what the kernel shows of its session counts")
        };
        if text.len() > MAX_BYTES {
            return Err(bad(format!("it has more than {MAX_BYTES} bytes")));
        }
        let read: Self = serde_json::from_str(text).map_err(|e| bad(e.to_string()))?;
        if read.version != VERSION {
            return Err(bad(format!(
                "its form is {}, and {VERSION} is known",
                read.version
            )));
        }
        if read.units.len() > MAX_UNITS {
            return Err(bad(format!("it has more than {MAX_UNITS} logical units")));
        }
        Ok(read)
    }
}
