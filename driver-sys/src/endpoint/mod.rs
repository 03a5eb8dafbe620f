//! Where an adapter is reached: the host's own kernel, or the directory of an emulated one.
//!
//! Owns [`Endpoint`]: which path or socket belongs to which, so that nobody else asks. Must not know messages. Source:
//! `docs/architecture.md`, seam A.

mod node;
mod open;
mod store;
#[cfg(test)]
mod tests;

use core::convert::Infallible;
use core::fmt;
use core::str::FromStr;
use std::path::{Path, PathBuf};

pub use open::{Served, Within};
pub use store::{DirStore, StoreError};

/// Where an adapter is reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Endpoint {
    /// This machine's kernel. Written `host`.
    #[default]
    Host,
    /// An emulated kernel's directory.
    Dir(PathBuf),
}

impl FromStr for Endpoint {
    type Err = Infallible;

    /// `host`, or else a directory (`./host` for one of that name).
    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(if text == "host" {
            Self::Host
        } else {
            Self::Dir(text.into())
        })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host => f.write_str("host"),
            Self::Dir(dir) => dir.display().fmt(f),
        }
    }
}

impl Endpoint {
    /// The directory of an emulated kernel.
    #[must_use]
    pub fn dir(&self) -> Option<&Path> {
        match self {
            Self::Host => None,
            Self::Dir(dir) => Some(dir),
        }
    }

    /// Where the network helper of the endpoint's adapters keeps what it knows, and listens: `/run/iscsiuio` or `DIR/iscsiuio`.
    #[must_use]
    pub fn helper_dir(&self) -> PathBuf {
        match self {
            Self::Host => PathBuf::from("/run/iscsiuio"),
            Self::Dir(dir) => dir.join("iscsiuio"),
        }
    }

    /// The sysfs tree: `/sys` or `DIR/sys`.
    #[must_use]
    pub fn sysfs_path(&self) -> PathBuf {
        match self {
            Self::Host => PathBuf::from("/sys"),
            Self::Dir(dir) => dir.join("sys"),
        }
    }
}
