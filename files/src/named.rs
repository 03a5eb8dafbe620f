//! Files that somebody names by path: opened only when they are of the kind wanted, without blocking and without following a link
//! at the end.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::dir::create;
use crate::error::{Error, Result, Why};
use crate::kind::{Kind, as_seen, permit};
use crate::temporary::ALWAYS;
use crate::walk::{self, parent};

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
}

impl Access {
    const fn flags(self) -> OFlags {
        match self {
            Self::Read => OFlags::RDONLY,
            Self::Write => OFlags::RDWR,
        }
    }
}

/// A plain file that is there.
///
/// # Errors
/// It is missing, a link or of another kind, or the system refuses.
pub fn existing(path: &Path, access: Access) -> Result<File> {
    let (at, _, name) = parent("open", path)?;
    found(&at, &name)
        .and_then(|stat| open_plain(&at, &name, &stat, access))
        .map_err(|why| Error::new("open", path, why))
}

/// A plain file, or a whole block device that nobody has in use: opened exclusively, so that what is mounted is refused, and what
/// is open here cannot be mounted.
///
/// # Errors
/// As [`existing`]; [`Why::InUse`].
pub fn unit(path: &Path, access: Access) -> Result<(File, Kind)> {
    let (at, _, name) = parent("open", path)?;
    let open = || {
        let stat = found(&at, &name)?;
        match Kind::of(&stat) {
            Kind::Block => Ok((open_device(&at, &name, &stat, access)?, Kind::Block)),
            Kind::File => Ok((open_plain(&at, &name, &stat, access)?, Kind::File)),
            Kind::Link => Err(Why::Link),
            other => Err(Why::Kind(other, "a plain file or a block device")),
        }
    };
    open().map_err(|why| Error::new("open", path, why))
}

/// A second handle to an open file or device, with an offset and flags of its own; `direct` for `O_DIRECT`. What was opened
/// exclusively stays so.
///
/// # Errors
/// The file system knows no `O_DIRECT`, or the system refuses.
pub fn again(file: &File, access: Access, direct: bool) -> io::Result<File> {
    let mut flags = access.flags() | OFlags::CLOEXEC | OFlags::NOCTTY;
    flags.set(OFlags::DIRECT, direct);
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::openat(rustix::fs::CWD, path, flags, Mode::empty())?.into())
}

/// A new file, open for reading and writing, with exactly these permission bits.
///
/// # Errors
/// [`Why::Exists`] when anything is there, a link too; or the system refuses.
pub fn create_new(path: &Path, mode: u32) -> Result<File> {
    let (at, _, name) = parent("create", path)?;
    create(&at, &name, mode).map_err(|why| Error::new("create", path, why))
}

/// An empty file: new with these permission bits, or a plain file of ours with one name, emptied. For what is written while others
/// read it; what is written first and read then is better an [`Output`](crate::Output).
///
/// # Errors
/// Something of another kind, of somebody else or with several names is there, or the system refuses.
pub fn overwrite(path: &Path, mode: u32) -> Result<File> {
    let (at, _, name) = parent("overwrite", path)?;
    let open = || {
        let Some(stat) = walk::stat(&at, &name)? else {
            return create(&at, &name, mode);
        };
        let file = open_plain(&at, &name, &stat, Access::Write)?;
        let now = rustix::fs::fstat(&file)?;
        if now.st_uid != rustix::process::geteuid().as_raw() {
            return Err(Why::Owner(now.st_uid));
        }
        if now.st_nlink != 1 {
            return Err(Why::Names);
        }
        permit(&file, mode)?;
        file.set_len(0)?;
        Ok(file)
    };
    open().map_err(|why| Error::new("overwrite", path, why))
}

pub(crate) fn found(at: &OwnedFd, name: &OsStr) -> Result<Stat, Why> {
    walk::stat(at, name)?.ok_or_else(|| Errno::NOENT.into())
}

/// Opens what `stat` was seen to describe, if it is a plain file.
pub(crate) fn open_plain(at: &OwnedFd, name: &OsStr, stat: &Stat, access: Access) -> Result<File, Why> {
    match Kind::of(stat) {
        Kind::File => open_as(at, name, stat, access, OFlags::empty()),
        Kind::Link => Err(Why::Link),
        other => Err(Why::Kind(other, "a plain file")),
    }
}

/// Opens a block device exclusively.
pub(crate) fn open_device(at: &OwnedFd, name: &OsStr, stat: &Stat, access: Access) -> Result<File, Why> {
    open_as(at, name, stat, access, OFlags::EXCL).map_err(|why| match why {
        Why::Os(error) if error.raw_os_error() == Some(Errno::BUSY.raw_os_error()) => Why::InUse,
        other => other,
    })
}

/// Looking first and comparing then: opening some devices is an act of its own.
fn open_as(at: &OwnedFd, name: &OsStr, stat: &Stat, access: Access, extra: OFlags) -> Result<File, Why> {
    let fd = match rustix::fs::openat(at, name, access.flags() | ALWAYS | extra, Mode::empty()) {
        Ok(fd) => fd,
        // What NOFOLLOW answers to a link.
        Err(Errno::LOOP) => return Err(Why::Link),
        Err(errno) => return Err(errno.into()),
    };
    let now = rustix::fs::fstat(&fd)?;
    if !as_seen(stat, &now) {
        return Err(Why::Changed);
    }
    let flags = rustix::fs::fcntl_getfl(&fd)?;
    rustix::fs::fcntl_setfl(&fd, flags.difference(OFlags::NONBLOCK))?;
    Ok(fd.into())
}

/// Opens a character device for writing.
pub(crate) fn open_character(at: &OwnedFd, name: &OsStr, stat: &Stat) -> Result<File, Why> {
    open_as(at, name, stat, Access::Write, OFlags::empty())
}
