//! A served directory with a card of qla4xxx and the empty driver, and a client of its netlink socket.

use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::{Bytes, Port, Reply, Request, Return};
use driver_sys::port::Seqpacket;
use emu_net::reactor::Reactor;
use emu_net::run;
use isp4xxx::chip::ISP4032;
use isp4xxx::flash::{FlashStore, Identity, MemoryStore, factory_default};
use nix::errno::Errno;

use super::super::Null;
use crate::{Config, Server};

pub(super) const CARD_HOST: u32 = 6;
pub(super) const NULL_HOST: u32 = 40;
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Lab {
    dir: tempfile::TempDir,
    thread: Option<JoinHandle<()>>,
}

impl Lab {
    pub(super) fn start() -> Self {
        let store = MemoryStore::new(factory_default(&ISP4032, 1, Identity { seed: 1 }));
        Self::start_with(Some(Box::new(store)))
    }

    /// The empty driver alone.
    pub(super) fn start_without_card() -> Self {
        Self::start_with(None)
    }

    fn start_with(store: Option<Box<dyn FlashStore>>) -> Self {
        let dir = tempfile::tempdir().expect("temporary directory");
        let mut config = Config::new(dir.path().join("k"));
        (config.ports, config.first_host) = (1, CARD_HOST);
        config.flash = dir.path().join("flash.img");
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut reactor = Reactor::new().expect("reactor");
            let others: Vec<Box<dyn crate::transport::LowLevelDriver>> = vec![Box::new(Null(NULL_HOST))];
            let server = Server::start_beside(others, config, store, &mut reactor);
            let mut server = server.expect("server");
            tell.send(()).expect("the test waits");
            run::run(&mut reactor, &mut [&mut server]).expect("loop");
        });
        told.recv_timeout(PATIENCE).expect("it starts");
        Self {
            dir,
            thread: Some(thread),
        }
    }

    pub(super) fn read(&self, path: &str) -> String {
        let path = self.dir.path().join("k/sys").join(path);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        text.trim_end().to_owned()
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        Path::exists(&self.dir.path().join("k/sys").join(path))
    }

    pub(super) fn store(&self, path: &str, value: &str) -> i32 {
        let socket = Seqpacket::connect(self.dir.path().join("k/store"), None).expect("store");
        let packet = [path.as_bytes(), &[0], value.as_bytes()].concat();
        socket.send(&packet, "write").expect("send");
        let mut buffer = [0u8; 16];
        let until = Some(Instant::now() + PATIENCE);
        let answer = socket.receive(&mut buffer, until, "errno").expect("errno");
        i32::from_ne_bytes(answer.try_into().expect("four bytes"))
    }

    pub(super) fn control(&self, line: &str) -> String {
        let socket = Seqpacket::connect(self.dir.path().join("k/control"), None).expect("control");
        socket.send(line.as_bytes(), "command").expect("send");
        let mut buffer = [0u8; 256];
        let until = Some(Instant::now() + PATIENCE);
        let answer = socket.receive(&mut buffer, until, "answer").expect("answer");
        String::from_utf8_lossy(answer).into_owned()
    }

    pub(super) fn client(&self) -> Client {
        let endpoint = Endpoint::Dir(self.dir.path().join("k"));
        Client(endpoint.open_netlink(1).expect("netlink"))
    }

    pub(super) fn card(&self) -> u64 {
        let handle = self.read("class/iscsi_transport/qla4xxx/handle");
        handle.parse().expect("a number")
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let socket = Seqpacket::connect(self.dir.path().join("k/control"), None).expect("control");
        socket.send(b"quit", "quit").expect("send");
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok() || std::thread::panicking());
        }
    }
}

pub(super) struct Client(pub(super) Box<dyn Port>);

impl Client {
    pub(super) fn packet(&mut self) -> Vec<u8> {
        let packet = self.0.recv(Some(Instant::now() + PATIENCE), "answer");
        packet.expect("answer").to_vec()
    }

    /// The unicast answer; events before it are passed over.
    pub(super) fn ask(&mut self, handle: u64, request: &Request) -> Result<Return, Errno> {
        let packet = request.encode(handle, self.0.pid());
        self.0.send(&packet).expect("send");
        loop {
            let packet = self.packet();
            if packet[4..6] != [0, 0] {
                return Reply::decode(&packet).expect("reply").result();
            }
        }
    }

    pub(super) fn new_node(&mut self, handle: u64) -> Result<Return, Errno> {
        let request = Request::NewFlashnode {
            host_no: CARD_HOST,
            portal_type: Bytes::c_text("ipv4"),
        };
        self.ask(handle, &request)
    }
}
