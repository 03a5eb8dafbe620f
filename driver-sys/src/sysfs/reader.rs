//! Bounded reads of attributes into one reused buffer.
//!
//! Owns: [`Reader`], [`Place`]. Must not know: any class.
//! An attribute is read with one `read(2)` of one byte more than a page can hold: kernfs hands out an attribute whole, and what
//! is longer is not an attribute.

use std::os::fd::BorrowedFd;
use std::os::unix::fs::MetadataExt;
use std::time::UNIX_EPOCH;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{Mode, fstatat};
use zeroize::Zeroize;

use super::{Error, Fault, FromAttr};

/// The most bytes an attribute can have: one page.
pub const ATTR_MAX: usize = 4096;

/// The most remarks a reader keeps; what comes after is dropped.
const PROBLEMS_MAX: usize = 256;

/// The identity of an object's directory. kernfs numbers its directories upwards and gives a number to no second one while the system
/// runs; it knows no birth, and its other times are those of the first look (`kernfs_init_inode`). A plain directory's number is given
/// again, but not with the same birth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Number of the directory.
    pub inode: u64,
    /// When it was made, in nanoseconds since 1970, where the file system knows.
    pub born: Option<u128>,
}

/// Where an object's attributes are: an open directory, and the object's name in it (or nothing for the directory itself).
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    fd: BorrowedFd<'a>,
    base: &'a str,
    prefix: &'a str,
}

impl<'a> Place<'a> {
    /// A place below an open directory; `base` is the directory's path for messages.
    pub fn new(fd: BorrowedFd<'a>, base: &'a str, prefix: &'a str) -> Self {
        Self { fd, base, prefix }
    }

    /// The path of an attribute here, for messages.
    pub fn path(&self, attr: &str) -> String {
        let mut path = self.base.to_owned();
        for part in [self.prefix, attr] {
            if !part.is_empty() {
                path.push('/');
                path.push_str(part);
            }
        }
        path
    }

    /// Whether the object itself is still there.
    pub fn exists(&self) -> bool {
        if self.prefix.is_empty() {
            // A removed directory that is still open answers for itself; ask by name.
            std::fs::symlink_metadata(self.base).is_ok()
        } else {
            fstatat(self.fd, self.prefix, AtFlags::empty()).is_ok()
        }
    }

    /// What tells this object from another one that has, or had, its name; `None` when there is none.
    pub fn identity(&self) -> Option<Identity> {
        let metadata = std::fs::metadata(self.path("")).ok()?;
        let born = metadata.created().ok();
        Some(Identity {
            inode: metadata.ino(),
            born: born
                .and_then(|at| at.duration_since(UNIX_EPOCH).ok())
                .map(|since| since.as_nanos()),
        })
    }

    /// An error here.
    pub fn error(&self, attr: &str, fault: Fault) -> Error {
        Error::new(self.path(attr), fault)
    }
}

/// Reads attributes. Keep one and use it for everything: its buffers are reused.
#[derive(Debug)]
pub struct Reader {
    buf: Box<[u8]>,
    name: String,
    problems: Vec<Error>,
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

impl Reader {
    /// A reader with empty buffers.
    pub fn new() -> Self {
        Self {
            buf: vec![0; ATTR_MAX + 1].into_boxed_slice(),
            name: String::with_capacity(128),
            problems: Vec::new(),
        }
    }

    /// The text of an attribute without its final newline. Does not allocate.
    ///
    /// # Errors
    /// It cannot be read, is longer than an attribute can be ([`super::ATTR_MAX`]), or is no UTF-8.
    pub fn text(&mut self, at: Place<'_>, attr: &str) -> Result<&str, Fault> {
        let len = self.fill(at, attr)?;
        let bytes = self.buf.get(..len).unwrap_or_default();
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        // A show() that prints a fixed-size field may leave its padding behind.
        let bytes = match bytes.iter().position(|b| *b == 0) {
            Some(end) => bytes.get(..end).unwrap_or_default(),
            None => bytes,
        };
        std::str::from_utf8(bytes).map_err(|_| Fault::NotUtf8)
    }

    /// A mandatory value. A name that is missing because the whole object is gone is [`Fault::Vanished`].
    ///
    /// # Errors
    /// [`Fault::Vanished`] when the object is gone; whatever [`Reader::text`] fails with, and what cannot be understood.
    pub fn must<T: FromAttr>(&mut self, at: Place<'_>, attr: &str) -> Result<T, Error> {
        match self.value(at, attr) {
            Ok(value) => Ok(value),
            Err(Fault::Missing) if !at.exists() => Err(at.error(attr, Fault::Vanished)),
            Err(fault) => Err(at.error(attr, fault)),
        }
    }

    /// An optional value: `None` when the driver has none, refuses it, or shows nonsense (kept as a problem). Fails only when the
    /// object vanished.
    ///
    /// # Errors
    /// [`Fault::Vanished`] when the object is gone.
    pub fn may<T: FromAttr>(&mut self, at: Place<'_>, attr: &str) -> Result<Option<T>, Error> {
        match self.value(at, attr) {
            Ok(value) => Ok(Some(value)),
            Err(Fault::Vanished) => Err(at.error(attr, Fault::Vanished)),
            Err(fault) if fault.is_absence() => Ok(None),
            Err(fault) => {
                self.remark(at.error(attr, fault));
                Ok(None)
            }
        }
    }

    /// Fails with [`Fault::Vanished`] if the object is gone: called after optional attributes, whose absence says nothing.
    ///
    /// # Errors
    /// [`Fault::Vanished`].
    pub fn confirm(&self, at: Place<'_>) -> Result<(), Error> {
        if at.exists() {
            Ok(())
        } else {
            Err(at.error("", Fault::Vanished))
        }
    }

    /// Keeps a remark about something readable that made no sense.
    pub fn remark(&mut self, problem: Error) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(problem);
        }
    }

    /// What was remarked since the last call.
    pub fn take_problems(&mut self) -> Vec<Error> {
        std::mem::take(&mut self.problems)
    }

    fn value<T: FromAttr>(&mut self, at: Place<'_>, attr: &str) -> Result<T, Fault> {
        let result = match self.text(at, attr) {
            Ok(text) if T::is_unset(text) => Err(Fault::Missing),
            Ok(text) => T::from_attr(text).ok_or_else(|| Fault::Malformed {
                expected: T::EXPECTED,
                found: if T::SECRET {
                    "[redacted]".into()
                } else {
                    clip(text)
                },
            }),
            Err(fault) => Err(fault),
        };
        if T::SECRET {
            self.buf.zeroize();
        }
        result
    }

    fn fill(&mut self, at: Place<'_>, attr: &str) -> Result<usize, Fault> {
        // O_NONBLOCK: a fifo planted in a tree must not hold us.
        let flags = OFlag::O_RDONLY | OFlag::O_CLOEXEC | OFlag::O_NOCTTY | OFlag::O_NONBLOCK;
        let opened = if at.prefix.is_empty() {
            openat(at.fd, attr, flags, Mode::empty())
        } else {
            self.name.clear();
            self.name.push_str(at.prefix);
            self.name.push('/');
            self.name.push_str(attr);
            openat(at.fd, self.name.as_str(), flags, Mode::empty())
        };
        let file = opened.map_err(Fault::from_read)?;
        let len = loop {
            match nix::unistd::read(&file, &mut self.buf) {
                Err(Errno::EINTR) => {}
                other => break other.map_err(Fault::from_read)?,
            }
        };
        if len > ATTR_MAX {
            Err(Fault::Oversized)
        } else {
            Ok(len)
        }
    }
}

fn clip(text: &str) -> Box<str> {
    text.chars().take(64).collect::<String>().into()
}

#[cfg(test)]
mod tests;
