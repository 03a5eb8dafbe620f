//! A network device that hears every group, as long as somebody wants it.

use std::os::fd::OwnedFd;

use super::{NetdevError, packet, sys};

/// The wish; it ends when this is dropped.
#[derive(Debug)]
pub struct Groups {
    _socket: OwnedFd,
}

impl Groups {
    /// The device hears frames to every group address from now on. Needs CAP_NET_RAW.
    ///
    /// # Errors
    /// [`NetdevError`]: no such device, no capability.
    pub fn all(name: &str) -> Result<Self, NetdevError> {
        // Without a protocol it hears nothing itself.
        let socket = packet::socket(name)?;
        let index = packet::index(&socket, name)?;
        sys::join_groups(&socket, index).map_err(|source| NetdevError::System {
            what: "hearing all groups",
            name: name.into(),
            source,
        })?;
        Ok(Self { _socket: socket })
    }
}
