//! What can go wrong while a target is set up. A running target answers trouble at the protocol, not here.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a file cannot be used, for an error that names the file already.
pub(crate) fn why(error: files::Error) -> io::Error {
    let why = error.why().to_string();
    io::Error::new(io::Error::from(error).kind(), why)
}

/// A CHAP file that cannot be used. Never carries a secret.
#[derive(Debug, thiserror::Error)]
pub enum AccountsError {
    /// The file cannot be read.
    #[error("cannot read the CHAP file {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is larger than any sensible list of accounts.
    #[error("the CHAP file {path} is larger than {limit} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Accepted size in bytes.
        limit: u64,
    },
    /// No account for an initiator.
    #[error(
        "the CHAP file {path} has no account for an initiator{}: the target would be open to everybody; add a line name:secret, \
         or start without the file to serve without CHAP",
        if *mutual { " (only one for the target itself)" } else { "" }
    )]
    NobodyIncoming {
        /// The file.
        path: PathBuf,
        /// It has an account for the target itself.
        mutual: bool,
    },
    /// A line is not `[in:|mutual:]name:secret`.
    #[error("line {line} of the CHAP file: {problem}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// A target that cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The target name is no iSCSI name.
    #[error("bad target name {name:?}: {reason}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A LUN is given twice, or there are more than a target may have.
    #[error("bad list of logical units: {0}")]
    Luns(&'static str),
    /// A LUN file cannot be opened or has no usable size.
    #[error("cannot use {path} as logical unit {lun}")]
    LunFile {
        /// Logical unit number.
        lun: u16,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The capture file cannot be made.
    #[error("cannot capture to {path}")]
    Capture {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The saved reservations of a LUN cannot be used.
    #[error("cannot use the saved reservations {path} of logical unit {lun}: {reason}")]
    Reservations {
        /// Logical unit number.
        lun: u16,
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A portal group that no portal is in.
    #[error("no portal is in portal group {0}")]
    Group(u16),
    /// No portal to listen on.
    #[error("no address to listen on")]
    NoPortal,
    /// A portal cannot be opened.
    #[error("cannot listen on {portal}")]
    Listen {
        /// The portal.
        portal: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The control socket cannot be opened.
    #[error("cannot open the control socket {path}")]
    Control {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A thread or the reactor cannot be had.
    #[error("the system refuses resources")]
    System(#[from] io::Error),
}
