//! Numbers nobody on the link can guess: transaction IDs, identifiers, jitter.
//!
//! SHA-256 over the seed, a label and a counter. Must not know where the seed comes from.

use std::time::Duration;

use sha2::{Digest, Sha256};

/// A stream of numbers out of a seed.
#[derive(Clone)]
pub(crate) struct Random {
    key: [u8; 32],
    drawn: u64,
}

impl Random {
    /// The stream of `label`; streams of unlike labels tell nothing of each other.
    pub(crate) fn new(seed: &[u8; 32], label: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed);
        hash.update(label);
        Self {
            key: hash.finalize().into(),
            drawn: 0,
        }
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update(self.drawn.to_be_bytes());
        self.drawn = self.drawn.wrapping_add(1);
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// Evenly between `low` and `high`, both included; `low` when they are the wrong way round.
    pub(crate) fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let span = u64::try_from(high.saturating_sub(low).as_micros()).unwrap_or(u64::MAX - 1);
        low.saturating_add(Duration::from_micros(self.next() % span.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_and_a_label_give_the_same_numbers_and_others_give_others() {
        let draw = |seed: u8, label: &[u8]| Random::new(&[seed; 32], label).next();
        assert_eq!(draw(1, b"a"), draw(1, b"a"));
        assert_ne!(draw(1, b"a"), draw(2, b"a"));
        assert_ne!(draw(1, b"a"), draw(1, b"b"));
        let mut random = Random::new(&[1; 32], b"a");
        assert_ne!(random.next(), random.next());
    }

    #[test]
    fn a_duration_lies_between_its_bounds() {
        let mut random = Random::new(&[7; 32], b"t");
        let (low, high) = (Duration::from_millis(900), Duration::from_millis(1100));
        let drawn: Vec<_> = (0..200).map(|_| random.between(low, high)).collect();
        assert!(drawn.iter().all(|d| (low..=high).contains(d)));
        assert!(drawn.iter().any(|d| *d < Duration::from_millis(950)));
        assert!(drawn.iter().any(|d| *d > Duration::from_millis(1050)));
        assert_eq!(random.between(high, low), high);
    }
}
