//! A served directory with ports of the bnx2i class, a client in iscsid's place and one in the helper's.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::{Destination, Event, Path, PathAddrs, Port, Reply, Request, Return};
use driver_sys::port::Seqpacket;
use emu_kernel::config::OffloadPort;
use emu_kernel::{Config, Server};
use emu_net::reactor::Reactor;
use emu_net::run;
use nix::errno::Errno;

/// The first host of every lab.
pub(crate) const HOST: u32 = 6;
/// How long anything may take before a test calls it hung.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// Netlink groups.
const ISCSID: u32 = 1;
const UIP: u32 = 2;
/// A neighbour's MAC address.
pub(crate) const MAC: [u8; 6] = [0x02, 0, 0, 0, 0, 7];

/// A served directory.
pub(crate) struct Lab {
    dir: tempfile::TempDir,
    thread: Option<JoinHandle<()>>,
}

impl Lab {
    /// One port.
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    /// As [`Lab::start`], with another configuration.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().expect("temporary directory");
        let mut config = Config::new(dir.path().join("k"));
        config.ports = 0;
        config.offload = vec![OffloadPort::new(HOST)];
        change(&mut config);
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut reactor = Reactor::new().expect("reactor");
            let mut server = Server::start(config, &mut reactor, 0).expect("server");
            tell.send(()).expect("the test waits");
            run::run(&mut reactor, &mut [&mut server]).expect("loop");
        });
        told.recv_timeout(PATIENCE).expect("it starts");
        Self {
            dir,
            thread: Some(thread),
        }
    }

    /// The served directory.
    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("k")
    }

    /// An attribute without its newline.
    pub(crate) fn read(&self, path: &str) -> String {
        let path = self.path().join("sys").join(path);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        text.trim_end().to_owned()
    }

    /// The names in a directory of the tree.
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        let dir = std::fs::read_dir(self.path().join("sys").join(path)).expect("directory");
        let mut names: Vec<String> = dir
            .map(|e| e.expect("entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// A control command; its answer.
    pub(crate) fn control(&self, command: &str) -> String {
        let socket = Seqpacket::connect(self.path().join("control"), None).expect("control socket");
        socket.send(command.as_bytes(), "command").expect("send");
        let mut buffer = [0u8; 1024];
        let answer = socket.receive(&mut buffer, Some(Instant::now() + PATIENCE), "answer");
        String::from_utf8_lossy(answer.expect("answer")).into_owned()
    }

    /// The L2 ring of a host.
    pub(crate) fn ring(&self, host: u32) -> Seqpacket {
        Seqpacket::connect(self.path().join(format!("l2/iscsi_host{host}")), None).expect("ring")
    }

    /// The server has taken in who came before.
    pub(crate) fn heard(&self) {
        assert_eq!(self.control("ready"), "ok yes");
    }

    /// Somebody in iscsid's place.
    pub(crate) fn iscsid(&self) -> Client {
        self.client(ISCSID)
    }

    /// Somebody in the helper's place, with the ring of the first host open.
    pub(crate) fn helper(&self) -> Helper {
        let helper = Helper {
            client: self.client(UIP),
            _ring: self.ring(HOST),
        };
        self.heard();
        helper
    }

    /// A client of the netlink socket.
    pub(crate) fn client(&self, groups: u32) -> Client {
        let handle = self.read("class/iscsi_transport/bnx2i/handle");
        Client {
            port: Endpoint::Dir(self.path()).open_netlink(groups).expect("netlink"),
            handle: handle.parse().expect("a number"),
            events: VecDeque::new(),
        }
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        assert_eq!(self.control("quit"), "ok");
        let thread = self.thread.take().expect("a thread");
        assert!(thread.join().is_ok(), "the server's thread panicked");
    }
}

/// A client of the netlink socket.
pub(crate) struct Client {
    port: Box<dyn Port>,
    handle: u64,
    events: VecDeque<Event>,
}

impl Client {
    /// Sends a request.
    pub(crate) fn send(&mut self, request: &Request) {
        let packet = request.encode(self.handle, self.port.pid());
        self.port.send(&packet).expect("send");
    }

    fn packet(&mut self, patience: Duration) -> Option<Vec<u8>> {
        let packet = self.port.recv(Some(Instant::now() + patience), "packet");
        packet.ok().map(|p| p.to_vec())
    }

    /// The answer to a request that was sent; events meanwhile are kept.
    pub(crate) fn answer(&mut self) -> Result<Return, Errno> {
        loop {
            let packet = self.packet(PATIENCE).expect("an answer");
            if packet[4..6] != [0, 0] {
                return Reply::decode(&packet).expect("reply").result();
            }
            self.events.push_back(Event::decode(&packet).expect("event").1);
        }
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn ask(&mut self, request: &Request) -> Result<Return, Errno> {
        self.send(request);
        self.answer()
    }

    /// The next event.
    pub(crate) fn event(&mut self) -> Event {
        self.event_within(PATIENCE).expect("an event")
    }

    /// The next event, if one comes in time.
    pub(crate) fn event_within(&mut self, patience: Duration) -> Option<Event> {
        if let Some(event) = self.events.pop_front() {
            return Some(event);
        }
        let packet = self.packet(patience)?;
        assert_eq!(packet[4..6], [0, 0], "an event, not an answer");
        Some(Event::decode(&packet).expect("event").1)
    }

    /// Connects through the first host; the endpoint.
    pub(crate) fn connect(&mut self, to: SocketAddr) -> Result<u64, Errno> {
        self.connect_through(HOST, to)
    }

    /// Connects through a host.
    pub(crate) fn connect_through(&mut self, host_no: u32, to: SocketAddr) -> Result<u64, Errno> {
        self.ask(&through(host_no, to)).map(endpoint)
    }

    /// Connects where a route leads.
    pub(crate) fn connect_by_route(&mut self, to: impl Into<Destination>) -> Result<u64, Errno> {
        let request = Request::EpConnect {
            non_blocking: true,
            to: to.into(),
        };
        self.ask(&request).map(endpoint)
    }

    /// How an endpoint is doing.
    pub(crate) fn poll(&mut self, endpoint: u64, timeout_ms: u32) -> Result<i32, Errno> {
        match self.ask(&Request::EpPoll { endpoint, timeout_ms }) {
            Ok(Return::Code(code)) => Ok(code),
            // A return code of -1 reads as the errno of that number.
            Err(Errno::EPERM) => Ok(-1),
            Err(errno) => Err(errno),
            other => panic!("a poll answers with {other:?}"),
        }
    }

    /// Polls as iscsid does until the endpoint is connected or failed.
    pub(crate) fn poll_out(&mut self, endpoint: u64) -> i32 {
        let until = Instant::now() + PATIENCE;
        loop {
            let code = self.poll(endpoint, 1).expect("poll");
            if code != 0 {
                return code;
            }
            assert!(Instant::now() < until, "the endpoint never connects");
        }
    }

    /// Takes an endpoint away.
    pub(crate) fn disconnect(&mut self, endpoint: u64) -> Result<Return, Errno> {
        self.ask(&Request::EpDisconnect { endpoint })
    }
}

/// A connect through a host.
pub(crate) fn through(host_no: u32, to: SocketAddr) -> Request {
    Request::EpConnectThroughHost {
        host_no,
        non_blocking: true,
        to: to.into(),
    }
}

fn endpoint(answer: Return) -> u64 {
    match answer {
        Return::Endpoint { handle } => handle,
        other => panic!("a connect answers with {other:?}"),
    }
}

/// Somebody in the helper's place.
pub(crate) struct Helper {
    /// On the helper's group.
    pub(crate) client: Client,
    _ring: Seqpacket,
}

impl Helper {
    /// The next path request: host and path.
    pub(crate) fn request(&mut self) -> (u32, Path) {
        match self.client.event() {
            Event::PathRequest { host_no, path } => (host_no, path),
            other => panic!("{other:?} instead of a path request"),
        }
    }

    /// Answers a path request.
    pub(crate) fn update(&mut self, host_no: u32, path: Path) -> Result<Return, Errno> {
        self.client.ask(&Request::PathUpdate { host_no, path })
    }

    /// Answers the next request with a neighbour's address.
    pub(crate) fn serve(&mut self) -> Path {
        let (host, path) = self.request();
        let answer = answered(path, MAC);
        assert_eq!(self.update(host, answer), Ok(Return::None));
        path
    }
}

/// A path with a MAC address, and loopback's address as source.
pub(crate) fn answered(mut path: Path, mac: [u8; 6]) -> Path {
    path.mac = mac;
    path.addrs = match path.addrs {
        PathAddrs::V4 { dst, .. } => PathAddrs::V4 {
            src: [127, 0, 0, 1].into(),
            dst,
        },
        PathAddrs::V6 { dst, .. } => PathAddrs::V6 {
            src: std::net::Ipv6Addr::LOCALHOST,
            dst,
        },
        none => none,
    };
    path
}

/// A portal of this machine.
pub(crate) fn portal() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("listener");
    let at = listener.local_addr().expect("address");
    (listener, at)
}

/// A portal that nobody listens at: no test has a privileged port.
pub(crate) fn nobody() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 1))
}
