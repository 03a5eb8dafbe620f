//! Rings that are made up, for tests and for the fuzzer.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Found, NoRing, Rings};
use crate::ipc::Who;
use crate::nic::{Nic, NicError};

/// What the rings of a test do.
#[derive(Default)]
pub(super) struct World {
    /// Hosts that are there.
    pub(super) hosts: RefCell<Vec<u32>>,
    /// Whether a ring can be opened.
    pub(super) closed: Cell<bool>,
    /// How often that was tried.
    pub(super) opened: Cell<u32>,
    pub(super) wire: Arc<Mutex<Wire>>,
}

/// The other side of every ring.
#[derive(Default)]
pub(super) struct Wire {
    pub(super) sent: Vec<Vec<u8>>,
    pub(super) to_come: VecDeque<Vec<u8>>,
    pub(super) full: bool,
    pub(super) broken: bool,
}

struct Ring {
    fd: UnixStream,
    wire: Arc<Mutex<Wire>>,
}

impl Nic for Ring {
    fn name(&self) -> &'static str {
        "made up"
    }
    fn mac(&self) -> [u8; 6] {
        [0, 0x10, 0x18, 0, 0, 1]
    }
    fn mtu(&self) -> u16 {
        1500
    }
    fn link(&self) -> bool {
        true
    }
    fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
    fn service(&mut self) -> io::Result<()> {
        Ok(())
    }
    fn receive(&mut self, room: &mut [u8]) -> io::Result<Option<usize>> {
        let Some(frame) = self
            .wire
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .to_come
            .pop_front()
        else {
            return Ok(None);
        };
        let len = frame.len().min(room.len());
        room[..len].copy_from_slice(&frame[..len]);
        Ok(Some(len))
    }
    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        let mut wire = self.wire.lock().unwrap_or_else(PoisonError::into_inner);
        if wire.broken {
            return Err(io::ErrorKind::NotConnected.into());
        }
        if wire.full {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        wire.sent.push(frame.to_vec());
        Ok(())
    }
}

pub(super) struct MadeUp(pub(super) Rc<World>);

impl Rings for MadeUp {
    fn find(&mut self, who: &Who) -> Result<Found, NoRing> {
        let host = who
            .netdev
            .strip_prefix("eth")
            .and_then(|number| number.parse().ok());
        let host = host.filter(|host| self.is_there(*host));
        host.map(|host| Found {
            host,
            transport: "bnx2i".into(),
        })
        .ok_or_else(|| NoRing::Nobody {
            who: who.netdev.clone(),
        })
    }
    fn is_there(&mut self, host: u32) -> bool {
        self.0.hosts.borrow().contains(&host)
    }
    fn open(&mut self, host: u32) -> Result<Box<dyn Nic>, NoRing> {
        self.0.opened.set(self.0.opened.get() + 1);
        if self.0.closed.get() || !self.is_there(host) {
            let place = "nowhere".into();
            return Err(NicError::NoHost { host, place }.into());
        }
        let Ok((fd, _)) = UnixStream::pair() else {
            let place = "descriptors".into();
            return Err(NicError::NoHost { host, place }.into());
        };
        Ok(Box::new(Ring {
            fd,
            wire: self.0.wire.clone(),
        }))
    }
}

pub(super) fn seed() -> io::Result<[u8; 32]> {
    Ok([7; 32])
}
