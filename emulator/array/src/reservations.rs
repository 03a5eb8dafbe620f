//! Persistent reservations in a file: the whole state in a new file, synced, renamed over the old one.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use files::Dir;
use scsi::{ReservationStore, StoreError};

use crate::error::why;

/// A saved state is never larger.
const MAX_LEN: u64 = 256 << 10;

/// The directory, and the name in it.
fn place(path: &Path) -> io::Result<(Dir, &OsStr)> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    Ok((Dir::open(directory)?, name))
}

/// The reservations of one logical unit.
#[derive(Debug)]
pub(crate) struct ReservationFile {
    path: PathBuf,
}

impl ReservationFile {
    /// Opens the state and reads it; a missing file is an empty state.
    pub(crate) fn open(path: PathBuf) -> io::Result<(Self, String)> {
        let (directory, name) = place(&path)?;
        let bytes = directory.read(name, MAX_LEN).map_err(why)?.unwrap_or_default();
        let text = String::from_utf8(bytes)
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "saved reservations are text"))?;
        Ok((Self { path }, text))
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let (directory, name) = place(&self.path)?;
        if text.is_empty() {
            directory.remove(name)?;
        } else {
            directory.replace(name, text.as_bytes())?;
        }
        Ok(())
    }
}

impl ReservationStore for ReservationFile {
    fn save(&mut self, text: &str) -> Result<(), StoreError> {
        self.replace(text).map_err(|error| {
            tracing::error!(%error, path = %self.path.display(), "cannot save reservations");
            StoreError
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_state_is_found_again_and_an_empty_one_leaves_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk.reservations");
        let (mut store, text) = ReservationFile::open(path.clone()).unwrap();
        assert_eq!(text, "");
        store.save("one").unwrap();
        store.save("two").unwrap();
        assert_eq!(ReservationFile::open(path.clone()).unwrap().1, "two");
        store.save("").unwrap();
        store.save("").unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_state_that_cannot_be_written_leaves_the_old_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("disk.reservations");
        let (mut store, _) = ReservationFile::open(path.clone()).unwrap();
        store.save("old").unwrap();
        let away = dir.path().with_extension("away");
        fs::rename(dir.path(), &away).unwrap();
        assert_eq!(store.save("new"), Err(StoreError));
        fs::rename(&away, dir.path()).unwrap();
        assert_eq!(ReservationFile::open(path).unwrap().1, "old");
    }

    #[test]
    fn pipes_and_links_are_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let (pipe, link) = (dir.path().join("pipe"), dir.path().join("link"));
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        fs::write(dir.path().join("precious"), "precious").unwrap();
        std::os::unix::fs::symlink("precious", &link).unwrap();
        for path in [pipe, link] {
            ReservationFile::open(path).map(drop).unwrap_err();
        }
    }
}
