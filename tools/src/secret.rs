//! Where a CHAP secret comes from: a file, stdin, a systemd credential or a prompt. Never argv, never the environment.

use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::path::Path;

use hba::{Error, Kind, Result, Secret};
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};

use crate::args::chap::SecretSource;

/// Reads the secret from the source chosen; asks when none was chosen and stdin is a terminal.
pub(crate) fn read(source: &SecretSource) -> Result<Secret> {
    match given(source)? {
        Some(secret) => Ok(secret),
        None if io::stdin().is_terminal() => prompt(),
        None => Err(Error::new(Kind::Invalid, "read the chap secret")
            .answered("no source was named and stdin is not a terminal")
            .hint("use --secret-file FILE, --secret-stdin or --secret-credential NAME")),
    }
}

/// Reads the secret only if a source was chosen.
pub(crate) fn given(source: &SecretSource) -> Result<Option<Secret>> {
    if let Some(path) = &source.secret_file {
        return Secret::from_file(path).map(Some);
    }
    if let Some(name) = &source.secret_credential {
        let Some(dir) = std::env::var_os("CREDENTIALS_DIRECTORY") else {
            return Err(
                Error::new(Kind::Invalid, format!("read the systemd credential {name}"))
                    .answered("CREDENTIALS_DIRECTORY is not set: this is not a unit with credentials")
                    .hint("add LoadCredentialEncrypted= to the unit, or use --secret-file"),
            );
        };
        if Path::new(name).components().count() != 1 || name.starts_with('.') {
            return Err(Error::new(Kind::Invalid, "read a systemd credential")
                .answered("a credential's name is a plain file name"));
        }
        return Secret::from_file(&Path::new(&dir).join(name)).map(Some);
    }
    if source.secret_stdin {
        return Secret::from_reader(io::stdin().lock()).map(Some);
    }
    Ok(None)
}

fn prompt() -> Result<Secret> {
    let first = ask("CHAP secret (12 to 99 bytes, not shown): ")?;
    if ask("Once more: ")? != first {
        return Err(Error::new(Kind::Invalid, "read the chap secret").answered("the two do not match"));
    }
    Ok(first)
}

fn ask(question: &str) -> Result<Secret> {
    let failed = |error: io::Error| Error::io("ask for the chap secret", &error);
    let stdin = io::stdin();
    let before = tcgetattr(stdin.as_fd()).map_err(|errno| failed(errno.into()))?;
    let mut silent = before.clone();
    silent.local_flags.remove(LocalFlags::ECHO);
    silent.local_flags.insert(LocalFlags::ECHONL);
    {
        let mut err = io::stderr().lock();
        err.write_all(question.as_bytes())
            .and_then(|()| err.flush())
            .map_err(failed)?;
    }
    tcsetattr(stdin.as_fd(), SetArg::TCSAFLUSH, &silent).map_err(|errno| failed(errno.into()))?;
    let answer = Secret::from_reader(OneLine(stdin.lock()));
    tcsetattr(stdin.as_fd(), SetArg::TCSAFLUSH, &before).map_err(|errno| failed(errno.into()))?;
    answer
}

/// Ends at the first newline, where a terminal would go on asking.
struct OneLine<R>(R);

impl<R: io::Read> io::Read for OneLine<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        for filled in 0..buf.len() {
            let mut byte = [0];
            if self.0.read(&mut byte)? == 0 || byte[0] == b'\n' {
                return Ok(filled);
            }
            if let Some(place) = buf.get_mut(filled) {
                *place = byte[0];
            }
        }
        Ok(buf.len())
    }
}
