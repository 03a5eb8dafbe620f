//! The socket of a PCI function.
//!
//! Owns the path: a stale socket is replaced, a living one is left alone, ours goes away at the end.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use emu_net::reactor::{Interest, Reactor, Token};

use crate::error::PciError;

/// A listening socket.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: UnixListener,
    token: Token,
    path: PathBuf,
}

impl Listener {
    pub(crate) fn bind(reactor: &mut Reactor, owner: u32, path: &Path) -> Result<Self, PciError> {
        let failed = |what| {
            move |source| PciError::Io {
                what,
                path: path.to_owned(),
                source,
            }
        };
        match path.symlink_metadata() {
            Ok(found) if !found.file_type().is_socket() => {
                return Err(failed("listen on")(io::ErrorKind::AlreadyExists.into()));
            }
            Ok(_) if UnixStream::connect(path).is_ok() => return Err(PciError::Served(path.to_owned())),
            Ok(_) => std::fs::remove_file(path).map_err(failed("replace"))?,
            Err(_) => {}
        }
        let socket = UnixListener::bind(path).map_err(failed("listen on"))?;
        // Whoever may connect gets the adapter, and its CHAP secrets.
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed("protect"))?;
        socket.set_nonblocking(true).map_err(failed("listen on"))?;
        let token = reactor
            .watch(owner, &socket, Interest::READ)
            .map_err(failed("watch"))?;
        Ok(Self {
            socket,
            token,
            path: path.to_owned(),
        })
    }

    pub(crate) fn token(&self) -> Token {
        self.token
    }

    pub(crate) fn accept(&self) -> Option<UnixStream> {
        match self.socket.accept() {
            Ok((stream, _)) => Some(stream),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                None
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Whoever connects now shall hear that nobody serves.
        let _ = std::fs::remove_file(&self.path);
    }
}
