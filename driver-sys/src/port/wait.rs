//! Waiting for a descriptor with a deadline, and whole packets in and out.

use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{self, MsgFlags, NetlinkAddr};

use super::{GRACE, PortError, Until};

/// How soon a packet that the kernel had no memory for is tried again.
const NO_MEMORY: Duration = Duration::from_millis(2);

/// Waits until a descriptor is ready; `begin` is when the caller began, for the error.
pub(crate) fn wait(
    fd: impl AsFd,
    flags: PollFlags,
    begin: Instant,
    until: Until,
    what: &str,
) -> Result<(), PortError> {
    let mut until = until;
    let late = || PortError::Timeout {
        what: what.into(),
        waited: begin.elapsed(),
    };
    // Whoever gives no time has looked already.
    if until.left().is_some_and(|left| left.is_zero()) {
        return Err(late());
    }
    loop {
        // What is under way when the end is asked for still gets a moment: mostly its answer is about to come.
        if until.stop.take_if(|stop| stop.asked()).is_some() {
            until = until.at_most(GRACE);
        }
        let timeout = match until.left() {
            None => PollTimeout::NONE,
            // One millisecond more, so that the last round does not spin.
            Some(left) => PollTimeout::try_from(left.saturating_add(Duration::from_millis(1)))
                .unwrap_or(PollTimeout::MAX),
        };
        let mut fds = vec![PollFd::new(fd.as_fd(), flags)];
        fds.extend(
            until
                .stop
                .map(|stop| PollFd::new(stop.as_fd(), PollFlags::POLLIN)),
        );
        match poll(&mut fds, timeout) {
            Ok(_) if fds.first().is_some_and(|fd| fd.any() == Some(true)) => return Ok(()),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(PortError::system(format!("waiting for {what}"), errno)),
        }
        if until.left().is_some_and(|left| left.is_zero()) {
            return Err(late());
        }
    }
}

/// Sends one packet; waits for room until then.
pub(super) fn send(fd: impl AsFd, packet: &[u8], until: Until, what: &str) -> Result<(), PortError> {
    let raw = fd.as_fd().as_raw_fd();
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    send_by(fd, packet, until, what, |packet| socket::send(raw, packet, flags))
}

/// The same, where `once` sends without waiting.
pub(super) fn send_by(
    fd: impl AsFd,
    packet: &[u8],
    until: Until,
    what: &str,
    mut once: impl FnMut(&[u8]) -> Result<usize, Errno>,
) -> Result<(), PortError> {
    let begin = Instant::now();
    loop {
        match once(packet) {
            Ok(sent) if sent == packet.len() => return Ok(()),
            Ok(_) => return Err(PortError::system(format!("sending {what}"), Errno::EIO)),
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => wait(
                fd.as_fd(),
                PollFlags::POLLOUT,
                begin,
                until,
                &format!("room to send {what}"),
            )?,
            // The kernel finds no memory for a packet in one piece just now; poll(2) would not tell when it does.
            Err(Errno::ENOBUFS | Errno::ENOMEM) if !until.over() => std::thread::sleep(NO_MEMORY),
            Err(Errno::EMSGSIZE) => {
                return Err(PortError::TooLarge {
                    what: what.into(),
                    size: packet.len(),
                });
            }
            Err(Errno::EPIPE | Errno::ECONNRESET) => return Err(PortError::Closed { what: what.into() }),
            Err(errno) => return Err(PortError::system(format!("sending {what}"), errno)),
        }
    }
}

/// Receives one whole packet into `buffer`, or reports that it did not fit (it is then lost).
pub(super) fn receive<'b>(
    fd: impl AsFd,
    buffer: &'b mut [u8],
    until: Until,
    what: &str,
) -> Result<&'b [u8], PortError> {
    let raw = fd.as_fd().as_raw_fd();
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
    whole(fd, buffer, until, what, |buffer| {
        socket::recv(raw, buffer, flags).map(Some)
    })
}

/// The same on a netlink socket; what another process sends (it needs CAP_NET_ADMIN for that) is passed over. neli's own receiving
/// does not say who sent.
pub(super) fn receive_from_kernel<'b>(
    fd: impl AsFd,
    buffer: &'b mut [u8],
    until: Until,
    what: &str,
) -> Result<&'b [u8], PortError> {
    let raw = fd.as_fd().as_raw_fd();
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_TRUNC;
    whole(fd, buffer, until, what, |buffer| {
        let mut room = [IoSliceMut::new(buffer)];
        let message = socket::recvmsg::<NetlinkAddr>(raw, &mut room, None, flags)?;
        let from_kernel = message.address.is_some_and(|from| from.pid() == 0);
        Ok(from_kernel.then_some(message.bytes))
    })
}

/// `once` receives a packet and gives its true size, or `None` to pass it over.
fn whole<'b>(
    fd: impl AsFd,
    buffer: &'b mut [u8],
    until: Until,
    what: &str,
    mut once: impl FnMut(&mut [u8]) -> Result<Option<usize>, Errno>,
) -> Result<&'b [u8], PortError> {
    let begin = Instant::now();
    let limit = buffer.len();
    loop {
        match once(buffer) {
            Ok(None) | Err(Errno::EINTR) => {}
            Ok(Some(0)) => return Err(PortError::Closed { what: what.into() }),
            Ok(Some(size)) if size > limit => {
                return Err(PortError::Oversized {
                    what: what.into(),
                    size,
                    limit,
                });
            }
            Ok(Some(size)) => return Ok(&buffer[..size]),
            Err(Errno::EAGAIN) => wait(fd.as_fd(), PollFlags::POLLIN, begin, until, what)?,
            Err(Errno::ENOBUFS) => return Err(PortError::Overrun),
            Err(Errno::ECONNRESET | Errno::ENOTCONN) => return Err(PortError::Closed { what: what.into() }),
            Err(errno) => return Err(PortError::system(format!("receiving {what}"), errno)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;

    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};

    use super::*;

    fn pair() -> (OwnedFd, OwnedFd) {
        socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::empty()).unwrap()
    }

    #[test]
    fn a_packet_that_the_kernel_has_no_memory_for_is_sent_once_it_has_some() {
        let (near, far) = pair();
        let raw = near.as_raw_fd();
        for shortage in [Errno::ENOBUFS, Errno::ENOMEM] {
            let (mut tries, begin) = (0_u32, Instant::now());
            send_by(&near, b"packet", Until::default(), "a packet", |packet| {
                tries += 1;
                if tries <= 3 {
                    return Err(shortage);
                }
                socket::send(raw, packet, MsgFlags::empty())
            })
            .unwrap();
            assert_eq!(tries, 4, "{shortage}");
            assert!(begin.elapsed() >= NO_MEMORY * 3, "it does not spin");
            let mut buffer = [0; 16];
            assert_eq!(
                receive(&far, &mut buffer, Until::default(), "a packet"),
                Ok(&b"packet"[..])
            );
        }
    }

    #[test]
    fn a_kernel_that_finds_no_memory_in_time_is_told_of() {
        let (near, _far) = pair();
        let begin = Instant::now();
        let limit = NO_MEMORY * 5;
        let failed = send_by(&near, b"packet", Until::after(limit), "a packet", |_| {
            Err(Errno::ENOBUFS)
        });
        assert_eq!(failed, Err(PortError::system("sending a packet", Errno::ENOBUFS)));
        assert!(begin.elapsed() >= limit);
    }

    #[test]
    fn a_buffer_that_overran_is_told_of_and_not_tried_again() {
        let (near, _far) = pair();
        let (mut tries, mut buffer) = (0, [0; 8]);
        let lost = whole(&near, &mut buffer, Until::default(), "an event", |_| {
            tries += 1;
            Err(Errno::ENOBUFS)
        });
        assert_eq!((lost, tries), (Err(PortError::Overrun), 1));
    }
}
