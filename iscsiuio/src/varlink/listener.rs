//! The socket in the state's directory.

use std::io;
use std::os::unix::net::UnixListener as StdListener;
use std::path::Path;

use files::Dir;
use tokio::net::{UnixListener, UnixStream};

use super::NAME;
use crate::ipc::may_ask;

/// Where varlink clients come in.
#[derive(Debug)]
pub struct Listener(UnixListener);

impl Listener {
    /// Listens in a directory of ours, in place of a socket that an earlier process left there. Needs a runtime.
    ///
    /// # Errors
    /// The directory is not ours, or the system refuses.
    pub fn bind(dir: &Path) -> io::Result<Self> {
        let dir = Dir::private(dir)?;
        dir.remove(NAME)?;
        let listener = StdListener::bind(dir.through(NAME))?;
        listener.set_nonblocking(true)?;
        UnixListener::from_std(listener).map(Self)
    }
}

/// The next client that may ask; never comes back without a listener.
///
/// # Errors
/// As [`crate::ipc::Listener::accept`].
pub async fn accept(listener: Option<&Listener>) -> io::Result<UnixStream> {
    match listener {
        Some(listener) => may_ask(listener.0.accept().await?.0),
        None => std::future::pending().await,
    }
}
