//! Shared secrets: zeroized, never shown, compared in constant time.
//!
//! Source: RFC 7143 section 9.2.1 (secrets, same secret in both directions).

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Longest secret in bytes. The flash of the adapters holds 100.
const MAX_SECRET: usize = 255;

/// A CHAP secret.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct ChapSecret(Vec<u8>);

/// Why bytes cannot be a secret. Never holds them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSecret {
    /// Nothing.
    #[error("a CHAP secret cannot be empty")]
    Empty,
    /// More than 255 bytes.
    #[error("a CHAP secret is at most 255 bytes")]
    TooLong,
}

impl ChapSecret {
    /// Takes the bytes of a secret.
    ///
    /// # Errors
    /// Empty, or longer than 255 bytes; the bytes are wiped.
    pub fn new(mut bytes: Vec<u8>) -> Result<Self, BadSecret> {
        let why = match bytes.len() {
            0 => BadSecret::Empty,
            1..=MAX_SECRET => return Ok(Self(bytes)),
            _ => BadSecret::TooLong,
        };
        bytes.zeroize();
        Err(why)
    }

    /// The bytes, for the digest only.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for ChapSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for ChapSecret {}

impl fmt::Debug for ChapSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChapSecret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chap::ChapAccount;

    #[test]
    fn a_secret_is_never_shown() {
        let account = ChapAccount {
            name: "joe".into(),
            secret: ChapSecret::new(b"open sesame!".to_vec()).unwrap(),
        };
        let shown = format!("{account:?} {account:#?}");
        assert!(
            shown.contains("joe")
                && shown.contains("***")
                && !shown.contains("sesame")
                && !shown.contains("111")
        );
    }

    #[test]
    fn length_is_checked_and_equality_holds() {
        assert_eq!(ChapSecret::new(vec![]), Err(BadSecret::Empty));
        assert_eq!(ChapSecret::new(vec![1; 256]), Err(BadSecret::TooLong));
        assert_eq!(ChapSecret::new(vec![1; 12]), ChapSecret::new(vec![1; 12]));
        assert_ne!(ChapSecret::new(vec![1; 12]), ChapSecret::new(vec![1; 13]));
    }
}
