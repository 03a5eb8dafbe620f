//! Persistent reservations in a file: the whole state in a new file, synced, renamed over the old one.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use scsi::{ReservationStore, StoreError};

/// A saved state is never larger.
const MAX_LEN: u64 = 256 << 10;

/// The reservations of one logical unit.
#[derive(Debug)]
pub(crate) struct ReservationFile {
    path: PathBuf,
}

impl ReservationFile {
    /// Opens the state and reads it; a missing file is an empty state.
    pub(crate) fn open(path: PathBuf) -> io::Result<(Self, String)> {
        let text = match File::open(&path) {
            Ok(file) => {
                let mut text = String::new();
                file.take(MAX_LEN + 1).read_to_string(&mut text)?;
                if text.len() as u64 > MAX_LEN {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "saved reservations are too long",
                    ));
                }
                text
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        Ok((Self { path }, text))
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let directory = match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        if text.is_empty() {
            match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => return File::open(directory)?.sync_all(),
            }
        }
        let mut new = self.path.clone().into_os_string();
        new.push(".new");
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        File::open(directory)?.sync_all()
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
        fs::create_dir(dir.path().join("disk.reservations.new")).unwrap();
        assert_eq!(store.save("new"), Err(StoreError));
        assert_eq!(ReservationFile::open(path).unwrap().1, "old");
    }
}
