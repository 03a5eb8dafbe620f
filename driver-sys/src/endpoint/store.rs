//! Writes to sysfs attributes: the file itself on a host, a packet `path NUL value` to `DIR/store` else.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;

use crate::port::{PortError, Seqpacket, Until};
use crate::sysfs;

/// Longest value of an attribute, in bytes (a page).
const MAX_VALUE: usize = 4096;
/// How long an attribute may take: some do flash writes or logins.
const LIMIT: Duration = Duration::from_secs(60);

/// Why a write failed. Values are never part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The attribute refused the value.
    #[error("writing {path} was refused")]
    Refused {
        /// The attribute, relative to the sysfs root.
        path: String,
        /// Its answer.
        #[source]
        source: Errno,
    },
    /// The path leaves the sysfs tree, or has a NUL.
    #[error("{path:?} is not a path below the sysfs root")]
    BadPath {
        /// The path.
        path: String,
    },
    /// The write did not reach the emulated kernel, or its answer did not come.
    #[error(transparent)]
    Port(#[from] PortError),
}

fn check(path: &str, value: &[u8]) -> Result<(), StoreError> {
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    if path.contains('\0') || !path.split('/').all(plain) {
        return Err(StoreError::BadPath { path: path.into() });
    }
    if value.len() > MAX_VALUE {
        return Err(StoreError::Refused {
            path: path.into(),
            source: Errno::E2BIG,
        });
    }
    Ok(())
}

/// Writes the file itself.
pub(super) fn host(root: &Path, path: &str, value: &[u8]) -> Result<(), StoreError> {
    check(path, value)?;
    let written = OpenOptions::new()
        .write(true)
        .open(root.join(path))
        .and_then(|mut file| file.write(value));
    match written {
        Ok(count) if count == value.len() => Ok(()),
        Ok(_) => Err(StoreError::Refused {
            path: path.into(),
            source: Errno::EIO,
        }),
        Err(error) => Err(StoreError::Refused {
            path: path.into(),
            source: Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)),
        }),
    }
}

/// Writes by packets to `DIR/store`.
#[derive(Debug, Clone)]
pub struct DirStore {
    socket: PathBuf,
}

impl DirStore {
    /// For the directory of an emulated kernel; connects with each write.
    #[must_use]
    pub fn new(dir: &Path) -> Self {
        Self {
            socket: dir.join("store"),
        }
    }

    /// Writes an attribute.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn write(&self, path: &str, value: &[u8]) -> Result<(), StoreError> {
        self.write_until(path, value, Until::after(LIMIT))
    }

    /// As [`Self::write`]; everything is waited for until then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn write_until(&self, path: &str, value: &[u8], until: Until) -> Result<(), StoreError> {
        check(path, value)?;
        let socket = Seqpacket::connect(&self.socket, until)?;
        let packet = [path.as_bytes(), b"\0", value].concat();
        socket.send_until(&packet, until, "an attribute write")?;
        let mut answer = [0; 8];
        let answer = socket.receive(&mut answer, until, &format!("answer to the write of {path}"))?;
        let code = answer
            .try_into()
            .map(i32::from_ne_bytes)
            .map_err(|_| PortError::Malformed {
                what: "answer to an attribute write",
                detail: format!("{} bytes instead of 4", answer.len()),
            })?;
        match code {
            0 => Ok(()),
            code => Err(StoreError::Refused {
                path: path.into(),
                source: crate::port::errno(code),
            }),
        }
    }
}

impl sysfs::Store for DirStore {
    fn store(&self, path: &str, value: &[u8]) -> Result<(), Errno> {
        self.write(path, value).map_err(|error| match error {
            StoreError::Refused { source, .. } => source,
            StoreError::BadPath { .. } => Errno::EINVAL,
            StoreError::Port(PortError::Timeout { .. } | PortError::Mute { .. }) => Errno::ETIMEDOUT,
            StoreError::Port(PortError::NotServed { source, .. }) => source,
            StoreError::Port(_) => Errno::EIO,
        })
    }
}
