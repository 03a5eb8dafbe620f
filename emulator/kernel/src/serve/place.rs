//! The directory that is served: whose it is, the mark that says so, its modes, its lock.
//!
//! A directory that is missing is made. One that exists must be this user's, nobody else may write to it, and it is empty, but for the
//! card's own flash file, or carries the mark of an earlier server: what is deleted in it later was made by a server. Everything goes
//! through a handle of the directory ([`Place::root`]), so that it does not matter who gives its path to another one meanwhile. Must
//! not know what lies in it. Source: proc(5) (`/proc/self/fd`).

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use files::{Dir, Kind, Lock, Why};
use nix::unistd::{Gid, fchown};

use crate::error::{ServeError, io_error};

/// The file that says that a directory is a server's.
const MARK: &str = ".hbaemu";
/// Its text.
const MARK_TEXT: &[u8] = b"This directory is served by hbaemu, which deletes and replaces what is in it.\n";
/// The file that the serving process holds locked.
const LOCK: &str = "lock";
/// What lies beside a flash file and belongs to it.
const BESIDE_FLASH: [&str; 4] = ["", ".nvram", ".journal", ".lock"];

/// A directory that this process may serve, and nobody else meanwhile.
pub(super) struct Place {
    root: PathBuf,
    // What `root` goes through.
    _dir: Dir,
    _lock: Lock,
}

impl Place {
    /// Takes `dir`. `flash` may lie in it already; `group` gets access to what is served.
    pub(super) fn take(path: &Path, flash: &Path, group: Option<Gid>) -> Result<Self, ServeError> {
        let dir = match Dir::ours(path) {
            Err(error) if error.is_missing() => Dir::private(path)?,
            other => other?,
        };
        // The path without links: who may write where it leads through?
        let real = fs::canonicalize(path).map_err(io_error("find", path))?;
        nobody_may_swap(&real)?;
        let marked = dir.kind(MARK)? == Some(Kind::File);
        let foreign = dir
            .names()?
            .into_iter()
            .find(|name| !of_flash(name, &real, flash));
        if let Some(name) = foreign.filter(|_| !marked) {
            return Err(ServeError::Refused {
                path: path.to_owned(),
                why: format!(
                    "it is not empty ({name:?} is in it) and no server's; if it is an endpoint of an older hbaemu, `touch {}`",
                    path.join(MARK).display()
                ),
            });
        }
        let holder = format!("hbaemu serve, process {}", std::process::id());
        let lock = Lock::take(&dir, LOCK, &holder).map_err(|error| match error.why() {
            Why::Held(_) => ServeError::Locked(path.to_owned()),
            _ => error.into(),
        })?;
        if !marked {
            dir.write_new(MARK, MARK_TEXT)?;
        }
        if let Some(group) = group {
            fchown(&dir, None, Some(group))
                .map_err(|errno| io_error("give to the group", path)(errno.into()))?;
        }
        dir.set_mode(if group.is_some() { 0o750 } else { 0o700 })?;
        Ok(Self {
            root: dir.through(""),
            _dir: dir,
            _lock: lock,
        })
    }

    /// A path to the directory itself, whatever its name leads to.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }
}

/// Not everybody may put another directory in this one's place. (The owners of those above can, and a group that may write there:
/// they are trusted as they are with everything else below.)
fn nobody_may_swap(real: &Path) -> Result<(), ServeError> {
    for above in real.ancestors().skip(1) {
        let mode = fs::metadata(above).map_err(io_error("look at", above))?.mode();
        if mode & 0o002 != 0 && mode & 0o1000 == 0 {
            return Err(ServeError::Refused {
                path: real.to_owned(),
                why: format!(
                    "everybody may put another directory in its place: {} is writable by all and has no sticky bit",
                    above.display()
                ),
            });
        }
    }
    Ok(())
}

/// Whether a name belongs to the card's flash file, which may be there before its card is.
fn of_flash(name: &OsStr, real: &Path, flash: &Path) -> bool {
    let parent = match flash.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let here = fs::canonicalize(parent).is_ok_and(|parent| parent == real);
    let Some(file) = flash.file_name().filter(|_| here) else {
        return false;
    };
    BESIDE_FLASH.iter().any(|suffix| {
        let mut own = file.to_owned();
        own.push(suffix);
        own == name
    })
}

#[cfg(test)]
mod tests;
