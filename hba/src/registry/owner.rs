//! Names of owners: one plain word.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Kind};

/// Whose sessions hold what the machine starts from: nobody takes them away along with others.
pub const BOOT: &str = "boot";
/// The longest name, in bytes.
pub const OWNER_MAX: usize = 32;

/// An owner: `flash`, `iscsid`, `hbad`, `boot`, `hbactl`, or what another program calls itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnerName(Box<str>);

impl OwnerName {
    /// The owner `boot`.
    #[must_use]
    pub fn boot() -> Self {
        Self(BOOT.into())
    }

    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `boot`.
    #[must_use]
    pub fn is_boot(&self) -> bool {
        &*self.0 == BOOT
    }
}

impl fmt::Display for OwnerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for OwnerName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let begins = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if begins && text.len() <= OWNER_MAX && text.bytes().all(plain) {
            return Ok(Self(text.into()));
        }
        Err(Error::new(Kind::Invalid, "read the name of an owner").answered(format!(
            "expected one word of at most {OWNER_MAX} letters, digits, dots, dashes and underscores that begins with a letter or a digit"
        )))
    }
}
