//! A file that is not there yet: written under a name nobody can guess, then given its name at once.
//!
//! Its writer holds a lock (flock) on it, so that what a killed writer left is told from what is being written. The next writer of
//! the same name removes it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::fs::{AtFlags, CWD, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use crate::error::Why;
use crate::kind::{Kind, permit, same};
use crate::walk::stat;

/// A temporary of `NAME` is `.NAME.new-` and 16 hexadecimal digits.
const MARK: &str = ".new-";
const DIGITS: usize = 16;
/// As many new names are tried when others exist, or were swept away between making and locking.
const TRIES: usize = 16;

/// Flags that everything here is opened with.
pub(crate) const ALWAYS: OFlags = OFlags::NOFOLLOW
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOCTTY)
    .union(OFlags::NONBLOCK);

/// A file under a temporary name; its owner either keeps or removes it.
#[derive(Debug)]
pub(crate) struct Temporary {
    pub(crate) file: File,
    /// None while it has no name at all.
    name: Option<OsString>,
    kept: bool,
}

fn prefix(name: &OsStr) -> OsString {
    let mut prefix = OsString::from(".");
    prefix.push(name);
    prefix.push(MARK);
    prefix
}

impl Temporary {
    /// A new, empty temporary of `name`; what killed writers of the same name left is removed.
    pub(crate) fn new(dir: &OwnedFd, name: &OsStr, mode: u32) -> Result<Self, Why> {
        sweep(dir, name)?;
        for _ in 0..TRIES {
            let temporary = random(name)?;
            let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | ALWAYS;
            let file: File = match rustix::fs::openat(dir, &temporary, flags, Mode::RUSR | Mode::WUSR) {
                Ok(fd) => fd.into(),
                Err(Errno::EXIST) => continue,
                Err(errno) => return Err(errno.into()),
            };
            let made = Self {
                file,
                name: Some(temporary),
                kept: false,
            };
            // Somebody who sweeps may have been quicker with the lock: then it is gone, and another is made.
            match rustix::fs::flock(&made.file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) if made.is_there(dir)? => {}
                Ok(()) | Err(Errno::WOULDBLOCK) => continue,
                Err(errno) => return Err(errno.into()),
            }
            permit(&made.file, mode)?;
            return Ok(made);
        }
        Err(Errno::EXIST.into())
    }

    /// As [`Temporary::new`], but without a name where the file system can do that: what a killed writer leaves is then nothing at
    /// all, however much it was.
    pub(crate) fn unseen(dir: &OwnedFd, name: &OsStr, mode: u32) -> Result<Self, Why> {
        sweep(dir, name)?;
        let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
        let Ok(fd) = rustix::fs::openat(dir, ".", flags, Mode::RUSR | Mode::WUSR) else {
            return Self::new(dir, name, mode);
        };
        let made = Self {
            file: fd.into(),
            name: None,
            kept: false,
        };
        // It gets its name through there.
        if rustix::fs::stat(made.by_handle()).is_err() {
            return Self::new(dir, name, mode);
        }
        permit(&made.file, mode)?;
        Ok(made)
    }

    fn by_handle(&self) -> String {
        format!("/proc/self/fd/{}", self.file.as_raw_fd())
    }

    fn is_there(&self, dir: &OwnedFd) -> Result<bool, Why> {
        let Some(name) = &self.name else {
            return Ok(false);
        };
        let here = rustix::fs::fstat(&self.file)?;
        Ok(stat(dir, name)?.is_some_and(|there| same(&here, &there)))
    }

    /// Gives a file without a name one.
    fn link(&self, dir: &OwnedFd, name: &OsStr) -> Result<(), Why> {
        let flags = AtFlags::SYMLINK_FOLLOW;
        rustix::fs::linkat(CWD, self.by_handle(), dir, name, flags).map_err(exists)
    }

    /// Syncs it and gives it its name, whole; `replacing` what may stand there.
    pub(crate) fn keep(mut self, dir: &OwnedFd, name: &OsStr, replacing: bool) -> Result<(), Why> {
        let kept = self.rename(dir, name, replacing);
        self.kept = kept.is_ok();
        if !self.kept {
            self.remove(dir);
        }
        kept
    }

    fn rename(&mut self, dir: &OwnedFd, name: &OsStr, replacing: bool) -> Result<(), Why> {
        self.file.sync_all()?;
        let from = match &self.name {
            Some(from) => from.clone(),
            None if !replacing => {
                self.link(dir, name)?;
                return sync(dir);
            }
            None => {
                rustix::fs::flock(&self.file, FlockOperation::NonBlockingLockExclusive)?;
                let from = random(name)?;
                self.link(dir, &from)?;
                self.name.insert(from).clone()
            }
        };
        if replacing {
            rustix::fs::renameat(dir, &from, dir, name)?;
        } else {
            match rustix::fs::renameat_with(dir, &from, dir, name, RenameFlags::NOREPLACE) {
                // A file system without that: a second name is never put over a first one either.
                Err(Errno::INVAL | Errno::NOSYS) => {
                    rustix::fs::linkat(dir, &from, dir, name, AtFlags::empty()).map_err(exists)?;
                    rustix::fs::unlinkat(dir, &from, AtFlags::empty())?;
                }
                other => other.map_err(exists)?,
            }
        }
        sync(dir)
    }

    /// Removes it.
    pub(crate) fn remove(&mut self, dir: &OwnedFd) {
        if self.kept {
            return;
        }
        self.kept = true;
        if let Some(name) = &self.name {
            let _ = rustix::fs::unlinkat(dir, name, AtFlags::empty());
        }
    }
}

/// A temporary's name that nobody can guess.
pub(crate) fn random(name: &OsStr) -> Result<OsString, Why> {
    let mut random = [0; DIGITS / 2];
    getrandom::fill(&mut random)?;
    let mut temporary = prefix(name);
    temporary.push(format!("{:016x}", u64::from_ne_bytes(random)));
    Ok(temporary)
}

fn exists(errno: Errno) -> Why {
    match errno {
        Errno::EXIST => Why::Exists,
        errno => errno.into(),
    }
}

/// Makes names of a directory last. File systems that cannot are left alone.
pub(crate) fn sync(dir: &OwnedFd) -> Result<(), Why> {
    match rustix::fs::fsync(dir) {
        Ok(()) | Err(Errno::INVAL) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

/// Whether a name is that of a temporary of `name`.
fn is_of(candidate: &OsStr, prefix: &OsStr) -> bool {
    candidate
        .as_encoded_bytes()
        .strip_prefix(prefix.as_encoded_bytes())
        .is_some_and(|rest| rest.len() == DIGITS && rest.iter().all(u8::is_ascii_hexdigit))
}

/// Whether a name is that of any temporary.
pub(crate) fn is_temporary(candidate: &OsStr) -> bool {
    let bytes = candidate.as_encoded_bytes();
    let Some(at) = bytes.len().checked_sub(DIGITS + MARK.len()) else {
        return false;
    };
    bytes.first() == Some(&b'.')
        && bytes[at..].starts_with(MARK.as_bytes())
        && bytes[at + MARK.len()..].iter().all(u8::is_ascii_hexdigit)
}

/// Removes the temporaries of `name` that no living writer holds.
fn sweep(dir: &OwnedFd, name: &OsStr) -> Result<(), Why> {
    let prefix = prefix(name);
    for candidate in names(dir)?.iter().filter(|c| is_of(c, &prefix)) {
        let opened = rustix::fs::openat(dir, candidate, OFlags::RDONLY | ALWAYS, Mode::empty());
        // Not ours to open, or gone meanwhile: not ours to remove.
        let Ok(fd) = opened else { continue };
        let here = rustix::fs::fstat(&fd)?;
        if Kind::of(&here) != Kind::File || here.st_uid != rustix::process::geteuid().as_raw() {
            continue;
        }
        if rustix::fs::flock(&fd, FlockOperation::NonBlockingLockExclusive).is_ok()
            && stat(dir, candidate)?.is_some_and(|there| same(&here, &there))
        {
            let _ = rustix::fs::unlinkat(dir, candidate, AtFlags::empty());
        }
    }
    Ok(())
}

/// The names in a directory, sorted.
pub(crate) fn names(dir: &OwnedFd) -> Result<Vec<OsString>, Why> {
    sorted(rustix::fs::Dir::read_from(dir)?)
}

/// The same of a handle that nobody needs any more.
pub(crate) fn listed(dir: OwnedFd) -> Result<Vec<OsString>, Why> {
    sorted(rustix::fs::Dir::new(dir)?)
}

fn sorted(entries: rustix::fs::Dir) -> Result<Vec<OsString>, Why> {
    use std::os::unix::ffi::OsStringExt;
    let mut names = Vec::new();
    for entry in entries {
        let name = OsString::from_vec(entry?.file_name().to_bytes().to_vec());
        if name != "." && name != ".." {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
