//! Bytes that nobody is to see: wiped when dropped, never shown, never moved to a larger buffer (a `Vec` that grows leaves what it had).
//!
//! The one place of the control plane where a secret lies in memory. Must not know what it is for.

use core::fmt;

use zeroize::Zeroizing;

/// A secret: wiped when dropped, redacted in `Debug`, without `Display`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// A copy of what somebody else keeps (and wipes).
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }

    /// Takes a buffer over: all of it is wiped in the end, what it has no use for too.
    #[must_use]
    pub fn from_vec(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes themselves: for the one place that needs them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::new(b"correct-horse")), "[redacted]");
    }
}
