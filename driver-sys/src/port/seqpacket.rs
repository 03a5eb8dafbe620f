//! A client's AF_UNIX SOCK_SEQPACKET connection to an emulated kernel.

use std::io::IoSlice;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::sockopt::{RcvBuf, SndBuf};
use nix::sys::socket::{self, AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, UnixAddr};

use super::wait::{receive, send, send_by};
use super::{PortError, Until};

/// Socket buffer asked for, in bytes; the system may give less.
const BUFFER: usize = 1 << 20;
/// How long connecting and sending may take where the caller gives no time of its own.
pub const LIMIT: Duration = Duration::from_secs(10);
/// Between two looks whether a full backlog has room: nothing tells of it.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// One connection; every packet is whole.
#[derive(Debug)]
pub struct Seqpacket {
    fd: OwnedFd,
    path: PathBuf,
}

impl Seqpacket {
    /// Connects to the socket at `path`. A server whose backlog is full is waited for until then.
    ///
    /// # Errors
    /// [`PortError::NotServed`] when nobody listens there, [`PortError::Mute`] when somebody does and takes no connection,
    /// [`PortError::PathTooLong`], [`PortError::System`].
    pub fn connect(path: impl Into<PathBuf>, until: impl Into<Until>) -> Result<Self, PortError> {
        let (path, until, begin) = (path.into(), until.into(), Instant::now());
        let address = UnixAddr::new(&path).map_err(|_| PortError::PathTooLong { path: path.clone() })?;
        let system = |errno| PortError::system(format!("opening a socket for {}", path.display()), errno);
        // Without blocking: a full backlog answers EAGAIN at once, and the wait for room is ours.
        let fd = socket::socket(
            AddressFamily::Unix,
            SockType::SeqPacket,
            SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK,
            None,
        )
        .map_err(system)?;
        // A larger buffer lets larger packets through; without it the limits are merely smaller.
        let _ = socket::setsockopt(&fd, SndBuf, &BUFFER);
        let _ = socket::setsockopt(&fd, RcvBuf, &BUFFER);
        loop {
            match socket::connect(fd.as_raw_fd(), &address) {
                Ok(()) => return Ok(Self { fd, path }),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) if until.over() => {
                    return Err(PortError::Mute {
                        path,
                        waited: begin.elapsed(),
                    });
                }
                Err(Errno::EAGAIN) => {
                    std::thread::sleep(until.left().map_or(LOOK_AGAIN, |left| left.min(LOOK_AGAIN)));
                }
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

    /// Sends one packet, within [`LIMIT`].
    ///
    /// # Errors
    /// [`PortError`]: too large, closed, no room in time.
    pub fn send(&self, packet: &[u8], what: &str) -> Result<(), PortError> {
        self.send_until(packet, Until::after(LIMIT), what)
    }

    /// Sends one packet until then.
    ///
    /// # Errors
    /// [`PortError`]: too large, closed, no room in time.
    pub fn send_until(&self, packet: &[u8], until: impl Into<Until>, what: &str) -> Result<(), PortError> {
        send(&self.fd, packet, until.into(), what)
    }

    /// Sends one packet and a descriptor beside it until then (`SCM_RIGHTS`).
    ///
    /// # Errors
    /// [`PortError`]: too large, closed, no room in time.
    pub fn send_beside(
        &self,
        packet: &[u8],
        descriptor: BorrowedFd<'_>,
        until: impl Into<Until>,
        what: &str,
    ) -> Result<(), PortError> {
        let rights = [descriptor.as_raw_fd()];
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        send_by(&self.fd, packet, until.into(), what, |packet| {
            let beside = [ControlMessage::ScmRights(&rights)];
            let packet = [IoSlice::new(packet)];
            socket::sendmsg::<()>(self.fd.as_raw_fd(), &packet, &beside, flags, None)
        })
    }

    /// Receives one packet into `buffer`; an instant of `None` waits for ever.
    ///
    /// # Errors
    /// [`PortError`]: timeout, closed, larger than the buffer.
    pub fn receive<'b>(
        &self,
        buffer: &'b mut [u8],
        until: impl Into<Until>,
        what: &str,
    ) -> Result<&'b [u8], PortError> {
        receive(&self.fd, buffer, until.into(), what)
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
    fn a_descriptor_goes_beside_a_packet() {
        let (near, far) = pair();
        let (pipe, end) = nix::unistd::pipe().unwrap();
        far.send_beside(b"bind", end.as_fd(), Until::after(LIMIT), "a packet")
            .unwrap();
        drop(end);
        let mut buffer = [0; 64];
        let mut space = nix::cmsg_space!([std::os::fd::RawFd; 2]);
        let mut slices = [std::io::IoSliceMut::new(&mut buffer)];
        let raw = near.as_fd().as_raw_fd();
        let got = socket::recvmsg::<()>(raw, &mut slices, Some(&mut space), MsgFlags::empty()).unwrap();
        assert_eq!(got.bytes, 4);
        let rights = got.cmsgs().unwrap().next();
        let Some(socket::ControlMessageOwned::ScmRights(sent)) = rights else {
            panic!("{rights:?}")
        };
        // Another number of the same end.
        let path = format!("/proc/self/fd/{}", sent[0]);
        let other = std::fs::read_link(path).unwrap();
        let mine = std::fs::read_link(format!("/proc/self/fd/{}", pipe.as_raw_fd())).unwrap();
        assert_eq!(other, mine);
        nix::unistd::close(sent[0]).unwrap();
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

    fn listener(path: &Path, backlog: i32) -> OwnedFd {
        let fd = socket::socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::empty(), None).unwrap();
        socket::bind(fd.as_raw_fd(), &UnixAddr::new(path).unwrap()).unwrap();
        socket::listen(&fd, socket::Backlog::new(backlog).unwrap()).unwrap();
        fd
    }

    #[test]
    fn a_full_backlog_is_waited_for_until_then_and_is_not_the_same_as_nobody() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let listener = listener(&path, 0);
        let mut waiting = Vec::new();
        let mute = loop {
            match Seqpacket::connect(&path, Until::after(Duration::from_millis(30))) {
                Ok(connected) => waiting.push(connected),
                Err(error) => break error,
            }
            assert!(waiting.len() < 64, "the backlog never fills");
        };
        assert!(matches!(mute, PortError::Mute { .. }), "{mute:?}");
        // Room comes while it is waited for.
        let late = path.clone();
        let connecting = std::thread::spawn(move || Seqpacket::connect(&late, None));
        drop(waiting);
        let _taken = socket::accept(listener.as_raw_fd()).unwrap();
        connecting.join().unwrap().unwrap();
        drop(listener);
        assert!(matches!(
            Seqpacket::connect(&path, None),
            Err(PortError::NotServed {
                source: Errno::ECONNREFUSED,
                ..
            })
        ));
    }

    #[test]
    fn who_asks_for_the_end_ends_a_wait_that_has_none() {
        let stop: &'static super::super::Stop = Box::leak(Box::new(super::super::Stop::new().unwrap()));
        let (near, _far) = pair();
        let asker = std::thread::spawn(move || {
            assert!(stop.ask(), "the first");
            assert!(!stop.ask(), "not the first any more");
        });
        let until = Until {
            at: None,
            stop: Some(stop),
        };
        let error = near.receive(&mut [0; 8], until, "an answer").unwrap_err();
        assert!(matches!(error, PortError::Timeout { .. }), "{error:?}");
        asker.join().unwrap();
        assert!(stop.asked() && until.over());
    }
}
