//! Why a file was not opened, read or replaced. Owns the words; must not know what the file was for.

use std::io;
use std::path::{Path, PathBuf};

use crate::kind::Kind;

/// What this crate's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A file could not be used: what was done, which file, why.
#[derive(Debug, thiserror::Error)]
#[error("{doing} {}: {why}", path.display())]
pub struct Error {
    doing: &'static str,
    path: PathBuf,
    #[source]
    why: Why,
}

/// The reason.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// The system refused.
    #[error("{0}")]
    Os(#[from] io::Error),
    /// There is a link where none is followed.
    #[error("it is a symbolic link, and that is not followed here")]
    Link,
    /// There is something of another kind than wanted.
    #[error("it is {0}, not {1}")]
    Kind(Kind, &'static str),
    /// It belongs to somebody else.
    #[error("it belongs to user {0}")]
    Owner(u32),
    /// Somebody else may write to it.
    #[error("others may write to it (mode {0:04o})")]
    Writable(u32),
    /// It has a second name, so that writing would change another file.
    #[error("it has more than one name (hard links)")]
    Names,
    /// There is more in it than may be.
    #[error("it has more than {0} bytes")]
    TooLong(u64),
    /// Something is there already.
    #[error("it is there already")]
    Exists,
    /// A block device that is mounted, or part of something that is.
    #[error("the device is in use (mounted, or part of something that is)")]
    InUse,
    /// Somebody holds the lock; what he wrote about himself.
    #[error("{}", held(.0))]
    Held(String),
    /// Nothing came from a pipe in time.
    #[error("nothing came from it in time")]
    Silent,
    /// It was exchanged for something else meanwhile.
    #[error("it was exchanged while it was opened")]
    Changed,
    /// A link on the way leads out of the tree.
    #[error("a symbolic link on the way leads out of the tree, and that is not followed")]
    Outside,
    /// A name that is no plain name.
    #[error("it is not a plain file name")]
    Name,
}

fn held(by: &str) -> String {
    if by.is_empty() {
        "somebody else holds it".to_owned()
    } else {
        format!("held by {by}")
    }
}

impl Error {
    pub(crate) fn new(doing: &'static str, path: impl Into<PathBuf>, why: impl Into<Why>) -> Self {
        Self {
            doing,
            path: path.into(),
            why: why.into(),
        }
    }

    /// The reason.
    #[must_use]
    pub const fn why(&self) -> &Why {
        &self.why
    }

    pub(crate) fn into_why(self) -> Why {
        self.why
    }

    /// Which file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was done with it: `open`, `create`, `replace`, `lock` and so on.
    #[must_use]
    pub const fn doing(&self) -> &'static str {
        self.doing
    }

    /// The system's error number, if the system refused.
    #[must_use]
    pub fn errno(&self) -> Option<i32> {
        match &self.why {
            Why::Os(error) => error.raw_os_error(),
            _ => None,
        }
    }

    /// The kind of the error as the standard library sorts it.
    #[must_use]
    pub fn io_kind(&self) -> io::ErrorKind {
        match &self.why {
            Why::Os(error) => error.kind(),
            Why::Exists => io::ErrorKind::AlreadyExists,
            Why::Owner(_) | Why::Writable(_) => io::ErrorKind::PermissionDenied,
            Why::InUse => io::ErrorKind::ResourceBusy,
            Why::Held(_) => io::ErrorKind::WouldBlock,
            Why::Silent => io::ErrorKind::TimedOut,
            Why::TooLong(_) => io::ErrorKind::FileTooLarge,
            Why::Link | Why::Outside | Why::Kind(..) | Why::Names | Why::Changed | Why::Name => {
                io::ErrorKind::InvalidInput
            }
        }
    }

    /// Whether nothing is there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.io_kind() == io::ErrorKind::NotFound
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.io_kind(), error)
    }
}

impl From<rustix::io::Errno> for Why {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::Os(errno.into())
    }
}

impl From<getrandom::Error> for Why {
    fn from(error: getrandom::Error) -> Self {
        Self::Os(io::Error::other(error))
    }
}
