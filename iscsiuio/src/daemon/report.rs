//! What there is to see of the daemon.

use crate::port::PortStatus;

/// Counters of the daemon since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Path requests of the kernel.
    pub path_requests: u64,
    /// Messages of the kernel that made no sense.
    pub malformed: u64,
    /// How often messages of the kernel were lost because they were not read in time.
    pub overruns: u64,
    /// Path requests for ports whose ring cannot be reached.
    pub no_ring: u64,
    /// Rings that vanished while they were used.
    pub vanished: u64,
    /// Answers that the kernel did not take.
    pub refused: u64,
}

/// Everything at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Ports that are open, by host number.
    pub ports: Vec<PortReport>,
    /// The daemon's counters.
    pub totals: Totals,
}

/// A port and its ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortReport {
    /// The ring's name.
    pub ring: String,
    /// The port.
    pub port: PortStatus,
    /// Frames that the ring had no room for.
    pub ring_full: u64,
}
