//! Ports of an earlier process whose ring is not there yet: a driver that comes later, an emulated kernel that is starting.

use std::time::{Duration, Instant};

/// How soon they are looked for first.
const FIRST: Duration = Duration::from_secs(1);
/// How often at most they are looked for, each time after twice as long. Who asks for one opens it later, too.
const TRIES: u32 = 10;

/// The hosts.
#[derive(Debug, Default)]
pub(super) struct LeftBehind {
    hosts: Vec<u32>,
    /// When they are looked for.
    pub(super) at: Option<Instant>,
    tried: u32,
}

impl LeftBehind {
    pub(super) fn new(now: Instant, hosts: Vec<u32>) -> Self {
        Self {
            at: (!hosts.is_empty()).then(|| now + FIRST),
            hosts,
            tried: 0,
        }
    }

    /// Those that are to be looked for now.
    pub(super) fn due(&mut self, now: Instant) -> Vec<u32> {
        if self.at.is_none_or(|at| at > now) {
            return Vec::new();
        }
        self.tried += 1;
        let hosts = std::mem::take(&mut self.hosts);
        self.at = (self.tried < TRIES && !hosts.is_empty()).then(|| now + FIRST * 2_u32.pow(self.tried));
        if self.at.is_none() && !hosts.is_empty() {
            tracing::info!(
                ?hosts,
                "hosts that something is kept of are not looked for any more"
            );
        }
        hosts
    }

    /// One of them is still not there.
    pub(super) fn still(&mut self, host: u32) {
        self.hosts.push(host);
    }
}
