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

fn wait(fd: impl AsFd, flags: PollFlags, begin: Instant, until: Until, what: &str) -> Result<(), PortError> {
    let mut until = until;
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
            return Err(PortError::Timeout {
                what: what.into(),
                waited: begin.elapsed(),
            });
        }
    }
}

/// Sends one packet; waits for room until then.
pub(crate) fn send(fd: impl AsFd, packet: &[u8], until: Until, what: &str) -> Result<(), PortError> {
    let begin = Instant::now();
    loop {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        match socket::send(fd.as_fd().as_raw_fd(), packet, flags) {
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
pub(crate) fn receive<'b>(
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

/// The same on a netlink socket; what another process sends (it needs CAP_NET_ADMIN for that) is passed over.
pub(crate) fn receive_from_kernel<'b>(
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
