//! An opened sysfs tree and its directories.
//!
//! Owns: [`Root`], [`Dir`], the way a write takes ([`Store`]). Must not know: any class or attribute.
//! Everything is opened relative to directory descriptors, so a tree may sit anywhere and be moved while it is used.

use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, readlinkat};
use nix::sys::stat::{Mode, fstatat};

use super::{Error, Fault, Place};

/// Where writes to attributes go when they cannot go to the files themselves.
///
/// A plain file cannot refuse a value; the emulated kernel therefore takes writes on a socket and answers an errno.
pub trait Store: Send + Sync {
    /// Writes `value` to the attribute at `path` (relative to the tree's root). The error is the errno a `write(2)` would give.
    ///
    /// # Errors
    /// What write(2) would answer: the driver or the kernel refuses the value, there is no such attribute.
    fn store(&self, path: &str, value: &[u8]) -> Result<(), Errno>;
}

/// An opened tree: `/sys`, or the `sys` directory of an emulated kernel's endpoint.
pub struct Root {
    dir: Dir,
    store: Option<Box<dyn Store>>,
}

impl Root {
    /// Opens the tree at `path`.
    ///
    /// # Errors
    /// It is no directory, or may not be read.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path: PathBuf = path.into();
        let label = path.to_string_lossy().into_owned();
        let fd = nix::fcntl::open(&path, DIR_FLAGS, Mode::empty())
            .map_err(|errno| Error::new(label.as_str(), Fault::from_read(errno)))?;
        Ok(Self {
            dir: Dir { fd, path: label },
            store: None,
        })
    }

    /// Opens `/sys`.
    ///
    /// # Errors
    /// As [`Root::open`].
    pub fn host() -> Result<Self, Error> {
        Self::open("/sys")
    }

    /// The same tree with its writes going through `store`.
    #[must_use]
    pub fn with_store(mut self, store: Box<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Where the tree is.
    pub fn path(&self) -> &Path {
        Path::new(&self.dir.path)
    }

    /// The tree's top directory.
    pub fn top(&self) -> &Dir {
        &self.dir
    }

    /// Opens a directory of the tree, such as `class/iscsi_host`.
    ///
    /// # Errors
    /// [`Fault::Missing`] when it is not there; it is no directory, or may not be read.
    pub fn dir(&self, relative: &str) -> Result<Dir, Error> {
        self.dir.dir(relative)
    }

    /// Opens a directory of the tree if it is there: a class directory exists only once its module is loaded.
    ///
    /// # Errors
    /// It is there and cannot be opened.
    pub fn dir_if_present(&self, relative: &str) -> Result<Option<Dir>, Error> {
        match self.dir.dir(relative) {
            Ok(dir) => Ok(Some(dir)),
            Err(Error {
                fault: Fault::Missing,
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The place at a path of the tree, for a [`super::Reader`].
    pub fn at<'a>(&'a self, relative: &'a str) -> Place<'a> {
        self.dir.at(relative)
    }

    /// Writes an attribute: to the file, or through the tree's [`Store`].
    ///
    /// # Errors
    /// [`Fault::Refused`] with the errno that the driver or the kernel answered; there is no such attribute, or it may not be written.
    pub fn write(&self, relative: &str, value: &[u8]) -> Result<(), Error> {
        let fault = |errno| Error::new(self.dir.label(relative), Fault::from_write(errno));
        if let Some(store) = &self.store {
            return store.store(relative, value).map_err(fault);
        }
        let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC | OFlag::O_NOCTTY | OFlag::O_NONBLOCK;
        let file = openat(&self.dir.fd, relative, flags, Mode::empty()).map_err(fault)?;
        let written = loop {
            match nix::unistd::write(&file, value) {
                Err(Errno::EINTR) => {}
                other => break other.map_err(fault)?,
            }
        };
        // An attribute takes its value in one piece or not at all.
        if written == value.len() {
            Ok(())
        } else {
            Err(fault(Errno::EIO))
        }
    }
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Root")
            .field("path", &self.dir.path)
            .field("store", &self.store.is_some())
            .finish()
    }
}

/// An opened directory of a tree.
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
    path: String,
}

impl Dir {
    /// Opens a directory below this one.
    ///
    /// # Errors
    /// As [`Root::dir`].
    pub fn dir(&self, relative: &str) -> Result<Self, Error> {
        match openat(&self.fd, relative, DIR_FLAGS, Mode::empty()) {
            Ok(fd) => Ok(Self {
                fd,
                path: self.label(relative),
            }),
            Err(errno) => Err(Error::new(self.label(relative), Fault::from_read(errno))),
        }
    }

    /// The path as the operator would type it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A place below this directory: an entry (`session3`), or the directory itself (`""`).
    pub fn at<'a>(&'a self, prefix: &'a str) -> Place<'a> {
        Place::new(self.fd.as_fd(), &self.path, prefix)
    }

    /// Calls `take` with the name of every entry, in the directory's own order; names that are not UTF-8 are left out (sysfs has
    /// none).
    ///
    /// # Errors
    /// The directory vanished, or cannot be listed.
    pub fn for_each_name(&self, mut take: impl FnMut(&str)) -> Result<(), Error> {
        let fault = |errno| Error::new(self.path.as_str(), Fault::from_read(errno));
        // A second description: iterating must not move the position of this one.
        let mut entries = nix::dir::Dir::openat(&self.fd, ".", DIR_FLAGS, Mode::empty()).map_err(fault)?;
        for entry in entries.iter() {
            let entry = entry.map_err(fault)?;
            match entry.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => take(name),
            }
        }
        Ok(())
    }

    /// The names of all entries, sorted with numbers in numeric order (`host2` before `host10`).
    ///
    /// # Errors
    /// As [`Dir::for_each_name`].
    pub fn names(&self) -> Result<Vec<String>, Error> {
        let mut names = Vec::new();
        self.for_each_name(|name| names.push(name.to_owned()))?;
        names.sort_by(|a, b| natural(a, b));
        Ok(names)
    }

    /// The names of the entries that are a prefix and something more, sorted: `names_with("host")` is `host0`, `host1`, ….
    ///
    /// # Errors
    /// As [`Dir::for_each_name`].
    pub fn names_with(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let mut names = self.names()?;
        names.retain(|name| name.len() > prefix.len() && name.starts_with(prefix));
        Ok(names)
    }

    /// Where a symbolic link points.
    ///
    /// # Errors
    /// There is no link of that name, or it points to something that is no UTF-8.
    pub fn link(&self, relative: &str) -> Result<String, Error> {
        let target = readlinkat(&self.fd, relative)
            .map_err(|errno| Error::new(self.label(relative), Fault::from_read(errno)))?;
        target
            .into_string()
            .map_err(|_| Error::new(self.label(relative), Fault::NotUtf8))
    }

    /// Whether an entry is there (links are followed).
    pub fn has(&self, relative: &str) -> bool {
        fstatat(&self.fd, relative, AtFlags::empty()).is_ok()
    }

    /// The descriptor, for calls this type does not offer.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub(crate) fn label(&self, relative: &str) -> String {
        format!("{}/{relative}", self.path)
    }
}

/// Compares names so that runs of digits compare as numbers.
pub(crate) fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    use std::cmp::Ordering;
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        let (Some(&x), Some(&y)) = (a.first(), b.first()) else {
            return a.len().cmp(&b.len());
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (m, rest_a) = digits(a);
            let (n, rest_b) = digits(b);
            match m.len().cmp(&n.len()).then_with(|| m.cmp(n)) {
                Ordering::Equal => (a, b) = (rest_a, rest_b),
                unequal => return unequal,
            }
        } else if x == y {
            (a, b) = (&a[1..], &b[1..]);
        } else {
            return x.cmp(&y);
        }
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text
        .iter()
        .position(|c| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (run, rest) = text.split_at(end);
    let zeros = run.iter().position(|c| *c != b'0').unwrap_or(run.len());
    (run.split_at(zeros).1, rest)
}

const DIR_FLAGS: OFlag = OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_CLOEXEC);

#[cfg(test)]
mod tests;
