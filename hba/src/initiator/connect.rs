//! A TCP connection to a portal, from an address or a network device of this host's where one is named.
//!
//! Owns the socket until it is connected. Must not know what is said over it. Source: socket(7) (`SO_BINDTODEVICE`).

use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, SocketAddr, SocketAddrV6, TcpStream};
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockProtocol, SockType, SockaddrStorage, bind, connect as begin, getsockopt,
    setsockopt, socket, sockopt,
};

use crate::deadline::Deadline;

/// Where a connection goes out. Nothing is named: as the routes say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// The network device.
    pub device: Option<String>,
    /// The address.
    pub address: Option<IpAddr>,
}

impl Source {
    /// Whether anything is named.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.device.is_none() && self.address.is_none()
    }

    /// A portal as it is reached from here: a link-local address is one of the device's link.
    fn toward(&self, at: SocketAddr) -> io::Result<SocketAddr> {
        match (at, &self.device) {
            (SocketAddr::V6(v6), Some(device)) if v6.ip().is_unicast_link_local() && v6.scope_id() == 0 => {
                let scope = nix::net::if_::if_nametoindex(device.as_str())?;
                Ok(SocketAddrV6::new(*v6.ip(), v6.port(), v6.flowinfo(), scope).into())
            }
            _ => Ok(at),
        }
    }
}

/// Connects; gives up at the deadline.
pub(super) fn connect(at: SocketAddr, source: &Source, deadline: Deadline) -> io::Result<TcpStream> {
    let at = source.toward(at)?;
    if source.is_any() {
        let left = deadline.remaining();
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        return TcpStream::connect_timeout(&at, left);
    }
    let fd = dial(at, source)?;
    finish(&fd, deadline)?;
    let now = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL)?);
    fcntl(&fd, FcntlArg::F_SETFL(now & !OFlag::O_NONBLOCK))?;
    Ok(fd.into())
}

/// Begins to connect, without waiting. Once the socket can be written to, [`outcome`] tells what came of it.
pub(crate) fn dial(at: SocketAddr, source: &Source) -> io::Result<OwnedFd> {
    use std::os::fd::AsRawFd;
    let at = source.toward(at)?;
    let family = if at.is_ipv4() {
        AddressFamily::Inet
    } else {
        AddressFamily::Inet6
    };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let fd = socket(family, SockType::Stream, flags, SockProtocol::Tcp)?;
    if let Some(device) = &source.device {
        setsockopt(&fd, sockopt::BindToDevice, &OsString::from(device))
            .map_err(|e| named(e, &format!("the network device {device}")))?;
    }
    if let Some(address) = source.address {
        let from = SockaddrStorage::from(SocketAddr::new(address, 0));
        bind(fd.as_raw_fd(), &from).map_err(|e| named(e, &format!("the address {address}")))?;
    }
    match begin(fd.as_raw_fd(), &SockaddrStorage::from(at)) {
        Ok(()) | Err(Errno::EINPROGRESS | Errno::EINTR) => Ok(fd),
        Err(error) => Err(error.into()),
    }
}

/// What came of a connection that was begun.
pub(crate) fn outcome(fd: &OwnedFd) -> io::Result<()> {
    match getsockopt(fd, sockopt::SocketError)? {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

fn named(error: Errno, what: &str) -> io::Error {
    let error = io::Error::from(error);
    io::Error::new(error.kind(), format!("{what} cannot be used: {error}"))
}

fn finish(fd: &OwnedFd, deadline: Deadline) -> io::Result<()> {
    loop {
        let left = deadline.remaining();
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let mut one = [PollFd::new(fd.as_fd(), PollFlags::POLLOUT)];
        // One more than what is left: zero would not wait.
        let wait = PollTimeout::try_from(left.as_millis() + 1).unwrap_or(PollTimeout::MAX);
        match poll(&mut one, wait) {
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return outcome(fd),
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::Duration;

    use super::*;

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(30))
    }

    #[test]
    fn a_connection_goes_out_from_the_address_that_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let at = listener.local_addr().expect("its address");
        let source = Source {
            address: Some("127.0.0.9".parse().expect("an address")),
            device: None,
        };
        let stream = connect(at, &source, soon()).expect("a connection");
        let (_, from) = listener.accept().expect("whoever connects");
        assert_eq!(from.ip().to_string(), "127.0.0.9");
        assert_eq!(stream.peer_addr().expect("the other side"), at);
    }

    #[test]
    fn a_source_that_is_not_there_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a listener");
        let at = listener.local_addr().expect("its address");
        let source = Source {
            address: Some("192.0.2.77".parse().expect("an address")),
            device: None,
        };
        let error = connect(at, &source, soon()).expect_err("nobody has it");
        assert!(error.to_string().contains("the address 192.0.2.77"), "{error}");
        let source = Source {
            device: Some("no-such-dev".to_owned()),
            address: None,
        };
        let error = connect(at, &source, soon()).expect_err("nobody has it");
        assert!(
            error.to_string().contains("the network device no-such-dev"),
            "{error}"
        );
    }

    #[test]
    fn nobody_listens_is_an_error_with_and_without_a_source() {
        let at = TcpListener::bind("127.0.0.1:0")
            .and_then(|l| l.local_addr())
            .expect("an address");
        let source = Source {
            address: Some("127.0.0.1".parse().expect("an address")),
            device: None,
        };
        for source in [source, Source::default()] {
            let error = connect(at, &source, soon()).expect_err("nobody listens");
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        }
    }
}
