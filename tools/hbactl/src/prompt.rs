//! Asking for a secret on a terminal: nothing typed is shown, and whatever ends the question, the terminal shows it again.
//!
//! Owns the terminal's mode and the signals while it is changed. It must not know what the secret is for.
//! Source: termios(3), signalfd(2); `getpass` of the C library, which handles the same signals.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

use hba::{Error, Kind, Result, Secret};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, raise};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};

/// What people end or stop a question with.
const ENDING: [Signal; 5] = [
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGTSTP,
];

/// Asks for a secret twice; the answers must be the same.
pub(crate) fn twice(first: &str, second: &str) -> Result<Secret> {
    let secret = ask(first)?;
    if ask(second)? != secret {
        return Err(Error::new(Kind::Invalid, "read the chap secret").answered("the two do not match"));
    }
    Ok(secret)
}

fn ask(question: &str) -> Result<Secret> {
    let failed = |error: io::Error| Error::io("ask for the chap secret", &error);
    let stdin = io::stdin();
    let mut line = Line {
        input: stdin.as_fd(),
        signals: Signals::held().map_err(failed)?,
        ended: false,
        signal: None,
        any: false,
    };
    let silent = Silent::on(stdin.as_fd()).map_err(failed)?;
    {
        let mut err = io::stderr().lock();
        err.write_all(question.as_bytes())
            .and_then(|()| err.flush())
            .map_err(failed)?;
    }
    let answer = Secret::from_reader(&mut line);
    drop(silent);
    let (signal, any) = (line.signal, line.any);
    drop(line);
    if let Some(signal) = signal {
        // The terminal is as it was: now the signal may do what it does. A stop comes back from here.
        raise(signal).map_err(|errno| failed(errno.into()))?;
        if signal == Signal::SIGTSTP {
            return ask(question);
        }
    }
    if !any {
        return Err(Error::new(Kind::Invalid, "ask for the chap secret").answered("nothing was typed"));
    }
    answer
}

/// A terminal that does not show what is typed, for as long as this lives.
struct Silent<'t> {
    terminal: BorrowedFd<'t>,
    before: Termios,
}

impl<'t> Silent<'t> {
    fn on(terminal: BorrowedFd<'t>) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        silent.local_flags.insert(LocalFlags::ECHONL);
        tcsetattr(terminal, SetArg::TCSAFLUSH, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silent<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, SetArg::TCSAFLUSH, &self.before);
    }
}

/// Signals that are held back, and told through a file, for as long as this lives.
struct Signals {
    told: SignalFd,
    before: SigSet,
}

impl Signals {
    fn held() -> io::Result<Self> {
        let mut set = SigSet::empty();
        for signal in ENDING {
            set.add(signal);
        }
        let before = SigSet::thread_get_mask()?;
        set.thread_block()?;
        let told = SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        Ok(Self { told, before })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let _ = self.before.thread_set_mask();
    }
}

/// One line of a terminal, byte by byte, so that nothing typed stays behind in a buffer.
struct Line<'t> {
    input: BorrowedFd<'t>,
    signals: Signals,
    ended: bool,
    signal: Option<Signal>,
    any: bool,
}

impl Line<'_> {
    /// Waits for a byte; `None` at the end of the line or of the input, or when a signal came.
    fn byte(&mut self) -> io::Result<Option<u8>> {
        let mut fds = [
            PollFd::new(self.signals.told.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.input, PollFlags::POLLIN),
        ];
        poll(&mut fds, PollTimeout::NONE)?;
        if let Some(info) = self.signals.told.read_signal()? {
            self.signal = i32::try_from(info.ssi_signo)
                .ok()
                .and_then(|number| Signal::try_from(number).ok());
            return Ok(None);
        }
        let mut byte = [0];
        if nix::unistd::read(self.input, &mut byte)? == 0 {
            return Ok(None);
        }
        self.any = true;
        Ok((byte[0] != b'\n').then_some(byte[0]))
    }
}

impl Read for Line<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(place) = buf.first_mut().filter(|_| !self.ended) else {
            return Ok(0);
        };
        match self.byte()? {
            Some(byte) => {
                *place = byte;
                Ok(1)
            }
            None => {
                self.ended = true;
                Ok(0)
            }
        }
    }
}
