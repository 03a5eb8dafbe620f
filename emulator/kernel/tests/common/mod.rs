//! A lab for the emulated kernel: a server and targets on one reactor thread, a client that speaks the endpoint's sockets.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses its part of the lab"
)]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::code::IfaceType;
use driver_sys::netlink::params::{FlashnodeParam, NetParam};
use driver_sys::netlink::{Attr, Bytes, Event, IfaceAttr, IfaceCode, Reply, Request, Return};
use emu_kernel::{Config, Server};
use emu_net::reactor::Reactor;
use emu_net::run;
use nix::errno::Errno;

/// Leaves the test out, with its reason, where `tgtd` cannot run.
macro_rules! needs_tgtd {
    ($test:literal) => {
        if lab_tests::need::left_out($test, lab_tests::tgt::NEEDS) {
            return;
        }
    };
}

mod tgtd;

pub use tgtd::Tgtd;

/// The first host of every lab.
pub const HOST: u32 = 6;
/// The target's name.
pub const IQN: &str = "iqn.2026-01.net.example:disk";
/// How long anything may take before a test calls it hung.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A served directory with a target beside it.
pub struct Lab {
    pub dir: tempfile::TempDir,
    pub portal: SocketAddr,
    pub target: Option<Tgtd>,
    thread: Option<JoinHandle<()>>,
}

impl Lab {
    /// One port, one target with one LUN of 1 MiB.
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    /// As [`Lab::start`], with another configuration.
    pub fn with(kernel: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().expect("temporary directory");
        let lun = dir.path().join("lun1");
        std::fs::File::create(&lun)
            .and_then(|f| f.set_len(1 << 20))
            .expect("LUN file");
        let target = Tgtd::start();
        target.target(1, IQN, &[&lun]);
        Self::within(dir, target, kernel)
    }

    /// As [`Lab::with`], in a directory that may hold a flash file already.
    pub fn within(dir: tempfile::TempDir, target: Tgtd, kernel: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new(dir.path().join("k"));
        config.flash = dir.path().join("flash.img");
        config.ports = 1;
        config.first_host = HOST;
        kernel(&mut config);
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut reactor = Reactor::new().expect("reactor");
            let mut server = Server::start(config, &mut reactor, 0).expect("server");
            tell.send(()).expect("the test waits");
            run::run(&mut reactor, &mut [&mut server]).expect("loop");
        });
        told.recv_timeout(PATIENCE).expect("the lab starts");
        Self {
            dir,
            portal: target.portal,
            target: Some(target),
            thread: Some(thread),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.dir.path().join("k")
    }

    pub fn sys(&self, path: &str) -> PathBuf {
        self.path().join("sys").join(path)
    }

    /// An attribute without its newline.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.sys(path))
            .unwrap_or_else(|e| panic!("{path}: {e}"))
            .trim_end()
            .to_owned()
    }

    /// Waits until `what` gives something.
    pub fn wait<T>(&self, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = probe() {
                return found;
            }
            assert!(Instant::now() < until, "timed out waiting for {what}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until an attribute reads so.
    pub fn wait_for(&self, path: &str, value: &str) {
        self.wait(&format!("{path} = {value}"), || {
            std::fs::read_to_string(self.sys(path))
                .ok()
                .filter(|t| t.trim_end() == value)
        });
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint::Dir(self.path())
    }

    pub fn client(&self) -> Client {
        Client::open(&self.endpoint(), 1, self)
    }

    /// A control command; the answer after `ok`.
    pub fn control(&self, command: &str) -> String {
        let socket =
            driver_sys::port::Seqpacket::connect(self.path().join("control"), None).expect("control socket");
        socket.send(command.as_bytes(), "command").expect("send");
        let mut buffer = [0u8; 1024];
        let answer = socket
            .receive(&mut buffer, Some(Instant::now() + PATIENCE), "answer")
            .expect("answer");
        String::from_utf8_lossy(answer).into_owned()
    }

    /// The numbers of the sessions that are shown.
    pub fn sessions(&self) -> Vec<u32> {
        let mut out: Vec<u32> = std::fs::read_dir(self.sys("class/iscsi_session"))
            .expect("class")
            .filter_map(|e| {
                e.ok()?
                    .file_name()
                    .to_str()?
                    .strip_prefix("session")?
                    .parse()
                    .ok()
            })
            .collect();
        out.sort_unstable();
        out
    }

    /// Ends the server and keeps directory and target.
    pub fn stop(mut self) -> (tempfile::TempDir, Tgtd) {
        self.end();
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().expect("temporary directory"));
        (dir, self.target.take().expect("a target"))
    }

    fn end(&mut self) {
        if let Some(thread) = self.thread.take() {
            if self.path().join("control").exists() && !thread.is_finished() {
                assert_eq!(self.control("quit"), "ok");
            }
            if thread.join().is_err() && !std::thread::panicking() {
                panic!("the server's thread panicked");
            }
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}

/// A netlink client.
pub struct Client {
    port: Box<dyn driver_sys::netlink::Port>,
    handle: u64,
    /// The host that the short forms speak to.
    pub host: u32,
    pub events: Vec<Event>,
}

impl Client {
    pub fn open(endpoint: &Endpoint, groups: u32, lab: &Lab) -> Self {
        let port = endpoint.open_netlink(groups).expect("netlink socket");
        let handle = lab
            .read("class/iscsi_transport/qla4xxx/handle")
            .parse()
            .expect("handle");
        Self {
            port,
            handle,
            host: HOST,
            events: Vec::new(),
        }
    }

    pub fn send(&mut self, request: &Request) {
        let packet = request.encode(self.handle, self.port.pid());
        self.port.send(&packet).expect("send");
    }

    fn packet(&mut self, what: &str) -> Vec<u8> {
        self.port.recv(Some(Instant::now() + PATIENCE), what).expect(what)
    }

    /// Sends a request and waits for its unicast answer; events meanwhile are kept.
    pub fn ask(&mut self, request: &Request) -> Result<Return, Errno> {
        self.send(request);
        loop {
            let packet = self.packet("answer");
            if u16::from_ne_bytes([packet[4], packet[5]]) == 0 {
                self.events.push(Event::decode(&packet).expect("event").1);
            } else {
                return Reply::decode(&packet).expect("reply").result();
            }
        }
    }

    /// Sends a request that is answered by multicast.
    pub fn ask_event(&mut self, request: &Request) -> Event {
        self.send(request);
        let packet = self.packet("multicast answer");
        Event::decode(&packet).expect("event").1
    }

    /// Waits for an event.
    pub fn event<T>(&mut self, what: &str, mut pick: impl FnMut(&Event) -> Option<T>) -> T {
        if let Some(at) = self.events.iter().position(|e| pick(e).is_some()) {
            let event = self.events.remove(at);
            return pick(&event).expect("picked");
        }
        loop {
            let packet = self.packet(what);
            if u16::from_ne_bytes([packet[4], packet[5]]) != 0 {
                continue;
            }
            let event = Event::decode(&packet).expect("event").1;
            if let Some(found) = pick(&event) {
                return found;
            }
            self.events.push(event);
        }
    }

    /// Gives the port an IPv4 address, as its operator would first.
    pub fn set_address(&mut self, address: &str) {
        let bytes = address.parse::<std::net::IpAddr>().expect("address");
        let attr = |param, value| IfaceAttr {
            iface_num: 0,
            iface_type: IfaceType::Ipv4,
            param: IfaceCode::Net(param),
            value,
        };
        let attrs = vec![
            attr(NetParam::Ipv4Addr, Bytes::addr(bytes)),
            attr(NetParam::Ipv4Subnet, Bytes::new([255, 0, 0, 0])),
        ];
        self.ask(&Request::SetIfaceParams {
            host_no: self.host,
            attrs,
        })
        .expect("set the port's address");
    }

    /// Makes a flash node; its index.
    pub fn new_node(&mut self) -> u32 {
        match self.ask(&Request::NewFlashnode {
            host_no: self.host,
            portal_type: Bytes::c_text("ipv4"),
        }) {
            Ok(Return::Flashnode { index }) => index,
            other => panic!("new flash node: {other:?}"),
        }
    }

    pub fn set_node(&mut self, index: u32, attrs: &[(FlashnodeParam, Bytes)]) -> Result<Return, Errno> {
        let attrs = attrs
            .iter()
            .map(|(p, b)| Attr {
                param: *p,
                value: b.clone(),
            })
            .collect();
        self.ask(&Request::SetFlashnodeParams {
            host_no: self.host,
            index,
            attrs,
        })
    }

    /// A flash node for the lab's target; its index.
    pub fn target_node(&mut self, portal: SocketAddr, name: Option<&str>) -> u32 {
        let index = self.new_node();
        let mut attrs = vec![
            (FlashnodeParam::Ipaddr, Bytes::addr16(portal.ip())),
            (FlashnodeParam::Port, Bytes::u16(portal.port())),
            (FlashnodeParam::DefTime2wait, Bytes::u16(0)),
        ];
        match name {
            Some(name) => attrs.push((FlashnodeParam::Name, Bytes::c_text(name))),
            None => attrs.push((FlashnodeParam::DiscoverySess, Bytes::u8(1))),
        }
        self.set_node(index, &attrs).expect("set flash node");
        index
    }

    pub fn login(&mut self, index: u32) -> Result<Return, Errno> {
        self.ask(&Request::LoginFlashnode {
            host_no: self.host,
            index,
        })
    }
}

/// The path of a session's class object.
pub fn session(sid: u32) -> String {
    format!("class/iscsi_session/session{sid}")
}

pub fn exists(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}
