//! What stands at a path, and whose it is.

use std::fmt;
use std::os::fd::AsFd;

use rustix::fs::{FileType, Stat};
use rustix::process::geteuid;

use crate::error::Why;

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A plain file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A pipe, with or without a name.
    Pipe,
    /// A socket.
    Socket,
    /// A block device.
    Block,
    /// A character device.
    Character,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "a plain file",
            Self::Directory => "a directory",
            Self::Link => "a symbolic link",
            Self::Pipe => "a pipe",
            Self::Socket => "a socket",
            Self::Block => "a block device",
            Self::Character => "a character device",
        })
    }
}

impl Kind {
    pub(crate) fn of(stat: &Stat) -> Self {
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Link,
            FileType::Fifo => Self::Pipe,
            FileType::Socket => Self::Socket,
            FileType::BlockDevice => Self::Block,
            FileType::CharacterDevice => Self::Character,
            _ => Self::File,
        }
    }
}

/// Whether both describe the same object.
pub(crate) fn same(a: &Stat, b: &Stat) -> bool {
    (a.st_dev, a.st_ino, Kind::of(a)) == (b.st_dev, b.st_ino, Kind::of(b))
}

/// Whether opening gave what looking saw: a plain file may have been replaced by another meanwhile, a device is the same one.
pub(crate) fn as_seen(seen: &Stat, opened: &Stat) -> bool {
    match Kind::of(seen) {
        Kind::Block | Kind::Character => Kind::of(opened) == Kind::of(seen) && opened.st_rdev == seen.st_rdev,
        kind => Kind::of(opened) == kind,
    }
}

/// The permission bits.
pub(crate) const fn bits(stat: &Stat) -> u32 {
    stat.st_mode & 0o7777
}

/// Ours, and nobody else writes to it.
pub(crate) fn ours(stat: &Stat) -> Result<(), Why> {
    if stat.st_uid != geteuid().as_raw() {
        return Err(Why::Owner(stat.st_uid));
    }
    if bits(stat) & 0o022 != 0 {
        return Err(Why::Writable(bits(stat)));
    }
    Ok(())
}

/// The superuser's or ours, and nobody else writes to it.
pub(crate) fn trusted(stat: &Stat) -> Result<(), Why> {
    if stat.st_uid != 0 && stat.st_uid != geteuid().as_raw() {
        return Err(Why::Owner(stat.st_uid));
    }
    if bits(stat) & 0o022 != 0 {
        return Err(Why::Writable(bits(stat)));
    }
    Ok(())
}

/// Gives an open object exactly these permission bits, whatever the umask made of them.
pub(crate) fn permit(fd: impl AsFd, mode: u32) -> Result<(), Why> {
    let stat = rustix::fs::fstat(&fd)?;
    if bits(&stat) != mode {
        rustix::fs::fchmod(&fd, rustix::fs::Mode::from_raw_mode(mode))?;
    }
    Ok(())
}
