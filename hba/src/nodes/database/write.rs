//! A record put in place: written and made to last in a directory of ours, then moved to its name.
//!
//! That directory is in the root of the tree, where the peer looks for nothing but directories that it knows. Only whoever holds the lock writes
//! there; what a killed writer left is removed by whoever takes its lock over, and before many records are written.

use std::ffi::OsStr;

use files::Dir;

use super::Database;
use super::read::placed;
use crate::error::{Error, Kind, Result};
use crate::nodes::Record;
use crate::nodes::lock::Held;

/// Where what is written stands until it is whole.
pub(super) const STAGING: &str = ".hba";

impl Database {
    /// The root for writing, made when it is missing.
    pub(super) fn root_for(&self, held: &Held, tried: &str) -> Result<Dir> {
        if !held.is_of(&self.place.lock) {
            return Err(
                Error::new(Kind::Failed, tried).answered("the lock that is held is that of another database")
            );
        }
        // Nothing but the owner's own is written to: who can exchange a directory can have others' files changed.
        let root = match Dir::ours(&self.place.records) {
            Err(error) if error.is_missing() => Dir::private(&self.place.records),
            other => other,
        };
        root.map_err(|e| failed(tried, &e))
    }
}

impl Database {
    /// Removes what a killed writer left. Only for whoever has just got the lock: nothing is being written then.
    pub(super) fn sweep(&self) {
        // What cannot be removed is in nobody's way.
        if let Ok(root) = Dir::ours(&self.place.records)
            && let Ok(Some(staging)) = root.beneath(STAGING)
        {
            clear(&staging);
        }
    }
}

/// Removes all files in the directory.
pub(super) fn clear(staging: &Dir) {
    for name in staging.names().unwrap_or_default() {
        let _ = staging.remove(name);
    }
}

/// When what is written lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Last {
    /// Before the call returns.
    Now,
    /// When whoever asked makes it, for many at once.
    Later,
}

impl Last {
    /// Makes the names in a directory last, if it is to be now.
    pub(super) fn names(self, dir: &Dir, tried: &str) -> Result<()> {
        match self {
            Self::Now => dir.sync().map_err(|e| failed(tried, &e)),
            Self::Later => Ok(()),
        }
    }
}

/// A directory below another one, each made when it is missing.
pub(super) fn make<'a>(
    root: &Dir,
    names: impl IntoIterator<Item = &'a str>,
    last: Last,
    tried: &str,
) -> Result<Dir> {
    let mut at: Option<Dir> = None;
    for name in names {
        let within = at.as_ref().unwrap_or(root);
        let (child, made) = within.make_child(name).map_err(|e| failed(tried, &e))?;
        if made {
            last.names(within, tried)?;
        }
        at = Some(child);
    }
    at.ok_or_else(|| Error::new(Kind::Failed, tried).answered("no directory was named"))
}

/// Puts a record in place.
pub(super) fn put(
    root: &Dir,
    dir: &Dir,
    name: impl AsRef<OsStr>,
    record: &Record,
    tried: &str,
) -> Result<()> {
    let (staging, _) = root.make_child(STAGING).map_err(|e| failed(tried, &e))?;
    dir.replace_from(&staging, name, record.bytes())
        .map_err(|e| failed(tried, &e))
}

/// A write that the system refused: what was there is untouched.
pub(super) fn failed(tried: &str, error: &files::Error) -> Error {
    let e = placed(tried, error);
    match error.errno() {
        Some(READ_ONLY) => e.hint("the file system is read-only; nothing was changed"),
        Some(NO_SPACE | NO_QUOTA) => e.hint("make room; what was there is untouched"),
        Some(OTHER_FILE_SYSTEM) => {
            e.hint("records have to be on one file system with the directory that holds them all; nothing was changed")
        }
        _ => e,
    }
}

const READ_ONLY: i32 = nix::errno::Errno::EROFS as i32;
const NO_SPACE: i32 = nix::errno::Errno::ENOSPC as i32;
const NO_QUOTA: i32 = nix::errno::Errno::EDQUOT as i32;
const OTHER_FILE_SYSTEM: i32 = nix::errno::Errno::EXDEV as i32;
