//! What an operator sets for all sessions.

use std::time::Duration;

/// What a daemon may end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// What it made itself.
    #[default]
    Made,
    /// What others made too, where it is named. What boots the machine is never ended, and what the firmware made is not taken along with others.
    Named,
}

/// Settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Seconds until the devices of a lost session are given up; -1 is never.
    pub removal_latency: i32,
    /// What may be ended.
    pub scope: Scope,
    /// How long a portal is alone before the next one is tried beside it.
    pub stagger: Duration,
    /// How long a login may take while another portal waits for its turn.
    pub patience: Duration,
    /// How long an aborted try may take to end.
    pub cleanup: Duration,
    /// How long a target is left to finish what it does to its logical units.
    pub calm: Duration,
    /// Sessions at most.
    pub max_sessions: usize,
    /// Events that wait to be taken.
    pub max_told: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            removal_latency: 60,
            scope: Scope::Made,
            stagger: Duration::from_millis(250),
            patience: Duration::from_secs(2),
            cleanup: Duration::from_secs(30),
            calm: Duration::from_millis(500),
            max_sessions: 4096,
            max_told: 1024,
        }
    }
}
