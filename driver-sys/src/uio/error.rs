//! Why a UIO device cannot be used.

use std::path::PathBuf;

use nix::errno::Errno;

/// A failure of a UIO device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UioError {
    /// There is no node.
    #[error("{} is not there (udev makes it; CONFIG_UIO, module uio)", path.display())]
    Missing {
        /// The node.
        path: PathBuf,
    },
    /// It may not be opened.
    #[error("{} may not be opened (the driver wants CAP_NET_ADMIN, the node its owner)", path.display())]
    Permission {
        /// The node.
        path: PathBuf,
        /// The answer.
        #[source]
        source: Errno,
    },
    /// Another process has it: drivers of rings let one in.
    #[error("{} is in use by another process (another iscsiuio?)", path.display())]
    Busy {
        /// The node.
        path: PathBuf,
    },
    /// The driver has it, and the adapter is not up.
    #[error("the adapter behind {} is down (is its network device up?)", path.display())]
    Down {
        /// The node.
        path: PathBuf,
    },
    /// A region is not offered.
    #[error("{} offers no memory of number {index}", path.display())]
    NoRegion {
        /// The node.
        path: PathBuf,
        /// Which.
        index: usize,
    },
    /// A region's size or place makes no sense.
    #[error("{} says that its memory {index} has {size} bytes from {offset} on", path.display())]
    Absurd {
        /// The node.
        path: PathBuf,
        /// Which.
        index: usize,
        /// Its length.
        size: u64,
        /// Its beginning.
        offset: u64,
    },
    /// Any other answer of the system.
    #[error("{what} failed for {}", path.display())]
    System {
        /// What was tried.
        what: &'static str,
        /// The node.
        path: PathBuf,
        /// The answer.
        #[source]
        source: Errno,
    },
}
