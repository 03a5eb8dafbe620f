//! Into the background: the program starts itself again and waits until that says that it is ready, or why it is not.
//!
//! A program that forks could not have threads, nor a runtime; the child is a new process with a session of its own instead. It tells by its
//! standard output.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Where the log goes that was asked for.
const LOG: &str = "/var/log/iscsiuio.log";
/// How long the child may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Starts the child, and waits for it.
pub(super) fn start() -> anyhow::Result<ExitCode> {
    let mut child = Command::new("/proc/self/exe")
        .arg("--child")
        .args(std::env::args_os().skip(1))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot go into the background")?;
    match ready(&mut child) {
        Ok(true) => Ok(ExitCode::SUCCESS),
        // It has said why.
        Ok(false) => {
            let status = child.wait()?;
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            Ok(ExitCode::from(code.filter(|code| *code != 0).unwrap_or(1)))
        }
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(error)
        }
    }
}

/// Whether the child said that it is ready; `false`: it ended.
fn ready(child: &mut Child) -> anyhow::Result<bool> {
    use std::io::Read as _;
    let mut out = child.stdout.take().context("the child has no output")?;
    let end = Instant::now() + LIMIT;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            bail!("the daemon was not ready within {} s", LIMIT.as_secs());
        }
        let mut fds = [PollFd::new(out.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
            Ok(0) | Err(nix::errno::Errno::EINTR) => {}
            Ok(_) => return Ok(out.read(&mut [0])? > 0),
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// The child's side: what it lets go of when it is ready.
#[derive(Debug)]
pub(super) struct Detach {
    null: File,
}

impl Detach {
    /// A session of its own, the root as directory; the log, where one was asked for, takes the place of standard error.
    pub(super) fn new(log: bool) -> anyhow::Result<Self> {
        nix::unistd::setsid().context("no session of its own")?;
        nix::unistd::chdir("/").context("cannot leave the directory")?;
        let null = File::options()
            .read(true)
            .write(true)
            .open("/dev/null")
            .context("/dev/null")?;
        if log {
            let log = files::overwrite(LOG.as_ref(), 0o600)?;
            nix::unistd::dup2_stderr(&log)?;
        }
        Ok(Self { null })
    }

    /// Tells the parent, and lets its terminal go.
    pub(super) fn ready(self, log: bool) -> anyhow::Result<()> {
        // A parent that is gone need not be told.
        let _ = std::io::stdout()
            .write_all(b"\n")
            .and_then(|()| std::io::stdout().flush());
        nix::unistd::dup2_stdout(&self.null)?;
        if !log {
            nix::unistd::dup2_stderr(&self.null)?;
        }
        Ok(())
    }
}
