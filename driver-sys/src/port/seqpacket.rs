//! A client's AF_UNIX SOCK_SEQPACKET connection to an emulated kernel.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::socket::sockopt::{RcvBuf, SendTimeout, SndBuf};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, UnixAddr};
use nix::sys::time::{TimeVal, TimeValLike};

use super::{PortError, receive, send};

/// Socket buffer asked for, in bytes; the system may give less.
const BUFFER: usize = 1 << 20;
/// Longest time that connecting may wait for the server's backlog, in seconds.
const CONNECT_SECONDS: i64 = 10;

/// One connection; every packet is whole.
#[derive(Debug)]
pub struct Seqpacket {
    fd: OwnedFd,
    path: PathBuf,
}

impl Seqpacket {
    /// Connects to the socket at `path`.
    ///
    /// # Errors
    /// [`PortError::NotServed`] when nobody listens there, [`PortError::PathTooLong`], [`PortError::System`].
    pub fn connect(path: impl Into<PathBuf>) -> Result<Self, PortError> {
        let path = path.into();
        let address = UnixAddr::new(&path).map_err(|_| PortError::PathTooLong { path: path.clone() })?;
        let system = |errno| PortError::system(format!("opening a socket for {}", path.display()), errno);
        let fd = socket::socket(
            AddressFamily::Unix,
            SockType::SeqPacket,
            SockFlag::SOCK_CLOEXEC,
            None,
        )
        .map_err(system)?;
        // A larger buffer lets larger packets through; without it the limits are merely smaller.
        let _ = socket::setsockopt(&fd, SndBuf, &BUFFER);
        let _ = socket::setsockopt(&fd, RcvBuf, &BUFFER);
        socket::setsockopt(&fd, SendTimeout, &TimeVal::seconds(CONNECT_SECONDS)).map_err(system)?;
        loop {
            match socket::connect(fd.as_raw_fd(), &address) {
                Ok(()) => return Ok(Self { fd, path }),
                Err(Errno::EINTR) => {}
                Err(source) => return Err(PortError::NotServed { path, source }),
            }
        }
    }

    /// A connection that exists already (for tests and inherited descriptors); `path` is for messages.
    #[must_use]
    pub fn from_fd(fd: OwnedFd, path: impl Into<PathBuf>) -> Self {
        Self {
            fd,
            path: path.into(),
        }
    }

    /// Where it leads.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Sends one packet.
    ///
    /// # Errors
    /// [`PortError`]: too large, closed, no room in time.
    pub fn send(&self, packet: &[u8], what: &str) -> Result<(), PortError> {
        send(&self.fd, packet, what)
    }

    /// Receives one packet into `buffer`; `None` waits for ever.
    ///
    /// # Errors
    /// [`PortError`]: timeout, closed, larger than the buffer.
    pub fn receive<'b>(
        &self,
        buffer: &'b mut [u8],
        until: Option<Instant>,
        what: &str,
    ) -> Result<&'b [u8], PortError> {
        receive(&self.fd, buffer, until, what)
    }
}

impl AsFd for Seqpacket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Seqpacket, Seqpacket) {
        let (a, b) =
            socket::socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::empty()).unwrap();
        (Seqpacket::from_fd(a, "a"), Seqpacket::from_fd(b, "b"))
    }

    #[test]
    fn a_packet_beyond_the_buffer_is_reported_and_the_next_one_arrives() {
        let (near, far) = pair();
        far.send(&[7; 100], "a packet").unwrap();
        far.send(b"next", "a packet").unwrap();
        let mut buffer = [0; 64];
        assert_eq!(
            near.receive(&mut buffer, None, "event"),
            Err(PortError::Oversized {
                what: "event".into(),
                size: 100,
                limit: 64
            })
        );
        assert_eq!(near.receive(&mut buffer, None, "event"), Ok(&b"next"[..]));
    }

    #[test]
    fn a_packet_that_no_buffer_takes_is_refused_before_it_is_sent() {
        let (near, _far) = pair();
        let error = near.send(&vec![0; 64 << 20], "a request").unwrap_err();
        assert_eq!(
            error,
            PortError::TooLarge {
                what: "a request".into(),
                size: 64 << 20
            }
        );
    }
}
