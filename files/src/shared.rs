//! What others may read: directories and files of ours that stay ours to write, and those that the superuser made for everybody.
//!
//! A folder of small files is one thing here: built aside, then put in its place at once, and taken away whole.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{FlockOperation, Mode, RenameFlags};
use rustix::io::Errno;

use crate::dir::{Dir, create};
use crate::error::{Error, Result, Why};
use crate::kind::{Kind, permit, same, trusted};
use crate::named::Access;
use crate::temporary::{is_temporary, random, sync};
use crate::walk::{DIRECTORY, Last, Missing};

/// Permission bits of a directory that others may read.
const FOLDER: u32 = 0o755;
/// Permission bits of a file that others may read.
const FILE: u32 = 0o644;
/// So often a folder is built anew when somebody sweeps it away.
const TRIES: usize = 16;

impl Dir {
    /// A directory that is there and belongs to the superuser or us, and that nobody else writes to; `None` when it is missing.
    ///
    /// # Errors
    /// [`Why::Owner`], [`Why::Writable`]; [`Why::Link`] for a link in the last place, or one on the way that somebody else made.
    pub fn trusted_if_there(path: &Path) -> Result<Option<Self>> {
        match Self::at(path, Missing::Fail, Last::Refuse) {
            Ok(dir) => dir.only_trusted().map(Some),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A directory in it, judged in the same way; `None` when nothing is there.
    ///
    /// # Errors
    /// As [`Dir::trusted_if_there`]; [`Why::Kind`] when it is no directory.
    pub fn trusted_subdir(&self, name: impl AsRef<OsStr>) -> Result<Option<Self>> {
        let name = self.plain("open", name.as_ref())?;
        match self.enter(name) {
            Ok(dir) => dir.only_trusted().map(Some),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn only_trusted(self) -> Result<Self> {
        rustix::fs::fstat(&self)
            .map_err(Why::from)
            .and_then(|stat| trusted(&stat))
            .map_err(|why| self.failed("use", "", why))?;
        Ok(self)
    }

    /// Whether both are handles of one directory.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let stat = |dir: &Self| rustix::fs::fstat(dir).ok();
        stat(self).zip(stat(other)).is_some_and(|(a, b)| same(&a, &b))
    }

    /// A plain file in it that belongs to the superuser or us, and that nobody else writes to; `None` when nothing is there.
    ///
    /// # Errors
    /// [`Why::Owner`], [`Why::Writable`]; as [`Dir::open_file`].
    pub fn open_trusted(&self, name: impl AsRef<OsStr>) -> Result<Option<File>> {
        let name = name.as_ref();
        let Some(file) = self.open_file(name, Access::Read)? else {
            return Ok(None);
        };
        rustix::fs::fstat(&file)
            .map_err(Why::from)
            .and_then(|stat| trusted(&stat))
            .map_err(|why| self.failed("use", name, why))?;
        Ok(Some(file))
    }

    /// A directory of ours that others may read, made when it is missing; parents that are missing are made for us alone.
    ///
    /// # Errors
    /// As [`Dir::ours`].
    pub fn readable(path: &Path) -> Result<Self> {
        let dir = Self::at(path, Missing::Make, Last::Refuse)?;
        dir.open_to_readers()?;
        Ok(dir)
    }

    /// A directory in it that others may read, made when it is missing.
    ///
    /// # Errors
    /// As [`Dir::subdir`].
    pub fn readable_subdir(&self, name: impl AsRef<OsStr>) -> Result<Self> {
        let name = self.plain("open", name.as_ref())?;
        crate::walk::make(self.fd(), name).map_err(|why| self.failed("create", name, why))?;
        let dir = self.enter(name)?;
        dir.open_to_readers()?;
        Ok(dir)
    }

    fn open_to_readers(&self) -> Result<()> {
        self.check()?;
        let mode = self.mode()?;
        if mode & FOLDER == FOLDER {
            return Ok(());
        }
        self.set_mode(mode | FOLDER)
    }

    /// As [`Dir::replace`], with these permission bits.
    ///
    /// # Errors
    /// As [`Dir::replace`].
    pub fn replace_as(&self, name: impl AsRef<OsStr>, bytes: &[u8], mode: u32) -> Result<()> {
        self.write(name.as_ref(), bytes, true, mode)
    }

    /// Makes or replaces a folder of small files that others may read, whole: whoever opens the name has all files of before or all of
    /// now, also when this process is killed. What killed writers left is removed first.
    ///
    /// # Errors
    /// Something that is no directory stands there, or the system refuses; then what was there is untouched.
    pub fn replace_folder(&self, name: impl AsRef<OsStr>, files: &[(&str, &[u8])]) -> Result<()> {
        let name = self.plain("replace", name.as_ref())?;
        self.sweep_folders()?;
        let mut tries = 0;
        loop {
            tries += 1;
            let aside = random(name).map_err(|why| self.failed("replace", name, why))?;
            let built = self.build(&aside, files);
            let put = built.and_then(|_lock| self.exchange(&aside, name));
            // What stood there before, or what was not finished.
            let swept = self.remove_all(&aside);
            match put {
                Ok(()) => return swept.map(drop),
                // Somebody who sweeps took it for a dead writer's, before it could be locked.
                Err(why) if tries < TRIES && was_swept(&why) => {}
                Err(why) => return Err(self.failed("replace", name, why)),
            }
        }
    }

    fn build(&self, aside: &OsStr, files: &[(&str, &[u8])]) -> Result<OwnedFd, Why> {
        rustix::fs::mkdirat(self.fd(), aside, Mode::RWXU)?;
        let folder: OwnedFd = rustix::fs::openat(self.fd(), aside, DIRECTORY, Mode::empty())?;
        // Whoever sweeps leaves it alone while this is held.
        rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive)?;
        for (file, bytes) in files {
            let mut file = create(&folder, OsStr::new(file), FILE)?;
            file.write_all(bytes)?;
            file.sync_all()?;
        }
        permit(&folder, FOLDER)?;
        sync(&folder)?;
        Ok(folder)
    }

    fn exchange(&self, aside: &OsStr, name: &OsStr) -> Result<(), Why> {
        let fd = self.fd();
        match self.kind(name).map_err(Error::into_why)? {
            Some(Kind::Directory) => {
                rustix::fs::renameat_with(fd, aside, fd, name, RenameFlags::EXCHANGE)?;
            }
            Some(kind) => return Err(Why::Kind(kind, "a directory")),
            None => rustix::fs::renameat_with(fd, aside, fd, name, RenameFlags::NOREPLACE)?,
        }
        sync(fd)
    }

    /// Takes a folder away, whole: for whoever opens the name it is there with all its files, or not at all. Whether it was there.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove_folder(&self, name: impl AsRef<OsStr>) -> Result<bool> {
        let name = self.plain("remove", name.as_ref())?;
        let aside = random(name).map_err(|why| self.failed("remove", name, why))?;
        match rustix::fs::renameat(self.fd(), name, self.fd(), &aside) {
            Ok(()) => {}
            Err(Errno::NOENT) => return Ok(false),
            Err(errno) => return Err(self.failed("remove", name, errno)),
        }
        sync(self.fd()).map_err(|why| self.failed("remove", name, why))?;
        self.remove_all(&aside)?;
        Ok(true)
    }

    /// Removes folders that killed writers left half made or half removed; one that a living writer builds is left alone.
    ///
    /// # Errors
    /// The names cannot be listed.
    pub fn sweep_folders(&self) -> Result<()> {
        let left: Vec<OsString> = self
            .names()?
            .into_iter()
            .filter(|name| is_temporary(name))
            .collect();
        for name in left {
            // Not ours to open, or gone meanwhile: not ours to remove.
            let Ok(folder) = rustix::fs::openat(self.fd(), &name, DIRECTORY, Mode::empty()) else {
                continue;
            };
            let ours = rustix::fs::fstat(&folder).is_ok_and(|stat| crate::kind::ours(&stat).is_ok());
            if ours && rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive).is_ok() {
                let _ = self.remove_all(&name);
            }
        }
        Ok(())
    }
}

fn was_swept(why: &Why) -> bool {
    use std::io::ErrorKind::{NotFound, WouldBlock};
    matches!(why, Why::Os(error) if [NotFound, WouldBlock].contains(&error.kind()))
}

#[cfg(test)]
mod tests;
