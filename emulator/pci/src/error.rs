//! What goes wrong on a vfio-user socket.

use std::io;
use std::path::PathBuf;

use isp4xxx::flash::{FlashError, StoreError};
use thiserror::Error;

/// The device cannot be served.
#[derive(Debug, Error)]
pub enum PciError {
    /// The chip is not one with PCI functions of this kind.
    #[error("{0} has no vfio-user model; isp4022 and isp4032 have one")]
    Chip(String),
    /// More or fewer sockets than ports.
    #[error("{sockets} sockets for {ports} ports")]
    Sockets {
        /// Sockets named.
        sockets: usize,
        /// Ports the card has.
        ports: usize,
    },
    /// A file or socket could not be used.
    #[error("cannot {what} {path}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// With what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The socket is served by a living process.
    #[error("{0} is served already")]
    Served(PathBuf),
    /// Something stands where a socket is to be made, and this program did not make it.
    #[error("{0} exists and was not made by hbaemu; move it away or choose another path")]
    Foreign(PathBuf),
    /// A directory or a lock could not be used.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// The flash file cannot be used.
    #[error("cannot use the flash file {path}")]
    Store {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: StoreError,
    },
    /// The flash is not this card's.
    #[error("the flash file {path} does not fit this card")]
    Flash {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: FlashError,
    },
    /// No randomness.
    #[error("no random numbers: {0}")]
    Random(String),
}

/// A client broke the protocol; its connection ends.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProtocolError {
    /// A message shorter than a header or longer than allowed.
    #[error("a message of {0} bytes")]
    Size(u32),
    /// A reply that nobody asked for.
    #[error("a reply to nothing (message {0})")]
    Unasked(u16),
    /// Something came before the versions were agreed.
    #[error("command {0} before the version")]
    TooEarly(u16),
    /// A version of the protocol that we do not speak.
    #[error("protocol version {0}.{1}")]
    Version(u16, u16),
    /// The client does not take its replies.
    #[error("replies pile up")]
    Stalled,
}
