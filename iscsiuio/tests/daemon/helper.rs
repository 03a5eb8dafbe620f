//! The program under test, and a client of its control socket.

use std::io::{Read as _, Write as _};
use std::net::Ipv4Addr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use driver_sys::uip::{IfaceRecord, PingRequest, Reply, Request, Status};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::kernel::LIMIT;

/// A running daemon; killed when it goes out of scope.
pub(crate) struct Helper {
    child: Child,
    pub(crate) control: String,
    pub(crate) state: PathBuf,
    log: Arc<Mutex<String>>,
}

/// Waits until something holds.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "not within {} s: {what}", LIMIT.as_secs());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The program with its options for an endpoint; names of its own.
pub(crate) fn command(endpoint: &Path) -> (Command, String, PathBuf) {
    let state = endpoint.join("iscsiuio");
    let control = format!("iscsiuio-test-{}-{}", std::process::id(), endpoint.display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_iscsiuio"));
    command
        .env_remove("NOTIFY_SOCKET")
        .env_remove("LISTEN_FDS")
        .arg("--endpoint")
        .arg(endpoint)
        .arg("--control")
        .arg(&control);
    (command, control, state)
}

impl Helper {
    /// Starts it for an endpoint, and waits until it is ready.
    pub(crate) fn start(endpoint: &Path) -> Self {
        Self::start_with(endpoint, |command| command)
    }

    /// The same, with something done to its command first.
    pub(crate) fn start_with(endpoint: &Path, with: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let (mut command, control, state) = command(endpoint);
        command.args(["-f", "-d", "4"]);
        let mut child = with(&mut command).stderr(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (shared, mut stderr) = (log.clone(), child.stderr.take().unwrap());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(len @ 1..) = stderr.read(&mut buffer) {
                shared
                    .lock()
                    .unwrap()
                    .push_str(&String::from_utf8_lossy(&buffer[..len]));
            }
        });
        let helper = Self {
            child,
            control,
            state,
            log,
        };
        helper.logged("ready");
        helper
    }

    /// Waits until a line of the log holds a text.
    pub(crate) fn logged(&self, text: &str) -> String {
        until(&format!("a log line with {text:?}"), || {
            let log = self.log.lock().unwrap();
            log.lines().find(|line| line.contains(text)).map(str::to_owned)
        })
    }

    /// Everything that it logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        until("the end of the daemon", || self.child.try_wait().unwrap())
    }

    /// Ends it by a signal, and says how it ended.
    pub(crate) fn end(mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        let status = self.ended();
        if signal == Signal::SIGKILL {
            assert_eq!(status.signal(), Some(9));
        }
        status
    }

    pub(crate) fn connect(&self) -> UnixStream {
        connect(&self.control)
    }

    /// One request, and what is answered.
    pub(crate) fn ask(&self, request: &Request) -> Reply {
        exchange(&mut self.connect(), &request.encode().unwrap())
    }

    /// Configures an address of a host until it is up, as iscsid asks again.
    pub(crate) fn up(&self, host: u32, address: Ipv4Addr) {
        let request = Request::Iface(record(host, &format!("{address}/24")));
        until("the interface is up", || match self.ask(&request).status {
            Status::DeviceUp => Some(()),
            Status::DeviceInitializing => None,
            other => panic!("{other:?}: {}", self.log()),
        });
    }

    /// Pings from a host.
    pub(crate) fn ping(&self, host: u32, own: Ipv4Addr, to: Ipv4Addr, size: u32) -> Reply {
        self.ask(&Request::Ping(PingRequest {
            iface: record(host, &format!("{own}/24")),
            to: to.into(),
            size,
        }))
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of the daemon\n{}", self.log());
        }
    }
}

/// Connects to a control socket.
pub(crate) fn connect(control: &str) -> UnixStream {
    let address = SocketAddr::from_abstract_name(control).unwrap();
    let stream = UnixStream::connect_addr(&address).unwrap();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_write_timeout(Some(LIMIT)).unwrap();
    stream
}

/// Sends bytes, and reads the answer.
pub(crate) fn exchange(stream: &mut UnixStream, message: &[u8]) -> Reply {
    stream.write_all(message).unwrap();
    let mut reply = [0; Reply::SIZE];
    stream.read_exact(&mut reply).unwrap();
    Reply::decode(&reply).unwrap()
}

/// A record of a host's interface.
pub(crate) fn record(host: u32, ipaddress: &str) -> IfaceRecord {
    IfaceRecord {
        name: format!("bnx2i.{host}"),
        netdev: format!("eth{host}"),
        ipaddress: ipaddress.into(),
        transport_name: "bnx2i".into(),
        ..Default::default()
    }
}
