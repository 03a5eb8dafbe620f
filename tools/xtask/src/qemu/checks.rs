//! One line per check.

use std::time::Instant;

use anyhow::{Context, Result};

/// What has been checked.
#[derive(Debug, Default)]
pub(super) struct Checks {
    kernel: String,
    passed: usize,
    failed: Vec<anyhow::Error>,
}

impl Checks {
    /// From now on it is about this kernel.
    pub(super) fn kernel(&mut self, release: &str) {
        release.clone_into(&mut self.kernel);
    }

    /// Runs a check and prints its line.
    pub(super) fn check<T>(&mut self, what: &str, check: impl FnOnce() -> Result<T>) -> Result<T> {
        let begun = Instant::now();
        let done = check();
        let mark = if done.is_ok() { "ok  " } else { "FAIL" };
        println!(
            "{mark} {}: {what} ({:.1} s)",
            self.kernel,
            begun.elapsed().as_secs_f64()
        );
        if done.is_ok() {
            self.passed += 1;
        }
        done.with_context(|| format!("{}: {what}", self.kernel))
    }

    /// As [`Checks::check`], but goes on after a failure, which [`Checks::verdict`] tells.
    pub(super) fn also(&mut self, what: &str, check: impl FnOnce() -> Result<()>) {
        if let Err(error) = self.check(what, check) {
            self.failed.push(error);
        }
    }

    /// What failed since the last verdict.
    pub(super) fn verdict(&mut self) -> Result<()> {
        let mut failed = std::mem::take(&mut self.failed).into_iter();
        let Some(first) = failed.next() else {
            return Ok(());
        };
        for other in failed {
            println!("{other:#}");
        }
        Err(first)
    }

    /// How many passed.
    pub(super) fn passed(&self) -> usize {
        self.passed
    }
}
