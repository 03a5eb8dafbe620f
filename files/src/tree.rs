//! A tree that others write, too: paths of several names below a directory, links in it, and files that are written elsewhere in it.
//!
//! Owns the rule of such a tree: a link on the way is followed only where it leads to something below the same directory. Must not know
//! what the tree is for. Source: openat2(2) (`RESOLVE_BENEATH`), rename(2), syncfs(2).

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, ResolveFlags};
use rustix::io::Errno;

use crate::dir::{Dir, create};
use crate::error::{Error, Result, Why};
use crate::kind::{Kind, bits};
use crate::temporary::listed;
use crate::walk::{self, DIRECTORY};

/// As often is asked again when somebody renames what is on the way.
const TRIES: usize = 32;
/// Name of what is being written elsewhere: one for all, so that the next writer finds all that is left.
const STAGED: &str = "staged";

/// A plain file of a tree.
#[derive(Debug)]
pub struct Found {
    /// The file, open for reading.
    pub file: File,
    /// Whose it is.
    pub owner: u32,
    /// Its permission bits.
    pub mode: u32,
    /// How long it was when it was opened.
    pub length: u64,
}

impl Dir {
    /// A directory below this one; `None` when it, or one on the way, is missing.
    ///
    /// # Errors
    /// [`Why::Outside`] for a link that leads out of this directory, [`Why::Kind`], or the system refuses.
    pub fn beneath(&self, path: impl AsRef<Path>) -> Result<Option<Self>> {
        let path = path.as_ref();
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match self.resolve(path, flags) {
            Ok(fd) => Ok(Some(Self::of(fd, self.path().join(path)))),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::NOTDIR) => Err(Error::new(
                "open",
                self.path().join(path),
                Why::Kind(Kind::File, "a directory"),
            )),
            Err(errno) => Err(self.refused(path, errno)),
        }
    }

    /// A plain file below this directory, open for reading; `None` when it, or a directory on the way, is missing, or no directory is
    /// where one should be on the way.
    ///
    /// # Errors
    /// [`Why::Outside`] for a link that leads out of this directory, [`Why::Kind`], or the system refuses.
    pub fn file_beneath(&self, path: impl AsRef<Path>) -> Result<Option<Found>> {
        let path = path.as_ref();
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
        let fd = match self.resolve(path, flags) {
            Ok(fd) => fd,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            // What opening a socket answers.
            Err(Errno::NXIO) => return Err(self.wrong(path, Kind::Socket)),
            Err(errno) => return Err(self.refused(path, errno)),
        };
        let stat = rustix::fs::fstat(&fd).map_err(|errno| self.refused(path, errno))?;
        match Kind::of(&stat) {
            Kind::File => Ok(Some(Found {
                file: fd.into(),
                owner: stat.st_uid,
                mode: bits(&stat),
                length: u64::try_from(stat.st_size).unwrap_or(0),
            })),
            other => Err(self.wrong(path, other)),
        }
    }

    /// All names in it, sorted.
    ///
    /// # Errors
    /// The system refuses.
    pub fn into_names(self) -> Result<Vec<OsString>> {
        let (fd, path) = self.into_parts();
        listed(fd).map_err(|why| Error::new("list", path, why))
    }

    /// What stands at a path below this directory, a link in the last place not followed; `None` when nothing is there.
    ///
    /// # Errors
    /// [`Why::Outside`] for a link on the way that leads out of this directory, or the system refuses.
    pub fn kind_beneath(&self, path: impl AsRef<Path>) -> Result<Option<Kind>> {
        let path = path.as_ref();
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let stat = match self.resolve(path, flags) {
            Ok(fd) => rustix::fs::fstat(&fd),
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
            Err(errno) => Err(errno),
        };
        let stat = stat.map_err(|errno| self.refused(path, errno))?;
        Ok(Some(Kind::of(&stat)))
    }

    fn resolve(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let within = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        for _ in 0..TRIES {
            match rustix::fs::openat2(self.fd(), path, flags, Mode::empty(), within) {
                Err(Errno::AGAIN | Errno::INTR) => {}
                // A kernel (or a filter before it) that does not have the call.
                Err(Errno::NOSYS | Errno::PERM) => return self.step_by_step(path, flags),
                other => return other,
            }
        }
        Err(Errno::AGAIN)
    }

    /// The same without any link.
    fn step_by_step(&self, path: &Path, flags: OFlags) -> Result<OwnedFd, Errno> {
        let mut names = Vec::new();
        for component in path.components() {
            match component {
                Component::Normal(name) => names.push(name),
                Component::CurDir => {}
                _ => return Err(Errno::XDEV),
            }
        }
        let last = names.pop().unwrap_or(OsStr::new("."));
        let mut at: Option<OwnedFd> = None;
        for name in names {
            let from = at.as_ref().unwrap_or(self.fd());
            at = Some(rustix::fs::openat(from, name, DIRECTORY, Mode::empty())?);
        }
        let from = at.as_ref().unwrap_or(self.fd());
        rustix::fs::openat(from, last, flags | OFlags::NOFOLLOW, Mode::empty())
    }

    fn refused(&self, path: &Path, errno: Errno) -> Error {
        let why = match errno {
            Errno::XDEV | Errno::LOOP => Why::Outside,
            errno => errno.into(),
        };
        Error::new("open", self.path().join(path), why)
    }

    fn wrong(&self, path: &Path, kind: Kind) -> Error {
        Error::new("open", self.path().join(path), Why::Kind(kind, "a plain file"))
    }

    /// A directory in it, made for the owner only when it is missing; one that is there stays as open or closed as it is. Also whether it was
    /// made.
    ///
    /// # Errors
    /// [`Why::Kind`] (also for a link), [`Why::Owner`], [`Why::Writable`], or the system refuses.
    pub fn make_child(&self, name: impl AsRef<OsStr>) -> Result<(Self, bool)> {
        let name = self.plain("open", name.as_ref())?;
        let (dir, made) = match self.enter(name) {
            Err(error) if error.is_missing() => {
                walk::make(self.fd(), name).map_err(|why| self.failed("create", name, why))?;
                (self.enter(name)?, true)
            }
            other => (other?, false),
        };
        dir.check()?;
        Ok((dir, made))
    }

    /// As [`Dir::replace`], but what is written stands in `staging` until it is whole: nobody who lists this directory ever sees it.
    /// Both are on one file system.
    ///
    /// # Errors
    /// As [`Dir::replace`]; then what was there is untouched.
    pub fn replace_from(&self, staging: &Self, name: impl AsRef<OsStr>, bytes: &[u8]) -> Result<()> {
        let name = self.plain("replace", name.as_ref())?;
        let failed = |why: Why| self.failed("replace", name, why);
        let staged = staging.stage(STAGED, bytes)?;
        let moved = rustix::fs::fsync(&staged)
            .and_then(|()| rustix::fs::renameat(staging.fd(), STAGED, self.fd(), name))
            .and_then(|()| match rustix::fs::fsync(self.fd()) {
                Err(Errno::INVAL) => Ok(()),
                other => other,
            });
        if let Err(errno) = moved {
            // Nothing is there when it was moved already.
            let _ = staging.remove(STAGED);
            return Err(failed(errno.into()));
        }
        Ok(())
    }

    /// A file in a directory that only the holder of some lock writes to, in place of what a killed one left; not made to last yet.
    ///
    /// # Errors
    /// The system refuses; then it is not there.
    pub fn stage(&self, name: impl AsRef<OsStr>, bytes: &[u8]) -> Result<File> {
        let name = self.plain("create", name.as_ref())?;
        let mut file = match create(self.fd(), name, 0o600) {
            Err(Why::Exists) => {
                self.remove_all(name)?;
                create(self.fd(), name, 0o600)
            }
            other => other,
        }
        .map_err(|why| self.failed("create", name, why))?;
        if let Err(error) = file.write_all(bytes) {
            let _ = self.remove(name);
            return Err(self.failed("write", name, error));
        }
        Ok(file)
    }

    /// Puts a file of this directory into another one of the same file system, in place of what may have that name there.
    ///
    /// # Errors
    /// The system refuses.
    pub fn move_to(&self, from: impl AsRef<OsStr>, there: &Self, to: impl AsRef<OsStr>) -> Result<()> {
        let from = self.plain("rename", from.as_ref())?;
        let to = there.plain("rename", to.as_ref())?;
        rustix::fs::renameat(self.fd(), from, there.fd(), to)
            .map_err(|errno| there.failed("replace", to, errno))
    }

    /// Gives a file in it another name there, unless something has that already.
    ///
    /// # Errors
    /// [`Why::Exists`], or the system refuses.
    pub fn rename_new(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) -> Result<()> {
        let from = self.plain("rename", from.as_ref())?;
        let to = self.plain("create", to.as_ref())?;
        let fd = self.fd();
        let renamed = match rustix::fs::renameat_with(fd, from, fd, to, RenameFlags::NOREPLACE) {
            // A file system without that: a second name is never put over a first one either.
            Err(Errno::INVAL | Errno::NOSYS) => rustix::fs::linkat(fd, from, fd, to, AtFlags::empty())
                .and_then(|()| rustix::fs::unlinkat(fd, from, AtFlags::empty())),
            other => other,
        };
        renamed.map_err(|errno| match errno {
            Errno::EXIST => self.failed("create", to, Why::Exists),
            errno => self.failed("create", to, errno),
        })
    }

    /// What a link in it says; `None` when nothing is there.
    ///
    /// # Errors
    /// [`Why::Kind`] when it is no link, or the system refuses.
    pub fn read_link(&self, name: impl AsRef<OsStr>) -> Result<Option<PathBuf>> {
        let name = self.plain("read", name.as_ref())?;
        match rustix::fs::readlinkat(self.fd(), name, Vec::new()) {
            Ok(to) => Ok(Some(PathBuf::from(OsString::from_vec(to.into_bytes())))),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::INVAL) => match self.kind(name)? {
                Some(kind) => Err(self.failed("read", name, Why::Kind(kind, "a symbolic link"))),
                None => Ok(None),
            },
            Err(errno) => Err(self.failed("read", name, errno)),
        }
    }

    /// Makes a link; what it says need not be there.
    ///
    /// # Errors
    /// [`Why::Exists`], or the system refuses.
    pub fn make_link(&self, name: impl AsRef<OsStr>, to: &Path) -> Result<()> {
        let name = self.plain("create", name.as_ref())?;
        rustix::fs::symlinkat(to, self.fd(), name).map_err(|errno| match errno {
            Errno::EXIST => self.failed("create", name, Why::Exists),
            errno => self.failed("create", name, errno),
        })
    }

    /// Removes a directory in it that has nothing in it; whether it is gone by this.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove_empty(&self, name: impl AsRef<OsStr>) -> Result<bool> {
        let name = self.plain("remove", name.as_ref())?;
        match rustix::fs::unlinkat(self.fd(), name, AtFlags::REMOVEDIR) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT | Errno::NOTEMPTY | Errno::EXIST | Errno::NOTDIR) => Ok(false),
            Err(errno) => Err(self.failed("remove", name, errno)),
        }
    }

    /// Makes all that was written to its file system last.
    ///
    /// # Errors
    /// The system refuses, or could not write something.
    pub fn sync_all(&self) -> Result<()> {
        rustix::fs::syncfs(self.fd()).map_err(|errno| self.failed("sync", "", errno))
    }
}

#[cfg(test)]
mod tests;
