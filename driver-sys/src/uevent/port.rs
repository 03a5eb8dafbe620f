//! Where uevents come from.

use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::time::Instant;

use nix::errno::Errno;

use super::KernelEvent;
use super::event::MAX_EVENT;
#[cfg(not(target_feature = "crt-static"))]
use super::udev::Monitor;
#[cfg(target_feature = "crt-static")]
use crate::port::Netlink;
use crate::port::{PortError, Seqpacket, Until, overrun};

/// Receive buffer asked for, in bytes.
const BUFFER: usize = 4 << 20;

/// A listener for kobject uevents.
#[derive(Debug)]
pub struct UeventPort {
    fd: Inner,
    buffer: Vec<u8>,
}

#[derive(Debug)]
enum Inner {
    /// A static program has no libudev: it reads the kernel's messages itself.
    #[cfg(target_feature = "crt-static")]
    Host(Netlink),
    #[cfg(not(target_feature = "crt-static"))]
    Host(Monitor),
    Dir(Seqpacket),
}

impl UeventPort {
    /// Listens to the kernel.
    ///
    /// # Errors
    /// [`PortError::System`].
    pub fn host() -> Result<Self, PortError> {
        let host = listen().map_err(|errno| PortError::system("listening to uevents", errno))?;
        Ok(Self {
            fd: Inner::Host(host),
            buffer: vec![0; MAX_EVENT],
        })
    }

    /// Listens to an emulated kernel at the socket `DIR/uevent`.
    ///
    /// # Errors
    /// [`PortError::NotServed`] when no emulator serves it.
    pub fn dir(socket: &Path, until: impl Into<Until>) -> Result<Self, PortError> {
        Ok(Self {
            fd: Inner::Dir(Seqpacket::connect(socket, until)?),
            buffer: vec![0; MAX_EVENT],
        })
    }

    /// The next event; messages that are none are skipped. `None` waits for ever.
    ///
    /// # Errors
    /// [`PortError`]: timeout, lost events, closed.
    pub fn recv(&mut self, until: Option<Instant>) -> Result<KernelEvent, PortError> {
        loop {
            let message = match &self.fd {
                #[cfg(not(target_feature = "crt-static"))]
                Inner::Host(monitor) => return monitor.receive(until.into()),
                #[cfg(target_feature = "crt-static")]
                Inner::Host(socket) => socket.receive(&mut self.buffer, until.into(), "uevent")?,
                Inner::Dir(socket) => socket.receive(&mut self.buffer, until, "uevent")?,
            };
            if overrun::is_notice(message) {
                return Err(PortError::Overrun);
            }
            if let Ok(event) = KernelEvent::parse(message) {
                return Ok(event);
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                let waited = std::time::Duration::ZERO;
                return Err(PortError::Timeout {
                    what: "uevent".into(),
                    waited,
                });
            }
        }
    }
}

#[cfg(not(target_feature = "crt-static"))]
fn listen() -> Result<Monitor, Errno> {
    Monitor::open(BUFFER)
}

#[cfg(target_feature = "crt-static")]
fn listen() -> Result<Netlink, Errno> {
    /// Multicast group of the kernel's own events (group 2 is udevd's).
    const GROUP_KERNEL: u32 = 1;
    let socket = Netlink::open(neli::consts::socket::NlFamily::KobjectUevent)?;
    socket.bind(None)?;
    socket.join(GROUP_KERNEL)?;
    socket.ask_for_buffer(BUFFER);
    Ok(socket)
}

impl AsFd for UeventPort {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match &self.fd {
            Inner::Host(host) => host.as_fd(),
            Inner::Dir(socket) => socket.as_fd(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::time::Duration;

    use nix::sys::socket::{
        self, AddressFamily, Backlog, MsgFlags, SockFlag, SockType, UnixAddr, accept, bind, listen,
    };

    use super::*;

    #[test]
    fn an_emulated_kernels_events_arrive_and_rubbish_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("uevent");
        let listener =
            socket::socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::empty(), None).unwrap();
        bind(listener.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
        listen(&listener, Backlog::new(1).unwrap()).unwrap();
        let mut port = UeventPort::dir(&path, Until::after(Duration::from_secs(10))).unwrap();
        let peer = accept(listener.as_raw_fd()).unwrap();
        socket::send(peer, b"rubbish", MsgFlags::empty()).unwrap();
        socket::send(
            peer,
            b"remove@/devices/x\0SUBSYSTEM=iscsi_session\0",
            MsgFlags::empty(),
        )
        .unwrap();
        let event = port.recv(Some(Instant::now() + Duration::from_secs(10))).unwrap();
        assert_eq!(
            (event.action.as_str(), event.subsystem()),
            ("remove", Some("iscsi_session"))
        );
        assert!(matches!(
            port.recv(Some(Instant::now())),
            Err(PortError::Timeout { .. })
        ));
        nix::unistd::close(peer).unwrap();
        assert!(matches!(port.recv(None), Err(PortError::Closed { .. })));
    }

    /// Whoever waits may do so in a thread of its own, and take the port there.
    #[test]
    fn a_port_moves_between_threads() {
        const fn moves<T: Send>() {}
        moves::<UeventPort>();
    }

    /// The kernel's group is open to everybody; without netlink (a sandbox) the error is typed.
    #[test]
    fn the_hosts_uevents_can_be_listened_to_and_silence_times_out() {
        match UeventPort::host() {
            Ok(mut port) => match port.recv(Some(Instant::now())) {
                Ok(event) => assert!(event.devpath.starts_with('/')),
                Err(error) => assert!(matches!(error, PortError::Timeout { .. }), "{error:?}"),
            },
            Err(error) => assert!(matches!(error, PortError::System { .. }), "{error:?}"),
        }
    }
}
