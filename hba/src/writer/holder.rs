//! Who holds a lock: the line in its file. Owns its form; a line that is not of this form names nobody.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A process and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    program: String,
    pid: u32,
    verb: String,
    /// Seconds since 1970; only ever shown.
    since: u64,
}

impl Holder {
    pub(super) fn of_this_process(program: &str, verb: &str) -> Self {
        Self {
            program: program.to_owned(),
            pid: std::process::id(),
            verb: verb.to_owned(),
            since: now(),
        }
    }

    /// The line in the lock's file.
    pub(super) fn line(&self) -> String {
        format!("{} {} {} {}", self.program, self.pid, self.since, self.verb)
    }

    /// Reads a lock's line; `None` when it is not of this form.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut parts = line.splitn(4, ' ');
        let program = parts.next()?;
        let pid = parts.next()?.parse().ok()?;
        let since = parts.next()?.parse().ok()?;
        let verb = parts.next()?;
        let plain = line.bytes().all(|b| b.is_ascii_graphic() || b == b' ') && !program.is_empty();
        plain.then(|| Self {
            program: program.to_owned(),
            pid,
            verb: verb.to_owned(),
            since,
        })
    }

    /// With how long it has been at it.
    pub(super) fn with_age(&self) -> String {
        let age = now().saturating_sub(self.since);
        format!("{} {} ({}, for {age} s)", self.program, self.pid, self.verb)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ({})", self.program, self.pid, self.verb)
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
