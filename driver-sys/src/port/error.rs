//! Why a packet did not come or go.

use std::path::PathBuf;
use std::time::Duration;

use nix::errno::Errno;

/// A failure of a packet socket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// The running kernel has no iSCSI netlink: scsi_transport_iscsi is not loaded.
    #[error("the kernel has no iSCSI netlink (module scsi_transport_iscsi is not loaded)")]
    NoModule,
    /// The kernel serves iSCSI netlink in the initial network namespace only.
    #[error("no iSCSI netlink in this network namespace (the kernel serves the initial one only)")]
    WrongNamespace,
    /// A capability is missing.
    #[error("{capability} is missing")]
    NoCapability {
        /// Its name.
        capability: &'static str,
    },
    /// Nobody serves the socket.
    #[error("nothing serves {}", path.display())]
    NotServed {
        /// The socket.
        path: PathBuf,
        /// What connecting answered.
        #[source]
        source: Errno,
    },
    /// Somebody serves the socket, and does not take the connection.
    #[error("the process that serves {} is alive and takes no connection ({:.1} s waited)", path.display(), waited.as_secs_f64())]
    Mute {
        /// The socket.
        path: PathBuf,
        /// How long.
        waited: Duration,
    },
    /// The path of a socket is longer than an address can hold (107 bytes).
    #[error("the path {} is too long for a socket address", path.display())]
    PathTooLong {
        /// The path.
        path: PathBuf,
    },
    /// Nothing came in time.
    #[error("no {what} within {:.1} s", waited.as_secs_f64())]
    Timeout {
        /// What was waited for.
        what: String,
        /// How long.
        waited: Duration,
    },
    /// The peer closed the socket.
    #[error("the peer closed the connection while {what} was expected")]
    Closed {
        /// What was waited for.
        what: String,
    },
    /// A packet was larger than the receive limit; it is lost.
    #[error("a packet of {size} bytes came for {what}, the limit is {limit}")]
    Oversized {
        /// What was waited for.
        what: String,
        /// Size of the packet in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A packet to send is larger than the socket takes.
    #[error("{what} of {size} bytes is too large to send")]
    TooLarge {
        /// The packet.
        what: String,
        /// Its size in bytes.
        size: usize,
    },
    /// The receive buffer overran: multicast messages are lost.
    #[error("messages were lost: the receive buffer overran")]
    Overrun,
    /// A packet was not what it must be.
    #[error("{what} is malformed: {detail}")]
    Malformed {
        /// The packet.
        what: &'static str,
        /// How.
        detail: String,
    },
    /// Any other answer of the system.
    #[error("{what} failed")]
    System {
        /// What was tried.
        what: String,
        /// The answer.
        #[source]
        source: Errno,
    },
}

/// The errno of a number from outside, either sign. A number that has no name here (the kernel has private ones above
/// 511) stays a failure: it becomes EIO, never 0.
#[must_use]
pub fn errno(code: i32) -> Errno {
    match Errno::from_raw(code.saturating_abs()) {
        Errno::UnknownErrno => Errno::EIO,
        known => known,
    }
}

impl PortError {
    pub(crate) fn system(what: impl Into<String>, source: Errno) -> Self {
        Self::System {
            what: what.into(),
            source,
        }
    }
}
