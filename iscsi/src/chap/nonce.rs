//! Challenges and identifiers from an injected seed.
//!
//! Must not know where the seed comes from: the shell takes it from the system's random source, tests give a constant.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// Length of a challenge that `Nonces::challenge` gives.
const CHALLENGE_LEN: usize = 32;

/// A stream of unpredictable bytes: SHA-256 of seed and counter.
pub struct Nonces {
    seed: Zeroizing<[u8; 32]>,
    counter: u64,
}

impl Nonces {
    /// A stream from a seed that nobody else has.
    #[must_use]
    pub fn new(seed: [u8; 32]) -> Self {
        Self {
            seed: Zeroizing::new(seed),
            counter: 0,
        }
    }

    fn block(&mut self) -> [u8; CHALLENGE_LEN] {
        self.counter = self.counter.wrapping_add(1);
        Sha256::new()
            .chain_update(*self.seed)
            .chain_update(self.counter.to_be_bytes())
            .finalize()
            .into()
    }

    /// A fresh challenge.
    pub fn challenge(&mut self) -> Vec<u8> {
        self.block().to_vec()
    }

    /// A fresh identifier (CHAP_I).
    pub fn id(&mut self) -> u8 {
        let [first, ..] = self.block();
        first
    }

    /// A fresh number, for initial tags and sequence numbers.
    pub fn number(&mut self) -> u32 {
        let [a, b, c, d, ..] = self.block();
        u32::from_be_bytes([a, b, c, d])
    }
}

impl std::fmt::Debug for Nonces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Nonces").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_never_repeats_and_shows_nothing() {
        let mut nonces = Nonces::new([7; 32]);
        let (a, b) = (nonces.challenge(), nonces.challenge());
        assert_ne!(a, b);
        assert_eq!(a.len(), CHALLENGE_LEN);
        assert_ne!(Nonces::new([8; 32]).challenge(), a);
        assert_eq!(format!("{nonces:?}"), "Nonces { .. }");
    }
}
