//! Why an emulated kernel cannot be served.

use std::io;
use std::path::{Path, PathBuf};

use isp4xxx::flash::{FlashError, StoreError};

/// Why an emulated kernel could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another process serves this directory.
    #[error("{} is served by another process already (its lock is held)", .0.display())]
    Locked(PathBuf),
    /// The directory is not one that may be served.
    #[error("{} is not served: {why}", path.display())]
    Refused {
        /// Which directory.
        path: PathBuf,
        /// Why, and what helps.
        why: String,
    },
    /// The directory, its lock or its mark cannot be used.
    #[error("cannot {0}")]
    Place(#[from] files::Error),
    /// A file or socket of the directory could not be made.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system answered.
        #[source]
        source: io::Error,
    },
    /// The configuration makes no sense.
    #[error("invalid configuration: {0}")]
    Config(String),
    /// The card does not start with this flash.
    #[error("the card does not start with the flash file {} (its NVRAM is beside it, in FILE.nvram)", path.display())]
    Flash {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: FlashError,
    },
    /// The flash file cannot be used.
    #[error("cannot use the flash file {}", path.display())]
    Store {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: StoreError,
    },
    /// A port's L2 ring has no network device to be tied to.
    #[error("the L2 ring of host{host} has no cable")]
    Cable {
        /// Which host.
        host: u32,
        /// Why.
        #[source]
        source: driver_sys::netdev::NetdevError,
    },
    /// The event loop refused a descriptor.
    #[error("the event loop failed")]
    Reactor(#[source] io::Error),
}

pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ServeError {
    move |source| ServeError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
