//! A string that never reaches a log: CHAP secrets as sysfs shows them to root.
//!
//! Owns: redaction and wiping. Must not know: CHAP.

use std::fmt;

use zeroize::Zeroizing;

/// A secret read from an attribute; wiped when dropped, redacted in `Debug`, without `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value itself: for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
