//! A program on a terminal of its own.
//!
//! Owns [`Terminal`]: a pseudo terminal, the program that has it as its controlling terminal (`setsid --ctty` of util-linux), and
//! what it has shown. It must not know the program.

use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::{read, write};

use crate::need::Need;
use crate::process::until;

/// What running a program on a terminal takes.
pub const NEEDS: &[Need] = &[Need::Tool("setsid", "util-linux")];

const LIMIT: Duration = Duration::from_secs(30);

/// A terminal with a program on it; the program is killed when this is dropped.
#[derive(Debug)]
pub struct Terminal {
    person: OwnedFd,
    program: OwnedFd,
    child: Child,
    shown: Vec<u8>,
}

impl Terminal {
    /// Starts `command` with this terminal as stdin and stderr, and as its controlling terminal; stdout is a pipe.
    ///
    /// # Errors
    /// No terminal can be had, or the command cannot be started.
    pub fn start(command: &Command) -> Result<Self> {
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let OpenptyResult { master, slave } = openpty(&size, None)?;
        let mut on_terminal = Command::new("setsid");
        on_terminal
            .arg("--ctty")
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(slave.try_clone()?)
            .stderr(slave.try_clone()?)
            .stdout(Stdio::piped());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => on_terminal.env(name, value),
                None => on_terminal.env_remove(name),
            };
        }
        let child = on_terminal.spawn().context("cannot run setsid")?;
        Ok(Self {
            person: master,
            program: slave,
            child,
            shown: Vec::new(),
        })
    }

    /// Types these bytes.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn types(&self, bytes: &[u8]) -> Result<()> {
        write(&self.person, bytes)?;
        Ok(())
    }

    /// Waits until the terminal has shown `text`.
    ///
    /// # Errors
    /// It has not in time; the error tells what it has shown.
    pub fn shows(&mut self, text: &str) -> Result<()> {
        self.shows_times(text, 1)
    }

    /// Waits until the terminal has shown `text` so many times since the start.
    ///
    /// # Errors
    /// As [`Terminal::shows`].
    pub fn shows_times(&mut self, text: &str, times: usize) -> Result<()> {
        let deadline = Instant::now() + LIMIT;
        while self.shown().matches(text).count() < times {
            if Instant::now() > deadline {
                bail!(
                    "the terminal did not show {text:?} {times} times but {:?}",
                    self.shown()
                );
            }
            self.look(Duration::from_millis(50))?;
        }
        Ok(())
    }

    /// Everything shown so far.
    #[must_use]
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown).into_owned()
    }

    /// Whether the terminal shows what is typed.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn echoes(&self) -> Result<bool> {
        Ok(tcgetattr(&self.program)?.local_flags.contains(LocalFlags::ECHO))
    }

    /// The process on the terminal.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the program has ended; its status. What it showed last is in [`Terminal::shown`].
    ///
    /// # Errors
    /// It has not ended in time.
    pub fn ended(&mut self) -> Result<ExitStatus> {
        let deadline = Instant::now() + LIMIT;
        let status = loop {
            self.look(Duration::from_millis(20))?;
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if Instant::now() > deadline {
                bail!(
                    "still running after {LIMIT:?}; the terminal shows {:?}",
                    self.shown()
                );
            }
        };
        while self.look(Duration::ZERO)? {}
        Ok(status)
    }

    /// Waits until the program sleeps in a stopped state (job control).
    ///
    /// # Errors
    /// It does not in time.
    pub fn stopped(&self) -> Result<()> {
        let path = format!("/proc/{}/stat", self.pid());
        until(LIMIT, "the program to stop", || {
            let stat = std::fs::read_to_string(&path)?;
            Ok(stat.contains(") T ").then_some(()))
        })
    }

    /// Takes what is shown within `limit`; whether there was something.
    fn look(&mut self, limit: Duration) -> Result<bool> {
        let mut fds = [PollFd::new(self.person.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::try_from(limit)?)?;
        if !fds[0]
            .revents()
            .is_some_and(|events| events.contains(PollFlags::POLLIN))
        {
            return Ok(false);
        }
        let mut bytes = [0; 4096];
        match read(&self.person, &mut bytes) {
            Ok(length) => self.shown.extend_from_slice(&bytes[..length]),
            Err(Errno::EIO | Errno::EAGAIN) => return Ok(false),
            Err(errno) => return Err(errno.into()),
        }
        Ok(true)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
