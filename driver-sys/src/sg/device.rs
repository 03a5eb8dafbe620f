//! Where SCSI commands go: a device's bsg or sg node, or the emulated kernel's socket.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;

use super::packet::{Command, MAX_CDB, MAX_DATA, MAX_SENSE, Outcome, Transfer};
use crate::bsg::{ScsiIo, scsi_bsg, scsi_sg};
use crate::port::{PortError, Seqpacket, Until};

/// How much longer than the command's own timeout the emulated kernel's answer may take, where the caller sets no end.
const LATE: Duration = Duration::from_secs(5);

/// Why a command could not be carried. What the device said about it is an [`Outcome`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SgError {
    /// The command did not reach the kernel, or its answer did not come.
    #[error(transparent)]
    Port(#[from] PortError),
    /// The node cannot be opened.
    #[error("{} cannot be opened", path.display())]
    Open {
        /// The node.
        path: PathBuf,
        /// What opening answered.
        #[source]
        source: Errno,
    },
    /// More than one command can carry.
    #[error("{what} of {size} bytes is too long for one command (limit {limit})")]
    TooLarge {
        /// CDB or data.
        what: &'static str,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
}

/// A SCSI device that takes commands.
#[derive(Debug)]
pub struct Device(Inner);

#[derive(Debug)]
enum Inner {
    Bsg(File),
    Sg(File),
    Socket(Seqpacket, Vec<u8>),
}

fn open(path: &Path) -> Result<File, SgError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .open(path)
        .map_err(|error| SgError::Open {
            path: path.to_owned(),
            source: Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)),
        })
}

impl Device {
    /// Opens a bsg node such as `/dev/bsg/6:0:0:1`.
    ///
    /// # Errors
    /// [`SgError::Open`].
    pub fn bsg(path: &Path) -> Result<Self, SgError> {
        open(path).map(|file| Self(Inner::Bsg(file)))
    }

    /// Opens an sg node such as `/dev/sg3`.
    ///
    /// # Errors
    /// [`SgError::Open`].
    pub fn sg(path: &Path) -> Result<Self, SgError> {
        open(path).map(|file| Self(Inner::Sg(file)))
    }

    /// Connects to an emulated kernel's socket such as `DIR/sg/6:0:0:1`.
    ///
    /// # Errors
    /// [`SgError::Port`].
    pub fn socket(path: &Path, until: impl Into<Until>) -> Result<Self, SgError> {
        let buffer = vec![0; 24 + MAX_SENSE + MAX_DATA];
        Ok(Self(Inner::Socket(Seqpacket::connect(path, until)?, buffer)))
    }

    /// Carries one command; its outcome may still be a failure of the device.
    ///
    /// # Errors
    /// [`SgError::TooLarge`] and [`SgError::Port`].
    pub fn run(&mut self, command: &Command) -> Result<Outcome, SgError> {
        self.run_until(command, Until::after(command.timeout.saturating_add(LATE)))
    }

    /// As [`Self::run`]; the answer is waited for until then, whatever the command's own timeout. The kernel's own nodes wait
    /// inside of the call, which nothing but the command's timeout ends.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_until(&mut self, command: &Command, until: Until) -> Result<Outcome, SgError> {
        let too_large = |what, size, limit| Err(SgError::TooLarge { what, size, limit });
        if command.cdb.len() > MAX_CDB {
            return too_large("a CDB", command.cdb.len(), MAX_CDB);
        }
        let (out, room) = match &command.transfer {
            Transfer::None => (&[][..], 0),
            Transfer::Out(data) => (&data[..], 0),
            Transfer::In(room) => (&[][..], usize::try_from(*room).unwrap_or(usize::MAX)),
        };
        if out.len().max(room) > MAX_DATA {
            return too_large("data", out.len().max(room), MAX_DATA);
        }
        match &mut self.0 {
            Inner::Bsg(file) => Ok(local(command, out, room, |cdb, out, data, t| {
                scsi_bsg(file, cdb, out, data, t)
            })),
            Inner::Sg(file) => Ok(local(command, out, room, |cdb, out, data, t| {
                scsi_sg(file, cdb, out, data, t)
            })),
            Inner::Socket(socket, buffer) => {
                socket.send_until(&command.encode(), until, "a SCSI command")?;
                let packet = socket.receive(buffer, until, "answer to a SCSI command")?;
                Ok(Outcome::decode(packet)?)
            }
        }
    }
}

fn local(
    command: &Command,
    out: &[u8],
    room: usize,
    ioctl: impl FnOnce(&[u8], &[u8], &mut [u8], Duration) -> Result<ScsiIo, Errno>,
) -> Outcome {
    let mut data = vec![0; room];
    match ioctl(&command.cdb, out, &mut data, command.timeout) {
        Err(errno) => Outcome::error(errno),
        Ok(io) => {
            let residual = usize::try_from(io.residual).unwrap_or(usize::MAX);
            data.truncate(room.saturating_sub(residual));
            Outcome {
                errno: Ok(()),
                status: io.status,
                host_status: io.host_status,
                sense: io.sense,
                data,
                residual: io.residual,
            }
        }
    }
}
