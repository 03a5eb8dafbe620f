//! Why a network device cannot be used.

use nix::errno::Errno;

/// A failure of a packet socket or a TAP device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetdevError {
    /// There is none of this name.
    #[error("there is no network device {name} in this network namespace")]
    Missing {
        /// The name.
        name: String,
    },
    /// No network device can have this name.
    #[error("{name:?} is no name of a network device (1 to 15 bytes, neither a blank nor a slash)")]
    Name {
        /// The name.
        name: String,
    },
    /// Its frames are not Ethernet's.
    #[error("the network device {name} is no Ethernet device (hardware type {kind})")]
    NotEthernet {
        /// The device.
        name: String,
        /// Its type (`ARPHRD_*`).
        kind: u16,
    },
    /// A capability is missing.
    #[error("{capability} is missing for the network device {name}")]
    NoCapability {
        /// The device.
        name: String,
        /// The capability.
        capability: &'static str,
    },
    /// The kernel makes no TAP devices.
    #[error("/dev/net/tun cannot be opened (is the module tun loaded?)")]
    NoTun {
        /// The answer.
        #[source]
        source: Errno,
    },
    /// Somebody else has the TAP device.
    #[error("the network device {name} is in use, or is no TAP device of a single queue")]
    Busy {
        /// The device.
        name: String,
        /// The answer.
        #[source]
        source: Errno,
    },
    /// Any other answer of the system.
    #[error("{what} failed for the network device {name}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The device.
        name: String,
        /// The answer.
        #[source]
        source: Errno,
    },
}
