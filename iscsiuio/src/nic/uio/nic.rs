//! A ring of an adapter as a NIC: interrupts, link, and a queue of what waits for the one buffer that is sent from.

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use driver_sys::netdev::Groups;
use driver_sys::uio::Device;
use nix::errno::Errno;

use super::super::{Nic, check};
use super::{Link, Ring, RingError, Taken, tag};

/// Frames that wait for the buffer.
const WAITING: usize = 512;
/// Entries without a frame that are passed over in a row.
const JUNK: u32 = 4096;

/// A port on a UIO device.
pub struct UioNic<R> {
    // Before the device: once that is closed, the memory is the driver's again.
    ring: R,
    device: Device,
    link: Link,
    up: bool,
    name: String,
    mac: [u8; 6],
    mtu: u16,
    waiting: VecDeque<Vec<u8>>,
    groups: Option<Groups>,
}

impl<R: Ring> UioNic<R> {
    /// A port on a ring in use.
    pub fn new(device: Device, ring: R, link: Link, mac: [u8; 6], mtu: u16) -> Self {
        Self {
            name: format!("{} {}", R::NAME, device.path().display()),
            up: link.is_up(),
            ring,
            device,
            link,
            mac,
            mtu,
            waiting: VecDeque::new(),
            groups: None,
        }
    }

    /// The network device hears groups as long as the port stands.
    #[must_use]
    pub fn hearing(mut self, groups: Option<Groups>) -> Self {
        self.groups = groups;
        self
    }

    fn broken(&self, error: RingError) -> io::Error {
        io::Error::new(
            io::ErrorKind::NotConnected,
            format!("{} is gone: {error}", self.name),
        )
    }

    /// Sends what waits, as far as the buffer is free.
    fn flush(&mut self) -> io::Result<()> {
        while !self.waiting.is_empty() {
            if !self.ring.idle().map_err(|error| self.broken(error))? {
                break;
            }
            let Some(frame) = self.waiting.pop_front() else {
                break;
            };
            self.ring.put(&frame).map_err(|error| self.broken(error))?;
        }
        Ok(())
    }
}

impl<R: Ring> Nic for UioNic<R> {
    fn name(&self) -> &str {
        &self.name
    }

    fn mac(&self) -> [u8; 6] {
        self.mac
    }

    fn mtu(&self) -> u16 {
        self.mtu
    }

    fn link(&self) -> bool {
        self.up
    }

    fn fd(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }

    fn service(&mut self) -> io::Result<()> {
        self.device
            .acknowledge()
            .map_err(|source| check::gone(&self.name, source))?;
        self.up = self.link.is_up();
        self.flush()
    }

    fn receive(&mut self, room: &mut [u8]) -> io::Result<Option<usize>> {
        // A ring that gives nothing but junk gets its next turn with the next interrupt.
        for _ in 0..JUNK {
            match self.ring.take(room).map_err(|error| self.broken(error))? {
                Taken::Frame(len) => return Ok(Some(len)),
                Taken::NoFrame => tracing::debug!(nic = self.name, "no frame, or one too long for the ring"),
                Taken::Nothing => break,
            }
        }
        Ok(None)
    }

    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        check::frame(frame, self.mtu)?;
        let (_, [head, rest]) = tag::split(frame);
        if head.len() + rest.len() > self.ring.longest() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "{} sends frames of at most {} bytes",
                    self.name,
                    self.ring.longest()
                ),
            ));
        }
        self.flush()?;
        if self.waiting.is_empty() && self.ring.idle().map_err(|error| self.broken(error))? {
            return self.ring.put(frame).map_err(|error| self.broken(error));
        }
        if self.waiting.len() >= WAITING {
            return Err(Errno::EAGAIN.into());
        }
        self.waiting.push_back(frame.to_vec());
        Ok(())
    }
}
