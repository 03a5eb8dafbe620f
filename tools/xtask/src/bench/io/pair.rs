//! What one run does, and what came of it.

use std::fmt;

/// Size, depth and direction of a run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Case {
    pub(super) kib: u32,
    pub(super) depth: u32,
    pub(super) write: bool,
    pub(super) sessions: u32,
}

impl Case {
    pub(super) const fn reads(kib: u32, depth: u32) -> Self {
        Self {
            kib,
            depth,
            write: false,
            sessions: 1,
        }
    }

    pub(super) const fn writes(kib: u32, depth: u32) -> Self {
        Self {
            write: true,
            ..Self::reads(kib, depth)
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.write { "writes" } else { "reads" };
        write!(f, "{what} of {} KiB, depth {}", self.kib, self.depth)
    }
}

/// One run.
#[derive(Clone, Copy)]
pub(super) struct Measured {
    /// Operations a second.
    pub(super) rate: f64,
    /// Processor time of the initiator, microseconds an operation.
    pub(super) initiator_cpu: f64,
    /// The same of the target; 0 where there is none.
    pub(super) target_cpu: f64,
}
