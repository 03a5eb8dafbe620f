//! TCP ports of 127.0.0.1 for programs that want a number when they start.
//!
//! Owns that nobody else gets the number meanwhile: a port that "was free a moment ago" is given to the next connection that goes
//! out. Source: bind(2) with SO_REUSEADDR, as both `tgtd` and our target listen with it: they may, beside a socket that does not listen.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use nix::sys::socket::sockopt::ReuseAddr;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, bind, getsockname, setsockopt, socket,
};

/// Every port that this process ever asked for; kept until it ends, for a target that comes back where it was.
static HELD: Mutex<Vec<OwnedFd>> = Mutex::new(Vec::new());

/// A port for a program that this process starts, and no other's until this process has ended.
///
/// # Errors
/// There is none.
pub fn own() -> Result<SocketAddr> {
    let held = socket(
        AddressFamily::Inet,
        SockType::Stream,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    setsockopt(&held, ReuseAddr, &true)?;
    let any = SockaddrIn::from(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));
    bind(held.as_raw_fd(), &any).context("no port of 127.0.0.1 is free")?;
    let given = SocketAddrV4::from(getsockname::<SockaddrIn>(held.as_raw_fd())?);
    HELD.lock().unwrap_or_else(PoisonError::into_inner).push(held);
    Ok(given.into())
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_port_is_for_whom_we_start_and_for_nobody_who_takes_any() {
        let mine: Vec<SocketAddr> = (0..50).map(|_| own().unwrap()).collect();
        let one = mine[0];
        assert!(
            TcpStream::connect(one).is_err(),
            "nobody listens, and it does not connect to itself"
        );
        drop(TcpListener::bind(one).unwrap());
        let listener = TcpListener::bind(one).unwrap();
        let (mut others, mut kept) = (Vec::new(), Vec::new());
        for _ in 0..500 {
            let stream = TcpStream::connect(one).unwrap();
            others.push(stream.local_addr().unwrap());
            kept.push((stream, listener.accept().unwrap()));
            others.push(TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
        }
        assert!(others.iter().all(|other| !mine.contains(other)));
    }
}
