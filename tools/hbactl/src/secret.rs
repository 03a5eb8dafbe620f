//! Where a CHAP secret comes from: a file or pipe, stdin, a systemd credential or a prompt. Never argv, never the environment.

use std::io::{self, IsTerminal};
use std::path::Path;

use hba::{Deadline, Error, Kind, Result, Secret};

use crate::args::chap::SecretSource;
use crate::prompt;

/// Reads the secret from the source chosen; asks when none was chosen and stdin is a terminal.
pub(crate) fn read(source: &SecretSource, deadline: Deadline) -> Result<Secret> {
    match given(source, deadline)? {
        Some(secret) => Ok(secret),
        None if io::stdin().is_terminal() => {
            prompt::twice("CHAP secret (12 to 99 bytes, not shown): ", "Once more: ")
        }
        None => Err(Error::new(Kind::Invalid, "read the chap secret")
            .answered("no source was named and stdin is not a terminal")
            .hint("use --secret-file FILE, --secret-stdin or --secret-credential NAME")),
    }
}

/// Reads the secret only if a source was chosen.
pub(crate) fn given(source: &SecretSource, deadline: Deadline) -> Result<Option<Secret>> {
    if let Some(path) = &source.secret_file {
        return Secret::from_file(path, deadline).map(Some);
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
        return Secret::from_file(&Path::new(&dir).join(name), deadline).map(Some);
    }
    if source.secret_stdin {
        return Secret::from_stdin(deadline).map(Some);
    }
    Ok(None)
}
