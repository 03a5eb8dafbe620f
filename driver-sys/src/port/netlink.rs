//! A netlink socket of the running kernel: neli's, with the waits of this crate.
//!
//! Owns opening, sending and receiving whole packets. Must not know a protocol. Source: netlink(7).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use neli::consts::socket::{Msg, NlFamily};
use neli::socket::NlSocket;
use neli::utils::Groups;
use nix::errno::Errno;

use super::wait::{receive_from_kernel, send_by};
use super::{PortError, Until};
use crate::bsg::descriptor;

/// One socket.
pub(crate) struct Netlink(NlSocket);

fn errno(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}

impl Netlink {
    /// Opens a socket of a family.
    pub(crate) fn open(family: NlFamily) -> Result<Self, Errno> {
        NlSocket::new(family).map(Self).map_err(|error| errno(&error))
    }

    /// Takes a port ID; `None` leaves it to the kernel.
    pub(crate) fn bind(&self, pid: Option<u32>) -> Result<(), Errno> {
        self.0.bind(pid, Groups::empty()).map_err(|error| errno(&error))
    }

    /// Joins groups, bits as in `nl_groups`.
    pub(crate) fn join(&self, groups: u32) -> Result<(), Errno> {
        self.0
            .add_mcast_membership(Groups::new_bitmask(groups))
            .map_err(|error| errno(&error))
    }

    /// Asks for a receive buffer. With a smaller one the limit is merely reached earlier.
    pub(crate) fn ask_for_buffer(&self, bytes: usize) {
        let _ = self.0.set_recv_buffer_size(bytes);
    }

    /// The port ID.
    pub(crate) fn pid(&self) -> Result<u32, Errno> {
        self.0.pid().map_err(|error| errno(&error))
    }

    /// Sends one packet; waits for room until then.
    pub(crate) fn send(&self, packet: &[u8], until: Until, what: &str) -> Result<(), PortError> {
        send_by(self, packet, until, what, |packet| {
            self.0.send(packet, Msg::DONTWAIT).map_err(|error| errno(&error))
        })
    }

    /// Receives one packet of the kernel into `buffer`.
    pub(crate) fn receive<'b>(
        &self,
        buffer: &'b mut [u8],
        until: Until,
        what: &str,
    ) -> Result<&'b [u8], PortError> {
        receive_from_kernel(self, buffer, until, what)
    }
}

impl AsFd for Netlink {
    fn as_fd(&self) -> BorrowedFd<'_> {
        descriptor(&self.0)
    }
}

impl std::fmt::Debug for Netlink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Netlink").field(&self.as_fd()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// NETLINK_USERSOCK carries packets between processes: the road is the kernel's, the sender is not.
    #[test]
    fn packets_of_another_process_are_passed_over() {
        let (Ok(near), Ok(far)) = (
            Netlink::open(NlFamily::Usersock),
            Netlink::open(NlFamily::Usersock),
        ) else {
            // A sandbox without netlink.
            return;
        };
        near.bind(None).unwrap();
        far.bind(None).unwrap();
        near.ask_for_buffer(1 << 16);
        assert_ne!(near.pid(), far.pid());
        let to = nix::sys::socket::NetlinkAddr::new(near.pid().unwrap(), 0);
        let raw = std::os::fd::AsRawFd::as_raw_fd(&far.as_fd());
        if nix::sys::socket::sendto(raw, &[7; 32], &to, nix::sys::socket::MsgFlags::empty()).is_err() {
            // Without CAP_NET_ADMIN nobody can.
            return;
        }
        let mut buffer = [0; 64];
        let until = Until::after(Duration::from_millis(20));
        let waited = near.receive(&mut buffer, until, "a packet");
        assert!(matches!(waited, Err(PortError::Timeout { .. })), "{waited:?}");
    }

    /// Nobody listens at the kernel's end of this family: the answer of the system arrives typed.
    #[test]
    fn a_packet_that_nobody_takes_is_refused() {
        let Ok(socket) = Netlink::open(NlFamily::Usersock) else {
            return;
        };
        socket.bind(None).unwrap();
        let refused = socket.send(&[0; 16], Until::after(Duration::from_secs(10)), "a packet");
        assert!(
            matches!(
                refused,
                Err(PortError::System {
                    source: Errno::ECONNREFUSED | Errno::EPERM,
                    ..
                })
            ),
            "{refused:?}"
        );
    }
}
