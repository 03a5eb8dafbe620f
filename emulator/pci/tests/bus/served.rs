//! A served card in a thread of its own.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Instant;

use emu_net::reactor::{Interest, Reactor, Ready};
use emu_net::run::{Actor, run};
use emu_pci::{Config, Server};
use isp4xxx::chip::ISP4032;

/// Ends the loop when the other end is closed.
struct Leash {
    _fd: OwnedFd,
    ended: bool,
}

impl Actor for Leash {
    fn ready(&mut self, _: &mut Reactor, _: Instant, _: Ready) {
        self.ended = true;
    }
    fn deadline(&self) -> Option<Instant> {
        None
    }
    fn tick(&mut self, _: &mut Reactor, _: Instant) {}
    fn finished(&self) -> bool {
        self.ended
    }
}

/// A served two-port ISP4032; ends when dropped.
pub(crate) struct Served {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) sockets: Vec<PathBuf>,
    leash: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sockets: Vec<PathBuf> = (1..=2).map(|n| dir.path().join(format!("fn{n}"))).collect();
        let config = Config {
            chip: &ISP4032,
            ports: 2,
            sockets: sockets.clone(),
            flash: dir.path().join("card.flash"),
            sync: false,
            control: Some(dir.path().join("control")),
        };
        let mut reactor = Reactor::new().unwrap();
        let mut server = Server::start(&config, &mut reactor, 0).unwrap();
        let (leash, end) = UnixStream::pair().unwrap();
        let fd: OwnedFd = end.into();
        reactor.watch(1, fd.as_fd(), Interest::READ).unwrap();
        let mut held = Leash {
            _fd: fd,
            ended: false,
        };
        let thread = std::thread::spawn(move || {
            run(&mut reactor, &mut [&mut server, &mut held]).unwrap();
        });
        Self {
            dir,
            sockets,
            leash: Some(leash),
            thread: Some(thread),
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.leash = None;
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.unwrap().unwrap();
        }
    }
}
