//! Where bsg requests go: the host's device node, or the emulated kernel's socket.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;

use super::ioctl;
use super::packet::{Answer, Job, MAX_PAYLOAD};
use super::{VendorCommand, VendorReply};
use crate::port::{PortError, Seqpacket, Until};

/// Why a vendor command failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BsgError {
    /// The request did not reach the driver, or its answer did not come.
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
    /// The driver or the transport class refused.
    #[error("the driver refused")]
    Refused(#[source] Errno),
    /// The driver tried and failed; the SCSI result says how, of a self test the mailboxes behind it say more.
    #[error("the driver failed (SCSI result {result:#x}{})", status(words))]
    Failed {
        /// SCSI result.
        result: u32,
        /// Words behind the reply's head ([`super::Mailboxes::behind`]).
        words: Vec<u32>,
    },
    /// More data than one request can carry.
    #[error("{size} bytes are too many for one request (limit {MAX_PAYLOAD})")]
    TooLarge {
        /// Bytes asked for.
        size: usize,
    },
}

/// ", mailbox 0x…" when mailboxes came.
fn status(words: &[u32]) -> String {
    words
        .first()
        .map_or_else(String::new, |status| format!(", mailbox {status:#06x}"))
}

/// Requests for one iSCSI host.
#[derive(Debug)]
pub struct Bsg(Inner);

#[derive(Debug)]
enum Inner {
    Node(File),
    Socket(Seqpacket, Vec<u8>),
}

impl Bsg {
    /// Opens a device node such as `/dev/bsg/iscsi_host6`.
    ///
    /// # Errors
    /// [`BsgError::Open`].
    pub fn node(path: &Path) -> Result<Self, BsgError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|error| BsgError::Open {
                path: path.to_owned(),
                source: Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO)),
            })?;
        Ok(Self(Inner::Node(file)))
    }

    /// Connects to an emulated kernel's socket such as `DIR/bsg/iscsi_host6`.
    ///
    /// # Errors
    /// [`BsgError::Port`].
    pub fn socket(path: &Path, until: impl Into<Until>) -> Result<Self, BsgError> {
        Ok(Self(Inner::Socket(
            Seqpacket::connect(path, until)?,
            vec![0; 12 + 96 + MAX_PAYLOAD],
        )))
    }

    /// Carries one request, whatever it is.
    ///
    /// # Errors
    /// [`BsgError::TooLarge`], [`BsgError::Port`]. A refusal of the driver is inside the [`Answer`].
    pub fn carry(&mut self, job: &Job, timeout: Duration) -> Result<Answer, BsgError> {
        self.carry_until(job, Until::after(timeout))
    }

    /// As [`Self::carry`]. The kernel's own node waits inside of the call, which nothing but its own timer ends.
    ///
    /// # Errors
    /// As [`Self::carry`].
    pub fn carry_until(&mut self, job: &Job, until: Until) -> Result<Answer, BsgError> {
        let size = job
            .payload_out
            .len()
            .max(usize::try_from(job.payload_in_len).unwrap_or(usize::MAX));
        if size > MAX_PAYLOAD {
            return Err(BsgError::TooLarge { size });
        }
        match &mut self.0 {
            Inner::Node(file) => Ok(ioctl::transport(file, job, until.left().unwrap_or(Duration::MAX))),
            Inner::Socket(socket, buffer) => {
                socket.send_until(&job.encode(), until, "a bsg request")?;
                let packet = socket.receive(buffer, until, "answer to a bsg request")?;
                Ok(Answer::decode(packet)?)
            }
        }
    }

    /// Runs a vendor command.
    ///
    /// # Errors
    /// [`BsgError::Refused`] with the driver's errno, [`BsgError::Failed`] with its SCSI result, or as
    /// [`Self::carry`].
    pub fn run(&mut self, command: &VendorCommand, timeout: Duration) -> Result<VendorReply, BsgError> {
        self.run_until(command, Until::after(timeout))
    }

    /// As [`Self::run`], until then.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_until(&mut self, command: &VendorCommand, until: Until) -> Result<VendorReply, BsgError> {
        let answer = self.carry_until(&command.to_job(), until)?;
        answer.errno.map_err(BsgError::Refused)?;
        let reply = VendorReply::from_answer(&answer)?;
        if reply.result == 0 {
            Ok(reply)
        } else {
            Err(BsgError::Failed {
                result: reply.result,
                words: reply.words,
            })
        }
    }
}
