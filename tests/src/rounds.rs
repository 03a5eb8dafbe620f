//! How many rounds a test runs: a few in every test run, many under `cargo xtask soak`.
//!
//! Owns the one switch (`HBA_SOAK=1`) and what a round says while it runs. It must not know what a round does.

use std::env;
use std::ops::Range;
use std::time::{Duration, Instant};

/// How often a long run says where it is.
const TELL: Duration = Duration::from_secs(5);

/// Whether this is a soak.
#[must_use]
pub fn soaking() -> bool {
    env::var_os("HBA_SOAK").is_some_and(|value| value == "1")
}

/// `quick` rounds in a test run, `soak` rounds in a soak.
#[must_use]
pub fn of(quick: u32, soak: u32) -> u32 {
    choose(soaking(), quick, soak)
}

/// The numbers of the rounds of [`of`], which say on stderr where they are every few seconds: the line that `cargo xtask soak` shows.
#[must_use]
pub fn each(what: &str, quick: u32, soak: u32) -> Rounds {
    let all = of(quick, soak);
    Rounds {
        what: what.to_owned(),
        all,
        left: 0..all,
        told: Instant::now(),
    }
}

fn choose(soaking: bool, quick: u32, soak: u32) -> u32 {
    if soaking { soak } else { quick }
}

/// Rounds that say where they are.
#[derive(Debug)]
pub struct Rounds {
    what: String,
    all: u32,
    left: Range<u32>,
    told: Instant,
}

impl Iterator for Rounds {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let round = self.left.next()?;
        if self.told.elapsed() >= TELL {
            self.told = Instant::now();
            #[expect(clippy::print_stderr, reason = "the test's own output says where it is")]
            {
                eprintln!("{}: round {} of {}", self.what, round + 1, self.all);
            }
        }
        Some(round)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_soak_is_long_and_a_test_run_short() {
        assert_eq!((choose(false, 3, 1000), choose(true, 3, 1000)), (3, 1000));
        assert_eq!(each("cycles", 3, 3).collect::<Vec<_>>(), [0, 1, 2]);
    }
}
