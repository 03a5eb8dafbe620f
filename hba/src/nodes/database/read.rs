//! One file as a record: bounded, whole, and with a look at whose it is.
//!
//! The peer rewrites a record in place (`O_TRUNC`, then the text), so that whoever reads meanwhile sees none or half of it. What has no end is
//! read again under the lock, where nobody writes; still without an end there, it was left so by a program that died.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use files::{Dir, Found, Why};

use super::Database;
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Result, Status};
use crate::nodes::lock::{Held, held_here};
use crate::nodes::{RECORD_MAX, Record, key};

/// As long is waited for a writer to end. The peer holds the lock for milliseconds.
const SETTLE: Duration = Duration::from_secs(5);

impl Database {
    /// The record in a file below the root; `None` when nothing is there.
    pub(super) fn read(&self, root: &Dir, path: &Path) -> Result<Option<Record>> {
        let shown = root.path().join(path);
        let tried = || format!("read the record {}", shown.display());
        let once = || -> Result<Option<(Found, Result<Record>)>> {
            let Some(found) = root.file_beneath(path).map_err(|e| unusable(&e))? else {
                return Ok(None);
            };
            let bytes = bytes(&found).map_err(|e| Error::io(tried(), &e))?;
            if bytes.len() > RECORD_MAX {
                return Err(Error::new(Kind::Invalid, tried())
                    .answered(format!("it is longer than any record ({RECORD_MAX} bytes)")));
            }
            let record = Record::parse(&shown.display().to_string(), &bytes);
            Ok(Some((found, record)))
        };
        let Some((mut found, mut read)) = once()? else {
            return Ok(None);
        };
        let settled = Deadline::after(SETTLE);
        while half_written(&read) {
            // A turn of this process at the lock, whichever thread has it, is as good as one of our own while it lasts.
            let turn = held_here(&self.place.lock);
            let held = if turn.is_none() { self.quiet() } else { None };
            match once()? {
                None => return Ok(None),
                Some(again) => (found, read) = again,
            }
            let lasted = turn.is_some() && held_here(&self.place.lock) == turn;
            let sure = held.is_some() || lasted;
            let vain = turn.is_none() && held.is_none();
            if half_written(&read) && (sure || vain || settled.expired()) {
                return Err(half(tried(), sure));
            }
        }
        let record = read?;
        self.look(&shown, &found, &record);
        Ok(Some(record))
    }

    /// A moment without writers, as long as what is returned lives; `None` where it cannot be had.
    fn quiet(&self) -> Option<Held> {
        let held = Held::take(&self.place, Deadline::after(SETTLE), "a reader").ok()?;
        if let Some(told) = held.told() {
            self.remarks.add(told.to_owned());
        }
        Some(held)
    }

    /// Whose file it is, and who else can read it.
    fn look(&self, path: &Path, found: &Found, record: &Record) {
        let (owner, mode) = (found.owner, found.mode & 0o777);
        if owner != 0 && owner != nix::unistd::geteuid().as_raw() {
            self.remarks.add(format!(
                "{} belongs to user {owner}, who can change it",
                path.display()
            ));
        } else if mode & 0o022 != 0 {
            self.remarks.add(format!(
                "{} can be changed by others (mode {mode:04o}): chmod 0600",
                path.display()
            ));
        }
        if mode & 0o044 != 0 && has_secret(record) {
            self.remarks.add(format!(
                "{} has a secret and can be read by others (mode {mode:04o}): chmod 0600, and use another secret",
                path.display()
            ));
        }
    }
}

/// Whether there is a secret in a record.
fn has_secret(record: &Record) -> bool {
    record
        .pairs()
        .any(|(name, _)| key::find(name).is_some_and(|key| key.kind.is_secret()))
}

/// What is there, at most one byte more than a record may have.
fn bytes(found: &Found) -> std::io::Result<Vec<u8>> {
    let most = RECORD_MAX + 1;
    let length = usize::try_from(found.length).unwrap_or(most).min(most);
    // One more than there is, so that what was added meanwhile shows.
    let mut bytes = vec![0; (length + 1).min(most)];
    let mut got = 0;
    loop {
        let room = bytes.get_mut(got..).unwrap_or_default();
        match (&found.file).read(room) {
            Ok(0) => break,
            Ok(more) => got += more,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
        if got == length || got == most {
            break;
        }
        if got == bytes.len() {
            bytes.resize((got * 2).min(most), 0);
        }
    }
    bytes.truncate(got);
    Ok(bytes)
}

/// Whether somebody began to write and has not ended.
fn half_written(read: &Result<Record>) -> bool {
    read.as_ref().is_err_and(|e| e.status() == Status::Again)
}

fn half(tried: String, sure: bool) -> Error {
    let e = Error::new(Kind::Invalid, tried);
    if sure {
        e.answered("it is half written: whoever wrote it died")
            .hint("write it anew, or remove it")
    } else {
        e.answered("it is half written, and the lock that tells whether somebody is at it cannot be had")
            .hint("try again; as root, if you are not")
    }
}

/// A file that cannot be opened as a record.
pub(super) fn unusable(error: &files::Error) -> Error {
    placed("open a record", error)
}

/// A failure with its place, whatever it was.
pub(super) fn placed(tried: &str, error: &files::Error) -> Error {
    let e = Error::file(tried, error);
    match error.why() {
        Why::Os(os) => e.answered(format!("{}: {os}", error.path().display())),
        _ => e,
    }
}
