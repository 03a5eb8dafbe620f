//! The served directory: its sockets, its lock, and the loop that drives the emulated kernel.

use std::io;
use std::path::PathBuf;

use crate::config::Config;

/// Why an emulated kernel could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another process serves this directory.
    #[error("{} is served by another process already (its lock is held)", .0.display())]
    Locked(PathBuf),
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
}

/// A running emulated kernel.
pub struct Server {
    config: Config,
}

impl Server {
    /// The configuration that it was started with.
    pub fn config(&self) -> &Config {
        &self.config
    }
}
