//! What is read from a path that somebody names: a plain file, a device, or a pipe that may stay silent.
//!
//! Links are followed here: `/dev/stdin` is one, and reading changes nothing. Opening never blocks; reading from a pipe ends with the
//! deadline, and a pipe that nobody has open for writing is waited for, not taken for empty.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, Mode, OFlags, fstat, openat};
use rustix::io::Errno;

use crate::error::{Error, Result, Why};
use crate::kind::{Kind, as_seen};

/// How long a pipe may stay silent before its first byte when the caller sets no deadline.
const FIRST_BYTE: Duration = Duration::from_secs(60);

/// Something open for reading.
#[derive(Debug)]
pub struct Input {
    file: File,
    path: PathBuf,
    kind: Kind,
    length: Option<u64>,
    deadline: Option<Instant>,
    begun: bool,
}

impl Input {
    /// Opens `path`; reading from a pipe ends at `deadline`.
    ///
    /// # Errors
    /// It is a directory or a socket, or the system refuses.
    pub fn open(path: &Path, deadline: Option<Instant>) -> Result<Self> {
        open(path, deadline).map_err(|why| Error::new("open", path, why))
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
        let silent = || io::Error::from(Error::new("read", &self.path, Why::Silent));
        let deadline = match self.deadline {
            Some(deadline) => Some(deadline),
            None if self.begun => None,
            None => Instant::now().checked_add(FIRST_BYTE),
        };
        ready(self.file.as_fd(), PollFlags::IN, deadline)?
            .then_some(())
            .ok_or_else(silent)?;
        self.begun = true;
        Ok(())
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
    if matches!(kind, Kind::Directory | Kind::Socket) {
        return Err(Why::Kind(kind, "something to read from"));
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOCTTY | OFlags::NONBLOCK;
    let file: File = openat(CWD, path, flags, Mode::empty())?.into();
    let stat = fstat(&file)?;
    if !as_seen(&seen, &stat) {
        return Err(Why::Changed);
    }
    let length = match kind {
        // Files under /proc and /sys say 0 and have something: what they have is known at their end.
        Kind::File if stat.st_size > 0 => u64::try_from(stat.st_size).ok(),
        Kind::Block => {
            use io::{Seek, SeekFrom};
            let end = (&file).seek(SeekFrom::End(0))?;
            (&file).seek(SeekFrom::Start(0))?;
            Some(end)
        }
        _ => None,
    };
    Ok(Input {
        file,
        path: path.to_owned(),
        kind,
        length,
        deadline,
        begun: false,
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
