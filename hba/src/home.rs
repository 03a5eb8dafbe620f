//! The program that uses this library, and where it keeps things. It says so; nothing here knows a path of its own.

use std::path::PathBuf;

use crate::nodes::Place;

/// Who asks, and where what outlives an operation is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The program's name, for whoever waits for its lock or finds what it left: one plain word.
    pub program: &'static str,
    /// Where staged settings, backups and records of changes live.
    pub state: PathBuf,
    /// Where the writers of this endpoint's adapters exclude each other.
    pub locks: PathBuf,
    /// Where the records of targets are.
    pub records: Place,
    /// Where it is said who owns which session (see [`crate::registry`]); it is forgotten with the machine's run.
    pub registry: PathBuf,
    /// Where what the operator has laid down is: `exclusions.conf` and its drop-ins (see [`crate::exclude`]).
    pub config: PathBuf,
}
