//! Whether a lock that the peer's way of locking has left no trace of its holder is held by anybody: the rule, as a pure function.
//!
//! The peer's link names no process. What is known: how long it has been there, how long we have watched it unchanged, and which processes
//! that take this lock live and are older than it. Must not know how that is found out.

use std::fmt;
use std::time::Duration;

/// The peer gives up waiting after so long, so no holder that works is longer at it.
pub(super) const LIMIT: Duration = Duration::from_secs(30);
/// So long a lock is watched before anything is concluded from seeing no holder: it may be one of another container, and holds it for
/// milliseconds when it lives.
pub(super) const WATCH: Duration = Duration::from_secs(2);

/// A living process that may hold the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) program: String,
    pub(super) pid: u32,
    /// It lives on when its work is done, so that its being alive says little.
    pub(super) daemon: bool,
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.program, self.pid)
    }
}

/// What to do about a lock.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Wait: it is held, or may be.
    Wait,
    /// Nobody holds it: it may be taken over.
    Stale,
}

/// The rule.
pub(super) fn verdict(age: Duration, watched: Duration, older: &[Candidate]) -> Verdict {
    if watched < WATCH || older.iter().any(|candidate| !candidate.daemon) {
        return Verdict::Wait;
    }
    if older.is_empty() || age >= LIMIT {
        Verdict::Stale
    } else {
        Verdict::Wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_stale_when_nobody_that_could_hold_it_lives() {
        let tool = Candidate {
            program: "iscsiadm".into(),
            pid: 7,
            daemon: false,
        };
        let daemon = Candidate {
            program: "iscsid".into(),
            pid: 8,
            daemon: true,
        };
        let (short, long, old) = (Duration::from_millis(1999), WATCH, LIMIT);
        let [nobody, the_tool, the_daemon, both] = [
            vec![],
            vec![tool.clone()],
            vec![daemon.clone()],
            vec![daemon, tool],
        ];
        for (age, watched, older, wanted) in [
            (old, short, &nobody, Verdict::Wait),
            (long, long, &nobody, Verdict::Stale),
            // A tool that lives holds it however long it takes: it may be stopped, and go on.
            (old * 9, old, &the_tool, Verdict::Wait),
            (old * 9, old, &both, Verdict::Wait),
            // A daemon always lives.
            (old - Duration::from_millis(1), long, &the_daemon, Verdict::Wait),
            (old, long, &the_daemon, Verdict::Stale),
            (old, short, &the_daemon, Verdict::Wait),
        ] {
            assert_eq!(
                verdict(age, watched, older),
                wanted,
                "{age:?} {watched:?} {older:?}"
            );
        }
    }
}
