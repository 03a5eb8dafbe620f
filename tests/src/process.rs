//! Child processes that end with the lab, and bounded waits.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A child process; killed and reaped when dropped.
#[derive(Debug)]
pub struct Running {
    name: String,
    child: Child,
}

impl Running {
    /// Starts `command` and waits until it prints a line that contains `ready` on stdout (at most `limit`).
    ///
    /// # Errors
    /// The command cannot be started, ends early, or does not get ready in time.
    pub fn start(command: &mut Command, ready: &str, limit: Duration) -> Result<Self> {
        Self::start_telling(command, ready, limit).map(|(running, _)| running)
    }

    /// As [`Running::start`], and gives back the line.
    ///
    /// # Errors
    /// As [`Running::start`].
    pub fn start_telling(command: &mut Command, ready: &str, limit: Duration) -> Result<(Self, String)> {
        Self::start_logging(command, ready, limit, None)
    }

    /// As [`Running::start_telling`]; every line goes to `log` too, the later ones as well.
    ///
    /// # Errors
    /// As [`Running::start`].
    pub fn start_logging(
        command: &mut Command,
        ready: &str,
        limit: Duration,
        log: Option<File>,
    ) -> Result<(Self, String)> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        let stdout = child.stdout.take().context("no stdout")?;
        let (tell, told) = mpsc::channel();
        let mut log = log;
        std::thread::spawn(move || {
            // Keeps draining after the ready line, so that the child never blocks on a full pipe.
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Some(log) = &mut log {
                    // A log that cannot be written shows in the test that reads it.
                    let _ = writeln!(log, "{line}");
                }
                let _ = tell.send(line);
            }
        });
        let mut running = Self { name, child };
        let deadline = Instant::now() + limit;
        let mut seen = String::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match told.recv_timeout(left) {
                Ok(line) if line.contains(ready) => return Ok((running, line)),
                Ok(line) => seen.push_str(&line),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    bail!(
                        "{} did not print {ready:?} within {limit:?}; it printed {seen:?}",
                        running.name
                    )
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    let status = running.child.wait()?;
                    bail!(
                        "{} ended ({status}) before it was ready; it printed {seen:?}",
                        running.name
                    )
                }
            }
        }
    }

    /// Starts `command` without waiting for a line.
    ///
    /// # Errors
    /// The command cannot be started.
    pub fn spawn(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name, child })
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    ///
    /// # Errors
    /// The process is gone already.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(Pid::from_raw(self.child.id() as i32), signal)?)
    }

    /// Waits until the process has ended, at most `limit`; its exit code.
    ///
    /// # Errors
    /// It is still running then.
    pub fn ended(&mut self, limit: Duration) -> Result<Option<i32>> {
        let status = until(limit, &format!("{} to end", self.name), || {
            Ok(self.child.try_wait()?)
        })?;
        Ok(status.code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks `probe` every 20 ms until it has something, at most `limit`.
///
/// # Errors
/// What the probe failed with, or that `what` did not come in time.
pub fn until<T>(limit: Duration, what: &str, mut probe: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(found) = probe()? {
            return Ok(found);
        }
        if Instant::now() >= deadline {
            bail!("waited {limit:?} for {what}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The path of one of this workspace's own programs, built beside the running test.
///
/// # Errors
/// It has not been built.
pub fn own_binary(name: &str) -> Result<PathBuf> {
    let exe = std::env::current_exe()?;
    let dir = exe
        .ancestors()
        .find(|dir| dir.file_name() == Some(OsStr::new("deps")))
        .and_then(Path::parent);
    let path = dir
        .or_else(|| exe.parent())
        .context("no build directory")?
        .join(name);
    if !path.is_file() {
        bail!(
            "{} is not built; `cargo build --workspace` makes it",
            path.display()
        );
    }
    Ok(path)
}
