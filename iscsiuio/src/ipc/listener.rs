//! The abstract stream socket, our own or one that the service manager made.

use std::io;
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener as StdListener};

use rustix::process::geteuid;
use tokio::net::{UnixListener, UnixStream};

/// The name is in use.
#[derive(Debug, thiserror::Error)]
pub enum Taken {
    /// Somebody else listens.
    #[error("the control socket @{name} is taken: another iscsiuio is running")]
    InUse {
        /// Its name.
        name: String,
    },
    /// The system refuses.
    #[error("cannot listen on the control socket @{name}")]
    System {
        /// Its name.
        name: String,
        /// Its answer.
        #[source]
        source: io::Error,
    },
}

/// Where clients come in.
#[derive(Debug)]
pub struct Listener(UnixListener);

impl Listener {
    /// Listens under an abstract name. Needs a runtime, as [`Listener::adopt`] does.
    ///
    /// # Errors
    /// [`Taken`].
    pub fn bind(name: &str) -> Result<Self, Taken> {
        let listen = || {
            let address = SocketAddr::from_abstract_name(name)?;
            let listener = StdListener::bind_addr(&address)?;
            listener.set_nonblocking(true)?;
            UnixListener::from_std(listener)
        };
        listen().map(Self).map_err(|source| {
            let name = name.to_owned();
            if source.kind() == io::ErrorKind::AddrInUse {
                Taken::InUse { name }
            } else {
                Taken::System { name, source }
            }
        })
    }

    /// A socket that listens already.
    ///
    /// # Errors
    /// It is no socket of this kind.
    pub fn adopt(fd: OwnedFd) -> io::Result<Self> {
        let listener = StdListener::from(fd);
        listener.set_nonblocking(true)?;
        UnixListener::from_std(listener).map(Self)
    }

    /// The next client, if it may ask anything.
    ///
    /// # Errors
    /// As [`may_ask`], or the system refuses.
    pub async fn accept(&self) -> io::Result<UnixStream> {
        may_ask(self.0.accept().await?.0)
    }
}

/// Lets a client in that is the superuser's, or of the user that this process runs as (in a user namespace the superuser outside is
/// nobody). The credentials are those of the accepted socket; the listening one would answer with ours (CVE-2026-44944).
///
/// # Errors
/// [`io::ErrorKind::PermissionDenied`] for a client that is turned away.
pub fn may_ask(client: UnixStream) -> io::Result<UnixStream> {
    let peer = client.peer_cred()?;
    if allowed(peer.uid(), geteuid().as_raw()) {
        return Ok(client);
    }
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!(
            "user {} (process {}) may not ask, only root may",
            peer.uid(),
            peer.pid().unwrap_or_default()
        ),
    ))
}

const fn allowed(peer: u32, own: u32) -> bool {
    peer == 0 || peer == own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_root_and_the_daemons_own_user_may_ask() {
        assert!(allowed(0, 0) && allowed(0, 1000) && allowed(1000, 1000));
        assert!(!allowed(1000, 0) && !allowed(1001, 1000) && !allowed(u32::MAX, 0));
    }
}
