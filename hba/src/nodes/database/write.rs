//! A record put in place: written and made to last in a directory of ours, then moved to its name.
//!
//! That directory is in the root of the tree, where the peer looks for nothing but directories that it knows. What a killed writer left there
//! is removed by the next one; only whoever holds the lock writes there.

use std::ffi::OsStr;

use files::Dir;

use super::Database;
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

/// A directory below another one, each made when it is missing.
pub(super) fn make<'a>(root: &Dir, names: impl IntoIterator<Item = &'a str>, tried: &str) -> Result<Dir> {
    let mut at: Option<Dir> = None;
    for name in names {
        at = Some(
            at.as_ref()
                .unwrap_or(root)
                .make_child(name)
                .map_err(|e| failed(tried, &e))?,
        );
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
    let staging = root.make_child(STAGING).map_err(|e| failed(tried, &e))?;
    dir.replace_from(&staging, name, record.bytes())
        .map_err(|e| failed(tried, &e))
}

/// A write that the system refused: what was there is untouched.
pub(super) fn failed(tried: &str, error: &files::Error) -> Error {
    let e = Error::file(tried, error);
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
