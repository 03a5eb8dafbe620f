//! Who holds a lock: the text in its file. Owns its form; a text of somebody else's is shown as far as it can be printed.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// The text has this length whatever it says, so that writing it again needs no room on the disk.
pub(super) const SIZE: usize = 128;

/// A process and what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Holder {
    pid: u32,
    verb: String,
    /// Seconds since 1970; only ever shown.
    since: u64,
}

impl Holder {
    pub(super) fn of_this_process(verb: &str) -> Self {
        Self {
            pid: std::process::id(),
            verb: verb.to_owned(),
            since: now(),
        }
    }

    /// The file's contents.
    pub(super) fn text(&self) -> [u8; SIZE] {
        let mut text = [b' '; SIZE];
        let line = format!("{} {} {}", self.pid, self.since, self.verb);
        for (to, from) in text.iter_mut().zip(line.bytes()) {
            *to = from;
        }
        text[SIZE - 1] = b'\n';
        text
    }

    /// Reads a file's contents; `None` when it is not of this form.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?.trim_end();
        let mut parts = text.splitn(3, ' ');
        let pid = parts.next()?.parse().ok()?;
        let since = parts.next()?.parse().ok()?;
        let verb = parts.next()?;
        let plain = verb.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        plain.then(|| Self {
            pid,
            verb: verb.to_owned(),
            since,
        })
    }

    /// With how long it has been at it.
    pub(super) fn with_age(&self) -> String {
        let age = now().saturating_sub(self.since);
        format!("hbactl {} ({}, for {age} s)", self.pid, self.verb)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hbactl {} ({})", self.pid, self.verb)
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}
