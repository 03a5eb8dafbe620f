//! The empty driver beside qla4xxx in one served directory.

mod lab;
mod refusals;

use driver_sys::netlink::params::FlashnodeParam;
use driver_sys::netlink::{Attr, Bytes, Event, Request, Return};
use nix::errno::Errno;

use super::HANDLE;
use lab::{CARD_HOST, Lab, NULL_HOST};
use refusals::{portal, refusals};

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
fn an_endpoint_may_have_no_card() {
    let lab = Lab::start_without_card();
    assert_eq!(lab.read("class/iscsi_transport/null/caps"), "0x0");
    assert!(lab.exists(&format!("class/iscsi_host/host{NULL_HOST}")));
    assert!(!lab.exists("class/iscsi_transport/qla4xxx") && !lab.exists("module/qla4xxx"));
    let answers = [
        ("link down 0", "error host40 has no cable"),
        ("link down 1", "error no port 1"),
        ("crash 0", "error no card"),
        ("power-cycle", "error no card"),
        ("drop session 1", "error no session 1 that is logged in"),
        ("refuse logins on", "ok"),
        ("ready", "ok yes"),
    ];
    for (line, answer) in answers {
        assert_eq!(lab.control(line), answer, "{line}");
    }
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
