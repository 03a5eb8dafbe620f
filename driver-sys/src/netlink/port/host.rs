//! The kernel's own socket: AF_NETLINK, NETLINK_ISCSI.

use std::os::fd::{AsFd, BorrowedFd};

use neli::consts::socket::NlFamily;
use nix::errno::Errno;
use zeroize::{Zeroize, Zeroizing};

use super::{Port, RECV_LIMIT};
use crate::port::{Netlink, PortError, Until};

/// Receive buffer asked for, in bytes.
const BUFFER: usize = 1 << 20;
/// Bit of CAP_SYS_ADMIN in a capability mask.
const CAP_SYS_ADMIN: u32 = 21;

/// A bound NETLINK_ISCSI socket.
#[derive(Debug)]
pub struct HostPort {
    socket: Netlink,
    pid: u32,
    buffer: Vec<u8>,
}

impl HostPort {
    /// Opens the socket and joins `groups` (bits as in `nl_groups`).
    ///
    /// # Errors
    /// [`PortError::NoCapability`] without CAP_SYS_ADMIN (every request needs it) or CAP_NET_ADMIN (the groups need it),
    /// [`PortError::NoModule`] without scsi_transport_iscsi, [`PortError::System`].
    pub fn open(groups: u32) -> Result<Self, PortError> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        if effective(&status).is_some_and(|mask| mask & (1 << CAP_SYS_ADMIN) == 0) {
            return Err(PortError::NoCapability {
                capability: "CAP_SYS_ADMIN",
            });
        }
        let socket = Netlink::open(NlFamily::Iscsi).map_err(|errno| match errno {
            Errno::EPROTONOSUPPORT | Errno::EAFNOSUPPORT => PortError::NoModule,
            other => PortError::system("opening the iSCSI netlink socket", other),
        })?;
        // The process ID as port ID, like everybody else; a second socket of this process gets another one.
        let bound = socket.bind(Some(std::process::id())).or_else(|errno| {
            if errno == Errno::EADDRINUSE {
                socket.bind(None)
            } else {
                Err(errno)
            }
        });
        bound.map_err(|errno| PortError::system("binding the iSCSI netlink socket", errno))?;
        socket.join(groups).map_err(|errno| match errno {
            Errno::EPERM | Errno::EACCES => PortError::NoCapability {
                capability: "CAP_NET_ADMIN",
            },
            other => PortError::system("joining the iSCSI netlink groups", other),
        })?;
        socket.ask_for_buffer(BUFFER);
        let pid = socket
            .pid()
            .map_err(|errno| PortError::system("reading the netlink port ID", errno))?;
        Ok(Self {
            socket,
            pid,
            buffer: vec![0; RECV_LIMIT],
        })
    }
}

/// `CapEff` of `/proc/self/status`.
fn effective(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    u64::from_str_radix(line.trim(), 16).ok()
}

impl Port for HostPort {
    fn send_until(&mut self, message: &[u8], until: Until) -> Result<(), PortError> {
        self.socket
            .send(message, until, "a netlink message")
            .map_err(|error| match error {
                // Nobody has the kernel's end of the protocol in this namespace.
                PortError::System {
                    source: Errno::ECONNREFUSED,
                    ..
                } => PortError::WrongNamespace,
                PortError::System {
                    source: Errno::EPERM, ..
                } => PortError::NoCapability {
                    capability: "CAP_SYS_ADMIN",
                },
                other => other,
            })
    }

    fn recv_until(&mut self, until: Until, what: &str) -> Result<Zeroizing<Vec<u8>>, PortError> {
        let message = self
            .socket
            .receive(&mut self.buffer, until, what)
            .map(|message| Zeroizing::new(message.to_vec()));
        // It may have been the CHAP table, or a part of it.
        match &message {
            Ok(message) => self.buffer[..message.len()].zeroize(),
            Err(PortError::Oversized { .. }) => self.buffer.zeroize(),
            Err(_) => {}
        }
        message
    }

    fn pid(&self) -> u32 {
        self.pid
    }

    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_capability_mask_is_read_from_its_line() {
        let status = "Name:\tx\nCapPrm:\t0000000000000000\nCapEff:\t0000000000200000\n";
        assert_eq!(effective(status), Some(1 << CAP_SYS_ADMIN));
        assert_eq!(effective("Name:\tx\n"), None);
        assert_eq!(effective("CapEff:\tnonsense\n"), None);
    }

    /// Every outcome that this machine can give is typed; none is a bare errno.
    #[test]
    fn opening_says_what_is_missing() {
        match HostPort::open(1) {
            Ok(port) => assert_ne!(port.pid(), 0),
            Err(error) => assert!(
                matches!(error, PortError::NoModule | PortError::NoCapability { .. }),
                "{error:?}"
            ),
        }
    }
}
