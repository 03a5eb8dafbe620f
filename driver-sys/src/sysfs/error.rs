//! What can go wrong while reading or writing an attribute, with the path it happened at.
//!
//! Owns: [`Fault`] and its mapping from errno. Must not know: which attribute is worth what.
//! Source: errnos as kernfs and the class `show()` functions return them.

use nix::errno::Errno;

/// Why an attribute, directory or link could not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The name does not exist although its object does: this kernel or driver has no such attribute.
    #[error("does not exist")]
    Missing,
    /// The object went away between being listed and being read.
    #[error("vanished while being read")]
    Vanished,
    /// The caller may not read or write it.
    #[error("permission denied")]
    Permission,
    /// The driver answers this attribute with an error (`EINVAL`, `ENOSYS`, `ENXIO`, …).
    #[error("the driver answers {}", .0.desc())]
    Unreadable(Errno),
    /// The contents are not UTF-8.
    #[error("contents are not UTF-8")]
    NotUtf8,
    /// The contents are longer than an attribute can be.
    #[error("contents exceed {} bytes", super::ATTR_MAX)]
    Oversized,
    /// The contents are readable and mean nothing here.
    #[error("expected {expected}, found {found:?}")]
    Malformed {
        /// What would have been understood.
        expected: &'static str,
        /// The start of what was there; never a secret.
        found: Box<str>,
    },
    /// A write was refused.
    #[error("the write was refused: {}", .0.desc())]
    Refused(Errno),
    /// Any other failure of a system call.
    #[error("{}", .0.desc())]
    Io(Errno),
}

impl Fault {
    /// The fault behind an errno of open, read, readlink or getdents.
    pub fn from_read(errno: Errno) -> Self {
        match errno {
            Errno::ENOENT | Errno::ENOTDIR => Self::Missing,
            Errno::ENODEV | Errno::ESTALE => Self::Vanished,
            Errno::EACCES | Errno::EPERM => Self::Permission,
            Errno::EINVAL
            | Errno::ENOSYS
            | Errno::ENXIO
            | Errno::EOPNOTSUPP
            | Errno::EIO
            | Errno::EBUSY
            | Errno::EAGAIN
            | Errno::ENOTCONN => Self::Unreadable(errno),
            other => Self::Io(other),
        }
    }

    /// The fault behind an errno of a write.
    pub fn from_write(errno: Errno) -> Self {
        match errno {
            Errno::ENOENT | Errno::ENOTDIR => Self::Missing,
            Errno::ENODEV | Errno::ESTALE => Self::Vanished,
            Errno::EACCES | Errno::EPERM => Self::Permission,
            other => Self::Refused(other),
        }
    }

    /// Whether this is a driver's ordinary way of not having a value (absent, forbidden, refused by `show()`).
    pub fn is_absence(&self) -> bool {
        matches!(self, Self::Missing | Self::Permission | Self::Unreadable(_))
    }
}

/// A fault and where it happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {fault}")]
pub struct Error {
    /// Path as the operator would type it.
    pub path: Box<str>,
    /// What happened there.
    pub fault: Fault,
}

impl Error {
    /// A fault at a path.
    pub fn new(path: impl Into<Box<str>>, fault: Fault) -> Self {
        Self {
            path: path.into(),
            fault,
        }
    }
}
