//! A served card in a thread of its own.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Instant;

use emu_net::reactor::{Interest, Reactor, Ready};
use emu_net::run::{Actor, run};
use emu_pci::{Config, Server};
use isp4xxx::Chip;
use isp4xxx::chip::{ISP4022, ISP4032};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, connect, recv, send, socket};

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

/// The chips with a PCI model.
pub(crate) const CHIPS: [&Chip; 2] = [&ISP4022, &ISP4032];

/// A served two-port card; ends when dropped.
pub(crate) struct Served {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) sockets: Vec<PathBuf>,
    leash: Option<UnixStream>,
    thread: Option<JoinHandle<()>>,
}

impl Served {
    /// An ISP4032.
    pub(crate) fn start() -> Self {
        Self::with(&ISP4032)
    }

    pub(crate) fn with(chip: &'static Chip) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let sockets: Vec<PathBuf> = (1..=2).map(|n| dir.path().join(format!("fn{n}"))).collect();
        let config = Config {
            chip,
            ports: 2,
            sockets: sockets.clone(),
            flash: dir.path().join("card.flash"),
            sync: false,
            control: Some(dir.path().join("control")),
            chap_algorithms: Vec::new(),
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

    /// A line to the control socket; the answer.
    pub(crate) fn tell(&self, line: &str) -> String {
        let fd = socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::empty(), None).unwrap();
        let path = self.dir.path().join("control");
        connect(fd.as_raw_fd(), &UnixAddr::new(&path).unwrap()).unwrap();
        send(fd.as_raw_fd(), line.as_bytes(), MsgFlags::empty()).unwrap();
        let mut answer = [0; 1024];
        let n = recv(fd.as_raw_fd(), &mut answer, MsgFlags::empty()).unwrap();
        String::from_utf8_lossy(&answer[..n]).into_owned()
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
