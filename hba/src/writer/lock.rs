//! A lock as a file that one process at a time holds with flock(2); the kernel frees it when that process ends, however it ends. The
//! file stays: removing it would let two hold two files of one name.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::Path;

use nix::fcntl::OFlag;

use super::holder::{Holder, SIZE};

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// How an attempt ended.
pub(super) enum Attempt {
    Taken(Lock),
    /// By whom, if the file tells.
    HeldBy(Option<Holder>),
}

impl Lock {
    /// Takes the lock if nobody has it, and writes into it who does.
    pub(super) fn attempt(path: &Path, me: &Holder) -> io::Result<Attempt> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => {
                file.write_all_at(&me.text(), 0)?;
                Ok(Attempt::Taken(Self { _file: file }))
            }
            Err(TryLockError::WouldBlock) => {
                let mut text = [0; SIZE];
                let n = file.read_at(&mut text, 0)?;
                Ok(Attempt::HeldBy(Holder::parse(text.get(..n).unwrap_or_default())))
            }
            Err(TryLockError::Error(e)) => Err(e),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    let open = || {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits())
            .open(path)
    };
    let file = match (open(), path.parent()) {
        (Err(e), Some(dir)) if e.kind() == io::ErrorKind::NotFound => {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
            open()?
        }
        (opened, _) => opened?,
    };
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    Ok(file)
}
