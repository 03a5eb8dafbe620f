//! What is read from a path that somebody names: a plain file, a device, or a pipe that may stay silent.
//!
//! Links are followed here: `/dev/stdin` is one, and reading changes nothing. Opening never blocks; reading from a pipe ends with the
//! deadline, and a FIFO that nobody has open for writing is waited for a while, not taken for empty and not waited for for ever.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, Mode, OFlags, Stat, fstat, openat};
use rustix::io::Errno;

use crate::error::{Error, Result, Why};
use crate::kind::{Kind, as_seen};

/// How long a FIFO may stay silent before its first byte: perhaps nobody will ever write to it.
const FIRST_BYTE: Duration = Duration::from_secs(60);

/// Something open for reading.
#[derive(Debug)]
pub struct Input {
    file: File,
    path: PathBuf,
    kind: Kind,
    length: Option<u64>,
    deadline: Option<Instant>,
    /// Whether bytes may be waited for only so long: until the first of a FIFO.
    first: bool,
}

impl Input {
    /// Opens `path`; reading from a pipe ends at `deadline`.
    ///
    /// # Errors
    /// It is a directory, or the system refuses.
    pub fn open(path: &Path, deadline: Option<Instant>) -> Result<Self> {
        open(path, deadline).map_err(|why| Error::new("open", path, why))
    }

    /// Standard input, whatever that is.
    ///
    /// # Errors
    /// As [`Input::open`].
    pub fn stdin(deadline: Option<Instant>) -> Result<Self> {
        let path = Path::new("standard input");
        let of = || {
            let file = File::from(io::stdin().as_fd().try_clone_to_owned()?);
            let stat = fstat(&file)?;
            let kind = Kind::of(&stat);
            wanted(kind)?;
            let length = length(&file, kind, &stat)?;
            Ok(Self {
                file,
                path: path.to_owned(),
                kind,
                length,
                deadline,
                first: false,
            })
        };
        of().map_err(|why: Why| Error::new("open", path, why))
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Its length; `None` where that is not known before it is read.
    #[must_use]
    pub const fn length(&self) -> Option<u64> {
        self.length
    }

    /// Waits for bytes, or for the end.
    fn wait(&mut self) -> io::Result<()> {
        if self.kind == Kind::File || self.kind == Kind::Block {
            return Ok(());
        }
        let deadline = match (self.deadline, self.first.then(|| Instant::now() + FIRST_BYTE)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if !ready(self.file.as_fd(), PollFlags::IN, deadline)? {
            return Err(Error::new("read", &self.path, Why::Silent).into());
        }
        self.first = false;
        Ok(())
    }
}

impl AsFd for Input {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Read for Input {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            self.wait()?;
            match self.file.read(buf) {
                // Somebody else who reads the same pipe was quicker.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return other,
            }
        }
    }
}

fn open(path: &Path, deadline: Option<Instant>) -> Result<Input, Why> {
    let seen = rustix::fs::stat(path)?;
    let kind = Kind::of(&seen);
    wanted(kind)?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let file: File = openat(CWD, path, flags, Mode::empty())?.into();
    let stat = fstat(&file)?;
    if !as_seen(&seen, &stat) {
        return Err(Why::Changed);
    }
    // A pipe that a shell made (`/dev/fd/63`) is a link, and has its writer.
    let by_name = Kind::of(&rustix::fs::lstat(path)?);
    Ok(Input {
        length: length(&file, kind, &stat)?,
        file,
        path: path.to_owned(),
        kind,
        deadline,
        first: by_name == Kind::Pipe,
    })
}

fn wanted(kind: Kind) -> Result<(), Why> {
    match kind {
        Kind::Directory => Err(Why::Kind(kind, "something to read from")),
        _ => Ok(()),
    }
}

/// The bytes from where it stands to its end.
fn length(mut file: &File, kind: Kind, stat: &Stat) -> Result<Option<u64>, Why> {
    Ok(match kind {
        // Files under /proc and /sys say 0 and have something: what they have is known at their end.
        Kind::File if stat.st_size > 0 => {
            let at = file.stream_position()?;
            u64::try_from(stat.st_size).ok().map(|end| end.saturating_sub(at))
        }
        Kind::Block => {
            let at = file.stream_position()?;
            let end = file.seek(SeekFrom::End(0))?;
            file.seek(SeekFrom::Start(at))?;
            Some(end.saturating_sub(at))
        }
        _ => None,
    })
}

/// Reads what is there, at most `limit` bytes.
///
/// # Errors
/// As [`Input::open`]; [`Why::TooLong`]; [`Why::Silent`].
pub fn read_limited(path: &Path, limit: u64, deadline: Option<Instant>) -> Result<Vec<u8>> {
    let failed = |why: Why| Error::new("read", path, why);
    let input = Input::open(path, deadline)?;
    let mut bytes = Vec::new();
    input
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| match error.downcast::<Error>() {
            Ok(error) => error,
            Err(error) => failed(error.into()),
        })?;
    if bytes.len() as u64 > limit {
        return Err(failed(Why::TooLong(limit)));
    }
    Ok(bytes)
}

/// Whether `what` (or an end) came before `deadline`.
pub(crate) fn ready(fd: BorrowedFd<'_>, what: PollFlags, deadline: Option<Instant>) -> io::Result<bool> {
    loop {
        let left = deadline.map(|at| at.saturating_duration_since(Instant::now()));
        let timeout = left.map(|left| Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        });
        let mut fds = [PollFd::from_borrowed_fd(fd, what)];
        match poll(&mut fds, timeout.as_ref()) {
            Ok(0) => return Ok(false),
            Ok(_) => return Ok(true),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}
