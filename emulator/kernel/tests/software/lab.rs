//! A served kernel with iscsi_tcp and a target beside it, in this process.

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::Event;
use driver_sys::netlink::code::IscsiErr;
use driver_sys::port::Seqpacket;
use driver_sys::sg::{Command, Device, Outcome, Transfer};
use emu_array::{LunSource, Served, TargetConfig};
use emu_kernel::{Config, Server};
use emu_net::reactor::Reactor;
use emu_net::run;
use iscsi::Isid;
use iscsi::initiator;
use lab_tests::netlink::Client;
use lab_tests::offload::software::Session;

pub(crate) const IQN: &str = "iqn.2026-01.net.example:disk";
/// How long anything may take before a test calls it hung.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// The first host that a session gets: behind the adapter's only port.
pub(crate) const HOST: u32 = 7;
pub(crate) const BLOCK: usize = 512;
/// Group of the daemon's events.
const ISCSID: u32 = 1;
const UNIT_ATTENTION: u8 = 6;

pub(crate) struct Lab {
    dir: tempfile::TempDir,
    pub(crate) target: Served,
    thread: Option<JoinHandle<()>>,
}

impl Lab {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut TargetConfig)) -> Self {
        let dir = tempfile::tempdir().expect("temporary directory");
        let mut target = TargetConfig::new(IQN, "127.0.0.1:0".parse().expect("address"));
        target.luns = vec![LunSource::Size(16 << 20).into(), LunSource::Size(1 << 20).into()];
        change(&mut target);
        let target = Served::start(target).expect("target");
        let mut config = Config::new(dir.path().join("k"));
        config.flash = dir.path().join("flash.img");
        (config.ports, config.first_host, config.tcp) = (1, HOST - 1, true);
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
            target,
            thread: Some(thread),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().join("k")
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::Dir(self.path())
    }

    pub(crate) fn client(&self) -> Client {
        Client::listening(&self.path(), "tcp", ISCSID).expect("netlink")
    }

    pub(crate) fn login(&self, client: &mut Client) -> Session {
        Session::login(client, self.target.portal(), config(1)).expect("login")
    }

    pub(crate) fn read(&self, path: &str) -> String {
        let path = self.path().join("sys").join(path);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        text.trim_end().to_owned()
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path().join("sys").join(path).symlink_metadata().is_ok()
    }

    /// Waits until an attribute reads so.
    pub(crate) fn wait_for(&self, path: &str, value: &str) {
        let end = Instant::now() + PATIENCE;
        let file = self.path().join("sys").join(path);
        while std::fs::read_to_string(&file).map_or(true, |text| text.trim_end() != value) {
            assert!(Instant::now() < end, "{path} does not become {value}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn store(&self, path: &str, value: &str) {
        self.endpoint()
            .store(path, value.as_bytes())
            .unwrap_or_else(|e| panic!("{path}: {e}"));
    }

    /// Has the kernel look for units; the first one of a host.
    pub(crate) fn scan(&self, host: u32) -> Device {
        self.store(&format!("class/scsi_host/host{host}/scan"), "- - -");
        self.unit(host, 0)
    }

    pub(crate) fn unit(&self, host: u32, lun: u64) -> Device {
        let hctl = format!("{host}:0:0:{lun}").parse().expect("address");
        self.endpoint().open_sg(hctl).expect("sg")
    }

    pub(crate) fn control(&self, line: &str) -> String {
        let socket = Seqpacket::connect(self.path().join("control"), None).expect("control");
        socket.send(line.as_bytes(), "command").expect("send");
        let mut buffer = [0u8; 256];
        let until = Some(Instant::now() + PATIENCE);
        let answer = socket.receive(&mut buffer, until, "answer").expect("answer");
        String::from_utf8_lossy(answer).into_owned()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        assert_eq!(self.control("quit"), "ok");
        if let Some(thread) = self.thread.take() {
            assert!(thread.join().is_ok(), "the server's thread panicked");
        }
    }
}

/// Who logs in, one of many.
pub(crate) fn config(number: u8) -> initiator::Config {
    initiator::Config::new(
        format!("iqn.2026-01.net.example:host{number}")
            .parse()
            .expect("name"),
        Some(IQN.parse().expect("name")),
        Isid([0x40, 0, 0, 0, 0, number]),
        [number; 32],
    )
}

fn cdb(opcode: u8, lba: u32, blocks: usize) -> Vec<u8> {
    let [a, b, c, d] = lba.to_be_bytes();
    let [x, y] = u16::try_from(blocks).expect("few blocks").to_be_bytes();
    vec![opcode, 0, a, b, c, d, 0, x, y, 0]
}

pub(crate) fn read(lba: u32, blocks: usize) -> Command {
    Command {
        cdb: cdb(0x28, lba, blocks),
        transfer: Transfer::In(u32::try_from(blocks * BLOCK).expect("a length")),
        timeout: PATIENCE,
    }
}

pub(crate) fn write(lba: u32, data: Vec<u8>) -> Command {
    Command {
        cdb: cdb(0x2a, lba, data.len() / BLOCK),
        transfer: Transfer::Out(data),
        timeout: PATIENCE,
    }
}

/// Runs a command that has to end well; that the nexus is new is no failure.
pub(crate) fn good(sg: &mut Device, command: &Command) -> Vec<u8> {
    let mut done = run(sg, command);
    if done.status == 2 && done.sense.get(2).is_some_and(|key| key & 0xf == UNIT_ATTENTION) {
        done = run(sg, command);
    }
    assert_eq!((done.status, done.host_status), (0, 0));
    done.data
}

pub(crate) fn run(sg: &mut Device, command: &Command) -> Outcome {
    sg.run(command).expect("carried")
}

/// Bytes that are different everywhere.
pub(crate) fn pattern(len: usize, seed: u32) -> Vec<u8> {
    let mut x = seed | 1;
    let mut next = || {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        x as u8
    };
    (0..len).map(|_| next()).collect()
}

/// The error that the kernel tells of a session's connection.
pub(crate) fn conn_error(client: &mut Client, sid: u32) -> IscsiErr {
    let event = client.event(
        "CONN_ERROR",
        PATIENCE,
        |event| matches!(event, Event::ConnError { sid: s, .. } if *s == sid),
    );
    match event {
        Ok(Event::ConnError { error, .. }) => error,
        other => panic!("{other:?}"),
    }
}
