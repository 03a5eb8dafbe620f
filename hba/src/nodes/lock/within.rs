//! Which locks this process has, so that a thread of it that holds one does not wait for itself.
//!
//! Owns the list. A lock is known by its directory, not by its path: a process can have several views of the file system. A turn has a number of
//! its own: whoever sees the same one twice knows that nobody else wrote in between, whichever of the process's threads has it. Must not know what a
//! lock is of.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A turn of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::nodes) struct Turn(u64);

struct Entry {
    directory: Option<(u64, u64)>,
    turn: Turn,
}

#[derive(Default)]
struct Turns {
    last: u64,
    held: Vec<Entry>,
}

static TURNS: Mutex<Turns> = Mutex::new(Turns {
    last: 0,
    held: Vec::new(),
});

fn turns() -> MutexGuard<'static, Turns> {
    TURNS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn directory(lock: &Path) -> Option<(u64, u64)> {
    let found = fs::metadata(lock).ok()?;
    Some((found.dev(), found.ino()))
}

/// Notes that the lock in this directory was taken.
pub(super) fn begin(lock: &Path) -> Turn {
    let directory = directory(lock);
    let mut turns = turns();
    turns.last += 1;
    let turn = Turn(turns.last);
    turns.held.push(Entry { directory, turn });
    turn
}

/// Notes that it was let go.
pub(super) fn end(turn: Turn) {
    turns().held.retain(|entry| entry.turn != turn);
}

/// The turn of this process at the lock in this directory, if it has one: nobody else writes as long as it is the same.
pub(in crate::nodes) fn turn(lock: &Path) -> Option<Turn> {
    let directory = directory(lock)?;
    let turns = turns();
    let entry = turns
        .held
        .iter()
        .find(|entry| entry.directory == Some(directory))?;
    Some(entry.turn)
}
