//! The empty driver beside qla4xxx in one served directory.

use std::path::Path;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::code::{Discovery, IfaceType, StopFlag};
use driver_sys::netlink::params::{ChapParam, FlashnodeParam, HostParam, IscsiParam};
use driver_sys::netlink::{Attr, Bytes, Destination, Event, Port, Reply, Request, Return};
use driver_sys::port::Seqpacket;
use emu_net::reactor::Reactor;
use emu_net::run;
use isp4xxx::chip::ISP4032;
use isp4xxx::flash::{Identity, MemoryStore, factory_default};
use nix::errno::Errno;

use super::{HANDLE, Null};
use crate::{Config, Server};

const CARD_HOST: u32 = 6;
const NULL_HOST: u32 = 40;
const PATIENCE: Duration = Duration::from_secs(20);

struct Lab {
    dir: tempfile::TempDir,
    thread: Option<JoinHandle<()>>,
}

impl Lab {
    fn start() -> Self {
        let dir = tempfile::tempdir().expect("temporary directory");
        let mut config = Config::new(dir.path().join("k"));
        (config.ports, config.first_host) = (1, CARD_HOST);
        config.flash = dir.path().join("flash.img");
        let store = MemoryStore::new(factory_default(&ISP4032, 1, Identity { seed: 1 }));
        let (tell, told) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut reactor = Reactor::new().expect("reactor");
            let others: Vec<Box<dyn crate::transport::LowLevelDriver>> = vec![Box::new(Null(NULL_HOST))];
            let server = Server::start_beside(others, config, Box::new(store), &mut reactor);
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

    fn read(&self, path: &str) -> String {
        let path = self.dir.path().join("k/sys").join(path);
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        text.trim_end().to_owned()
    }

    fn exists(&self, path: &str) -> bool {
        Path::exists(&self.dir.path().join("k/sys").join(path))
    }

    fn store(&self, path: &str, value: &str) -> i32 {
        let socket = Seqpacket::connect(self.dir.path().join("k/store"), None).expect("store");
        let packet = [path.as_bytes(), &[0], value.as_bytes()].concat();
        socket.send(&packet, "write").expect("send");
        let mut buffer = [0u8; 16];
        let until = Some(Instant::now() + PATIENCE);
        let answer = socket.receive(&mut buffer, until, "errno").expect("errno");
        i32::from_ne_bytes(answer.try_into().expect("four bytes"))
    }

    fn client(&self) -> Client {
        let endpoint = Endpoint::Dir(self.dir.path().join("k"));
        Client(endpoint.open_netlink(1).expect("netlink"))
    }

    fn card(&self) -> u64 {
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

struct Client(Box<dyn Port>);

impl Client {
    fn packet(&mut self) -> Vec<u8> {
        let packet = self.0.recv(Some(Instant::now() + PATIENCE), "answer");
        packet.expect("answer").to_vec()
    }

    /// The unicast answer; events before it are passed over.
    fn ask(&mut self, handle: u64, request: &Request) -> Result<Return, Errno> {
        let packet = request.encode(handle, self.0.pid());
        self.0.send(&packet).expect("send");
        loop {
            let packet = self.packet();
            if packet[4..6] != [0, 0] {
                return Reply::decode(&packet).expect("reply").result();
            }
        }
    }

    fn new_node(&mut self, handle: u64) -> Result<Return, Errno> {
        let request = Request::NewFlashnode {
            host_no: CARD_HOST,
            portal_type: Bytes::c_text("ipv4"),
        };
        self.ask(handle, &request)
    }
}

fn portal() -> Destination {
    Destination::Inet("10.0.0.9:3260".parse().expect("address"))
}

/// Every request with what the class answers for a transport that lacks the callback: before it has looked for the host that is
/// named, but after it has looked for session, connection and endpoint (`iscsi_if_recv_msg`).
fn refusals(host_no: u32) -> Vec<(Request, Errno)> {
    let (sid, cid, index) = (1, 0, 0);
    vec![
        (
            Request::CreateSession {
                initial_cmdsn: 1,
                cmds_max: 128,
                queue_depth: 32,
            },
            Errno::ENOMEM,
        ),
        (
            Request::CreateBoundSession {
                endpoint: 99,
                initial_cmdsn: 1,
                cmds_max: 128,
                queue_depth: 32,
            },
            Errno::EINVAL,
        ),
        (Request::DestroySession { sid }, Errno::EINVAL),
        (Request::DestroySessionAsync { sid }, Errno::EINVAL),
        (Request::UnbindSession { sid }, Errno::EINVAL),
        (Request::CreateConn { sid, cid }, Errno::EINVAL),
        (Request::DestroyConn { sid, cid }, Errno::EINVAL),
        (
            Request::BindConn {
                sid,
                cid,
                endpoint: 99,
                is_leading: true,
            },
            Errno::EINVAL,
        ),
        (Request::StartConn { sid, cid }, Errno::EINVAL),
        (
            Request::StopConn {
                sid,
                cid,
                conn_handle: 0,
                flag: StopFlag::Recover,
            },
            Errno::EINVAL,
        ),
        (
            Request::SetParam {
                sid,
                cid,
                attr: Attr::new(IscsiParam::MaxR2t, Bytes::c_text("1")),
            },
            Errno::EINVAL,
        ),
        (Request::GetStats { sid, cid }, Errno::EEXIST),
        (
            Request::EpConnect {
                non_blocking: true,
                to: portal(),
            },
            Errno::EINVAL,
        ),
        (
            Request::EpConnectThroughHost {
                host_no,
                non_blocking: true,
                to: portal(),
            },
            Errno::EINVAL,
        ),
        (
            Request::EpPoll {
                endpoint: 99,
                timeout_ms: 0,
            },
            Errno::EINVAL,
        ),
        (Request::EpDisconnect { endpoint: 99 }, Errno::EINVAL),
        (
            Request::TgtDscvr {
                method: Discovery::SendTargets,
                host_no,
                enable: true,
                to: portal(),
            },
            Errno::EINVAL,
        ),
        (
            Request::SetHostParam {
                host_no,
                attr: Attr::new(HostParam::InitiatorName, Bytes::c_text("iqn.2026-01.example:i")),
            },
            Errno::ENOSYS,
        ),
        (
            Request::SetIfaceParams {
                host_no,
                attrs: Vec::new(),
            },
            Errno::ENOSYS,
        ),
        (
            Request::Ping {
                host_no,
                iface_num: 0,
                iface_type: IfaceType::Ipv4,
                payload_size: 32,
                id: 1,
                to: portal(),
            },
            Errno::ENOSYS,
        ),
        (
            Request::GetChap {
                host_no,
                num_entries: 4,
                start: 0,
            },
            Errno::EINVAL,
        ),
        (
            Request::SetChap {
                host_no,
                attrs: vec![Attr::new(ChapParam::Index, Bytes::u16(1))],
            },
            Errno::ENOSYS,
        ),
        (Request::DeleteChap { host_no, index: 1 }, Errno::ENOSYS),
        (
            Request::NewFlashnode {
                host_no,
                portal_type: Bytes::c_text("ipv4"),
            },
            Errno::ENOSYS,
        ),
        (
            Request::SetFlashnodeParams {
                host_no,
                index,
                attrs: vec![Attr::new(FlashnodeParam::Port, Bytes::u16(1))],
            },
            Errno::ENOSYS,
        ),
        (Request::DelFlashnode { host_no, index }, Errno::ENOSYS),
        (Request::LoginFlashnode { host_no, index }, Errno::ENOSYS),
        (Request::LogoutFlashnode { host_no, index }, Errno::ENOSYS),
        (Request::LogoutFlashnodeSid { host_no, sid }, Errno::ENOSYS),
        (Request::GetHostStats { host_no }, Errno::ENOSYS),
        (
            Request::Unknown {
                kind: 77,
                u: [0; 24],
                r: [0; 16],
                payload: Bytes::new([]),
            },
            Errno::ENOSYS,
        ),
    ]
}

#[test]
fn two_transports_stand_in_one_tree() {
    let lab = Lab::start();
    assert_eq!(lab.read("class/iscsi_transport/null/handle"), HANDLE.to_string());
    assert_eq!(lab.read("class/iscsi_transport/null/caps"), "0x0");
    assert_eq!(lab.read("class/iscsi_transport/qla4xxx/caps"), "0x48b8");
    assert_eq!(lab.read("module/scsi_transport_iscsi/refcnt"), "3");
    for driver in ["null", "qla4xxx"] {
        let holder = format!("module/scsi_transport_iscsi/holders/{driver}/initstate");
        assert_eq!(lab.read(&holder), "live");
    }
    for (host, driver) in [(CARD_HOST, "qla4xxx"), (NULL_HOST, "null")] {
        assert_eq!(lab.read(&format!("class/scsi_host/host{host}/proc_name")), driver);
        assert!(lab.exists(&format!("class/iscsi_host/host{host}")));
    }
    // What the class does not get from a driver, it does not show.
    assert!(lab.exists(&format!("class/iscsi_host/host{CARD_HOST}/hwaddress")));
    assert!(!lab.exists(&format!("class/iscsi_host/host{NULL_HOST}/hwaddress")));
    assert!(!lab.exists(&format!("class/bsg/iscsi_host{NULL_HOST}")));
}

#[test]
fn a_driver_without_callbacks_refuses_as_the_class_does() {
    let lab = Lab::start();
    let mut client = lab.client();
    for host in [NULL_HOST, CARD_HOST, 99] {
        for (request, errno) in refusals(host) {
            assert_eq!(client.ask(HANDLE, &request), Err(errno), "{request:?}");
        }
    }
    let nobody = Request::GetHostStats { host_no: NULL_HOST };
    assert_eq!(client.ask(HANDLE + 1, &nobody), Err(Errno::EINVAL));
    let host = format!("class/scsi_host/host{NULL_HOST}");
    assert_eq!(
        lab.store(&format!("{host}/host_reset"), "adapter"),
        Errno::EOPNOTSUPP as i32
    );
    assert_eq!(lab.store(&format!("{host}/scan"), "- - -"), 0);
}

#[test]
fn qla4xxx_works_beside_another_driver_and_keeps_what_is_its_own() {
    let lab = Lab::start();
    let (mut client, card) = (lab.client(), lab.card());
    assert_eq!(client.new_node(HANDLE), Err(Errno::ENOSYS));
    assert_eq!(client.new_node(card), Ok(Return::Flashnode { index: 2 }));
    let node = format!("bus/iscsi_flashnode/devices/flashnode_sess-{CARD_HOST}:2");
    assert_eq!(lab.read(&format!("{node}/portal_type")), "ipv4");
    let set = Request::SetFlashnodeParams {
        host_no: CARD_HOST,
        index: 2,
        attrs: [
            (FlashnodeParam::Name, Bytes::c_text("iqn.2026-01.example:disk")),
            (FlashnodeParam::Ipaddr, Bytes::new([10, 0, 0, 9])),
        ]
        .map(|(param, value)| Attr { param, value })
        .to_vec(),
    };
    client.ask(card, &set).expect("set");
    let login = Request::LoginFlashnode {
        host_no: CARD_HOST,
        index: 2,
    };
    client.ask(card, &login).expect("login begins");
    assert_eq!(
        lab.read("class/iscsi_session/session1/targetname"),
        "iqn.2026-01.example:disk"
    );
    // The session is there, but not for messages to the other transport.
    for (request, errno) in refusals(NULL_HOST) {
        assert_eq!(client.ask(HANDLE, &request), Err(errno), "{request:?}");
    }
    assert!(lab.exists("class/iscsi_session/session1"));
    let logout = Request::LogoutFlashnodeSid {
        host_no: CARD_HOST,
        sid: 1,
    };
    client.ask(card, &logout).expect("logout");
    assert!(!lab.exists("class/iscsi_session/session1"));
    // Neither do the hosts of one driver answer to the other.
    let chap = |host_no| Request::GetChap {
        host_no,
        num_entries: 1,
        start: 0,
    };
    assert_eq!(client.ask(card, &chap(NULL_HOST)), Err(Errno::ENODEV));
    client
        .0
        .send(&chap(CARD_HOST).encode(card, client.0.pid()))
        .expect("send");
    let event = Event::decode(&client.packet()).expect("event").1;
    assert!(matches!(event, Event::Chap { page } if page.host_no == CARD_HOST));
}

#[test]
fn an_endpoint_is_found_by_messages_to_its_own_transport_alone() {
    let lab = Lab::start();
    let (mut client, card) = (lab.client(), lab.card());
    let connect = Request::EpConnectThroughHost {
        host_no: CARD_HOST,
        non_blocking: true,
        to: portal(),
    };
    let Ok(Return::Endpoint { handle: endpoint }) = client.ask(card, &connect) else {
        panic!("no endpoint");
    };
    let create = Request::CreateBoundSession {
        endpoint,
        initial_cmdsn: 1,
        cmds_max: 128,
        queue_depth: 32,
    };
    let leave = Request::EpDisconnect { endpoint };
    assert_eq!(client.ask(HANDLE, &create), Err(Errno::EINVAL));
    assert_eq!(client.ask(HANDLE, &leave), Err(Errno::EINVAL));
    let object = format!("class/iscsi_endpoint/ep-{endpoint}");
    assert!(lab.exists(&object));
    client.ask(card, &leave).expect("disconnected");
    assert!(!lab.exists(&object));
}
