//! A directory of ours by its handle: everything in it is opened relative to the handle, by plain name, and no link is followed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use crate::error::{Error, Result, Why};
use crate::kind::{Kind, bits, ours, permit};
use crate::named::{Access, open_plain};
use crate::temporary::{ALWAYS, Temporary, names, sync};
use crate::walk::{self, DIRECTORY, Last, Missing};

/// A directory, by its handle.
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

impl Dir {
    /// A directory that is there, whoever's it is: to look into it, not to trust it.
    ///
    /// # Errors
    /// It is missing or no directory, or a link on the way was made by somebody else.
    pub fn open(path: &Path) -> Result<Self> {
        Self::at(path, Missing::Fail, Last::Follow)
    }

    pub(crate) fn at(path: &Path, missing: Missing, last: Last) -> Result<Self> {
        Ok(Self {
            fd: walk::directory(path, missing, last)?,
            path: path.to_owned(),
        })
    }

    /// A directory that is there and ours: it belongs to us, and nobody else writes to it.
    ///
    /// # Errors
    /// As [`Dir::open`]; [`Why::Owner`], [`Why::Writable`]; [`Why::Link`] also for a link of our own in the last place.
    pub fn ours(path: &Path) -> Result<Self> {
        let dir = Self::at(path, Missing::Fail, Last::Refuse)?;
        dir.check()?;
        Ok(dir)
    }

    /// A directory for us alone, made with its parents when it is missing. One of ours that others may read is closed to them.
    ///
    /// # Errors
    /// As [`Dir::ours`].
    pub fn private(path: &Path) -> Result<Self> {
        let dir = Self::at(path, Missing::Make, Last::Refuse)?;
        dir.close_to_others()?;
        Ok(dir)
    }

    /// As [`Dir::private`], but nothing is made; `None` when it is missing.
    ///
    /// # Errors
    /// As [`Dir::ours`].
    pub fn private_if_there(path: &Path) -> Result<Option<Self>> {
        match Self::ours(path) {
            Ok(dir) => Ok(Some(dir)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Its path, for messages.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A path to `name` through the handle, for calls that take nothing but paths (bind(2), connect(2)): it stays right when the
    /// directory is moved, and is short.
    #[must_use]
    pub fn through(&self, name: impl AsRef<Path>) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.fd.as_raw_fd())).join(name)
    }

    /// Its permission bits.
    ///
    /// # Errors
    /// The system refuses.
    pub fn mode(&self) -> Result<u32> {
        let stat = rustix::fs::fstat(&self.fd).map_err(|errno| self.failed("look at", "", errno))?;
        Ok(bits(&stat))
    }

    /// Sets its permission bits, whatever the umask.
    ///
    /// # Errors
    /// The system refuses.
    pub fn set_mode(&self, mode: u32) -> Result<()> {
        permit(&self.fd, mode).map_err(|why| self.failed("change the mode of", "", why))
    }

    /// A directory in it, made for us alone when it is missing.
    ///
    /// # Errors
    /// As [`Dir::ours`]; [`Why::Link`] for a link.
    pub fn subdir(&self, name: impl AsRef<OsStr>) -> Result<Self> {
        let name = self.plain("open", name.as_ref())?;
        walk::make(&self.fd, name).map_err(|why| self.failed("create", name, why))?;
        let dir = self.enter(name)?;
        dir.close_to_others()?;
        Ok(dir)
    }

    pub(crate) fn enter(&self, name: &OsStr) -> Result<Self> {
        let opened = rustix::fs::openat(&self.fd, name, DIRECTORY, Mode::empty());
        let fd = opened.map_err(|errno| match self.kind(name) {
            Ok(Some(kind)) if kind != Kind::Directory => {
                self.failed("open", name, Why::Kind(kind, "a directory"))
            }
            _ => self.failed("open", name, errno),
        })?;
        Ok(Self {
            fd,
            path: self.path.join(name),
        })
    }

    /// What a name stands for, links not followed; `None` when nothing is there.
    ///
    /// # Errors
    /// The system refuses.
    pub fn kind(&self, name: impl AsRef<OsStr>) -> Result<Option<Kind>> {
        let name = self.plain("look at", name.as_ref())?;
        let stat = walk::stat(&self.fd, name).map_err(|why| self.failed("look at", name, why))?;
        Ok(stat.as_ref().map(Kind::of))
    }

    /// All names in it, sorted.
    ///
    /// # Errors
    /// The system refuses.
    pub fn names(&self) -> Result<Vec<OsString>> {
        names(&self.fd).map_err(|why| self.failed("list", "", why))
    }

    /// A plain file in it; `None` when nothing is there.
    ///
    /// # Errors
    /// It is a link or of another kind ([`Why::Link`], [`Why::Kind`]), or the system refuses.
    pub fn open_file(&self, name: impl AsRef<OsStr>, access: Access) -> Result<Option<File>> {
        let name = self.plain("open", name.as_ref())?;
        let stat = walk::stat(&self.fd, name).map_err(|why| self.failed("open", name, why))?;
        let Some(stat) = stat else { return Ok(None) };
        match open_plain(&self.fd, name, &stat, access) {
            Ok(file) => Ok(Some(file)),
            Err(why) => match self.failed("open", name, why) {
                // Gone between looking and opening.
                error if error.is_missing() => Ok(None),
                error => Err(error),
            },
        }
    }

    /// Reads a plain file of at most `limit` bytes; `None` when nothing is there.
    ///
    /// # Errors
    /// As [`Dir::open_file`]; [`Why::TooLong`].
    pub fn read(&self, name: impl AsRef<OsStr>, limit: u64) -> Result<Option<Vec<u8>>> {
        let name = name.as_ref();
        let Some(file) = self.open_file(name, Access::Read)? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| self.failed("read", name, error))?;
        if bytes.len() as u64 > limit {
            return Err(self.failed("read", name, Why::TooLong(limit)));
        }
        Ok(Some(bytes))
    }

    /// A new file, open for reading and writing, for the owner only.
    ///
    /// # Errors
    /// [`Why::Exists`], or the system refuses.
    pub fn create_new(&self, name: impl AsRef<OsStr>) -> Result<File> {
        let name = self.plain("create", name.as_ref())?;
        create(&self.fd, name, 0o600).map_err(|why| self.failed("create", name, why))
    }

    /// Makes or replaces a file, whole: old or new, never torn, also across a loss of power. For the owner only.
    ///
    /// # Errors
    /// A directory stands there, or the system refuses; then what was there is untouched.
    pub fn replace(&self, name: impl AsRef<OsStr>, bytes: &[u8]) -> Result<()> {
        self.write(name.as_ref(), bytes, true, 0o600)
    }

    /// As [`Dir::replace`], but only where nothing stands: the file is there whole, or it is not.
    ///
    /// # Errors
    /// [`Why::Exists`], or the system refuses.
    pub fn write_new(&self, name: impl AsRef<OsStr>, bytes: &[u8]) -> Result<()> {
        self.write(name.as_ref(), bytes, false, 0o600)
    }

    pub(crate) fn write(&self, name: &OsStr, bytes: &[u8], replacing: bool, mode: u32) -> Result<()> {
        let doing = if replacing { "replace" } else { "create" };
        let name = self.plain(doing, name)?;
        let failed = |why: Why| self.failed(doing, name, why);
        let mut temporary = Temporary::new(&self.fd, name, mode).map_err(failed)?;
        if let Err(error) = temporary.file.write_all(bytes) {
            temporary.remove(&self.fd);
            return Err(failed(error.into()));
        }
        temporary.keep(&self.fd, name, replacing).map_err(failed)
    }

    /// Gives a file in it another name there, in place of what may have had that.
    ///
    /// # Errors
    /// The system refuses.
    pub fn rename(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) -> Result<()> {
        let (from, to) = (from.as_ref(), to.as_ref());
        self.plain("rename", from)?;
        self.plain("rename", to)?;
        rustix::fs::renameat(&self.fd, from, &self.fd, to).map_err(|errno| self.failed("rename", from, errno))
    }

    /// Removes a name that is no directory (a link itself, never what it names); whether anything was there.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove(&self, name: impl AsRef<OsStr>) -> Result<bool> {
        let name = self.plain("remove", name.as_ref())?;
        match rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(self.failed("remove", name, errno)),
        }
    }

    /// Removes a name and, if it is a directory, all below it, without following a link or leaving it; whether anything was there.
    ///
    /// # Errors
    /// The system refuses.
    pub fn remove_all(&self, name: impl AsRef<OsStr>) -> Result<bool> {
        let name = self.plain("remove", name.as_ref())?;
        if self.kind(name)? != Some(Kind::Directory) {
            return self.remove(name);
        }
        // The standard library's goes by handles too, from the one above it on.
        match std::fs::remove_dir_all(self.through(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(self.failed("remove", name, error)),
        }
    }

    /// Makes the names in it last.
    ///
    /// # Errors
    /// The system refuses.
    pub fn sync(&self) -> Result<()> {
        sync(&self.fd).map_err(|why| self.failed("sync", "", why))
    }

    pub(crate) fn check(&self) -> Result<()> {
        rustix::fs::fstat(&self.fd)
            .map_err(Why::from)
            .and_then(|stat| ours(&stat))
            .map_err(|why| self.failed("use", "", why))
    }

    fn close_to_others(&self) -> Result<()> {
        self.check()?;
        let mode = self.mode()?;
        if mode & 0o077 == 0 {
            return Ok(());
        }
        self.set_mode(mode & !0o077)
    }

    pub(crate) fn plain<'n>(&self, doing: &'static str, name: &'n OsStr) -> Result<&'n OsStr> {
        let mut components = Path::new(name).components();
        match (components.next(), components.next()) {
            (Some(Component::Normal(only)), None) if only == name => Ok(name),
            _ => Err(self.failed(doing, name, Why::Name)),
        }
    }

    pub(crate) fn failed(&self, doing: &'static str, name: impl AsRef<OsStr>, why: impl Into<Why>) -> Error {
        let name = name.as_ref();
        let path = if name.is_empty() {
            self.path.clone()
        } else {
            self.path.join(name)
        };
        Error::new(doing, path, why)
    }

    pub(crate) const fn of(fd: OwnedFd, path: PathBuf) -> Self {
        Self { fd, path }
    }

    pub(crate) fn into_parts(self) -> (OwnedFd, PathBuf) {
        (self.fd, self.path)
    }

    pub(crate) const fn fd(&self) -> &OwnedFd {
        &self.fd
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A new file at a name, with exactly these permission bits.
pub(crate) fn create(at: &OwnedFd, name: &OsStr, mode: u32) -> Result<File, Why> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | ALWAYS;
    match rustix::fs::openat(at, name, flags, Mode::from_raw_mode(mode)) {
        Ok(fd) => {
            permit(&fd, mode)?;
            Ok(fd.into())
        }
        Err(Errno::EXIST) => Err(Why::Exists),
        Err(errno) => Err(errno.into()),
    }
}
