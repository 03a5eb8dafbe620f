//! The driver's rules: which request is answered how, errno by errno.

#[macro_use]
mod common;

use common::{HOST, IQN, Lab, session};
use driver_sys::netlink::code::IfaceType;
use driver_sys::netlink::params::{ChapParam, ChapType, FlashnodeParam};
use driver_sys::netlink::{Attr, Bytes, Destination, Event, Request, Return};
use nix::errno::Errno;

fn new_node(kind: &str) -> Request {
    Request::NewFlashnode {
        host_no: HOST,
        portal_type: Bytes::c_text(kind),
    }
}

fn chap(index: u16, kind: u8, name: &str, secret: &str) -> Request {
    let attr = |param, value| Attr { param, value };
    Request::SetChap {
        host_no: HOST,
        attrs: vec![
            attr(ChapParam::Index, Bytes::u16(index)),
            attr(ChapParam::ChapType, Bytes::u8(kind)),
            attr(ChapParam::Username, Bytes::c_text(name)),
            attr(ChapParam::Password, Bytes::c_text(secret)),
        ],
    }
}

#[test]
fn a_new_flash_node_is_volatile_until_it_is_set_and_only_one_may_be() {
    needs_tgtd!("a_new_flash_node_is_volatile_until_it_is_set_and_only_one_may_be");
    let lab = Lab::start();
    let mut c = lab.client();
    assert_eq!(c.ask(&new_node("token-ring")), Err(Errno::EIO));
    assert_eq!(c.ask(&new_node("IPv4")), Ok(Return::Flashnode { index: 2 }));
    assert_eq!(c.ask(&new_node("ipv4")), Err(Errno::EIO));
    assert_eq!(c.login(2), Err(Errno::EIO), "login of an uncommitted node");
    c.set_node(2, &[(FlashnodeParam::Port, Bytes::u16(3261))])
        .expect("set");
    assert_eq!(c.ask(&new_node("ipv6")), Ok(Return::Flashnode { index: 3 }));
    assert_eq!(
        lab.read(&format!(
            "bus/iscsi_flashnode/devices/flashnode_sess-{HOST}:3/portal_type"
        )),
        "ipv6"
    );
    let (dir, target) = lab.stop();
    let lab = Lab::within(dir, target, |_| {});
    let node = |i| lab.sys(&format!("bus/iscsi_flashnode/devices/flashnode_sess-{HOST}:{i}"));
    assert!(node(2).exists(), "what was set survives");
    assert!(!node(3).exists(), "what was not set does not");
    let mut c = lab.client();
    c.ask(&Request::DelFlashnode {
        host_no: HOST,
        index: 2,
    })
    .expect("delete");
    assert!(!node(2).exists());
    assert_eq!(
        c.ask(&Request::DelFlashnode {
            host_no: HOST,
            index: 2
        }),
        Err(Errno::ENODEV)
    );
}

#[test]
fn parameters_that_the_driver_does_not_set_refuse_the_batch_after_earlier_ones_took_effect() {
    needs_tgtd!("parameters_that_the_driver_does_not_set_refuse_the_batch_after_earlier_ones_took_effect");
    let lab = Lab::start();
    let mut c = lab.client();
    let index = c.new_node();
    let node = format!("bus/iscsi_flashnode/devices/flashnode_sess-{HOST}:{index}");
    let refused = c.set_node(
        index,
        &[
            (FlashnodeParam::DefTime2retain, Bytes::u16(77)),
            (FlashnodeParam::Username, Bytes::c_text("x")),
            (FlashnodeParam::DefTime2wait, Bytes::u16(9)),
        ],
    );
    assert_eq!(refused, Err(Errno::ENOSYS));
    assert_eq!(lab.read(&format!("{node}/def_time2retain")), "77");
    assert_ne!(lab.read(&format!("{node}/def_time2wait")), "9");
    assert_eq!(c.login(index), Err(Errno::EIO), "nothing was written");
}

#[test]
fn the_same_target_twice_is_eperm_and_sendtargets_entries_do_not_log_out() {
    needs_tgtd!("the_same_target_twice_is_eperm_and_sendtargets_entries_do_not_log_out");
    let lab = Lab::start();
    let mut c = lab.client();
    c.set_address("127.0.0.1");
    let a = c.target_node(lab.portal, Some(IQN));
    c.login(a).expect("login");
    lab.wait_for(&format!("{}/state", session(1)), "LOGGED_IN");
    assert_eq!(c.login(a), Err(Errno::EPERM));
    let st = c.target_node(lab.portal, None);
    assert_eq!(
        c.ask(&Request::LogoutFlashnode {
            host_no: HOST,
            index: st
        }),
        Err(Errno::EPERM)
    );
    assert_eq!(
        c.ask(&Request::LogoutFlashnodeSid {
            host_no: HOST,
            sid: 99
        }),
        Err(Errno::EINVAL)
    );
    assert_eq!(
        c.ask(&Request::LogoutFlashnodeSid { host_no: 99, sid: 1 }),
        Err(Errno::ENODEV)
    );
    // The found target has a session already: discovery makes no second one.
    c.login(st).expect("discovery");
    assert_eq!(lab.sessions(), [1]);
    c.ask(&Request::LogoutFlashnodeSid {
        host_no: HOST,
        sid: 1,
    })
    .expect("logout");
    assert!(lab.sessions().is_empty());
    // Now it makes one, and names its parent.
    c.login(st).expect("discovery");
    let sid = lab.wait("the found session", || lab.sessions().first().copied());
    lab.wait_for(&format!("{}/state", session(sid)), "LOGGED_IN");
    assert_eq!(lab.read(&format!("{}/targetname", session(sid))), IQN);
    assert_eq!(
        lab.read(&format!("{}/discovery_parent_idx", session(sid))),
        st.to_string()
    );
    assert_eq!(
        lab.read(&format!("{}/discovery_parent_type", session(sid))),
        "Sendtarget"
    );
}

#[test]
fn the_chap_table_pages_picks_free_slots_and_keeps_types_apart() {
    needs_tgtd!("the_chap_table_pages_picks_free_slots_and_keeps_types_apart");
    let lab = Lab::start();
    let mut c = lab.client();
    for i in 0..10u16 {
        c.ask(&chap(
            20 + i,
            (i % 2) as u8,
            &format!("user{i}"),
            "secret-secret-1",
        ))
        .expect("set");
    }
    assert_eq!(
        c.ask(&chap(20, 1, "user0", "secret-secret-1")),
        Err(Errno::EINVAL),
        "type of an entry"
    );
    c.ask(&chap(0xffff, 0, "auto", "secret-secret-2"))
        .expect("any free slot");
    let mut seen = Vec::new();
    let mut start = 0;
    loop {
        let page = Request::GetChap {
            host_no: HOST,
            num_entries: 4,
            start,
        };
        let Event::Chap { page } = c.ask_event(&page) else {
            panic!("not a page")
        };
        assert_eq!(page.room, 4);
        seen.extend(
            page.records
                .iter()
                .map(|r| (r.index, r.kind, r.username_lossy().into_owned())),
        );
        match page.records.last() {
            Some(last) if page.records.len() == 4 => start = last.index + 1,
            _ => break,
        }
    }
    assert_eq!(seen.len(), 11);
    assert_eq!(
        seen[0],
        (4, ChapType::Out, "auto".into()),
        "0 to 3 are not picked"
    );
    assert_eq!(seen[2].1, ChapType::In);
    c.ask(&Request::DeleteChap {
        host_no: HOST,
        index: 20,
    })
    .expect("delete");
    c.ask(&Request::DeleteChap {
        host_no: HOST,
        index: 20,
    })
    .expect("deleting nothing is fine");
    assert_eq!(
        c.ask(&Request::DeleteChap {
            host_no: HOST,
            index: 129
        }),
        Err(Errno::EINVAL)
    );
    let unknown = Request::SetChap {
        host_no: HOST,
        attrs: vec![Attr {
            param: ChapParam::Unknown(9),
            value: Bytes::u8(0),
        }],
    };
    assert_eq!(c.ask(&unknown), Err(Errno::ENOSYS));
}

#[test]
fn a_chap_entry_in_use_is_busy_and_the_quirk_turns_that_round() {
    needs_tgtd!("a_chap_entry_in_use_is_busy_and_the_quirk_turns_that_round");
    for quirks in [false, true] {
        let lab = Lab::with(|c| c.quirks = quirks);
        let mut c = lab.client();
        c.set_address("127.0.0.1");
        lab.target
            .as_ref()
            .expect("tgtd")
            .account("alice", "secret-secret-1");
        c.ask(&chap(20, 0, "alice", "secret-secret-1")).expect("set");
        let node = c.target_node(lab.portal, Some(IQN));
        c.set_node(node, &[(FlashnodeParam::ChapOutIdx, Bytes::u16(20))])
            .expect("CHAP");
        let attrs = format!("bus/iscsi_flashnode/devices/flashnode_sess-{HOST}:{node}");
        assert_eq!(lab.read(&format!("{attrs}/chap_auth")), "1");
        assert_eq!(lab.read(&format!("{attrs}/username")), "alice");
        c.login(node).expect("login");
        lab.wait_for(&format!("{}/state", session(1)), "LOGGED_IN");
        assert_eq!(lab.read(&format!("{}/chap_out_idx", session(1))), "20");
        let deleted = c.ask(&Request::DeleteChap {
            host_no: HOST,
            index: 20,
        });
        if quirks {
            deleted.expect("the driver looks only at sessions that are away");
        } else {
            assert_eq!(deleted, Err(Errno::EBUSY));
        }
    }
}

#[test]
fn unknown_hosts_handles_and_requests_are_refused_as_the_kernel_does() {
    needs_tgtd!("unknown_hosts_handles_and_requests_are_refused_as_the_kernel_does");
    let lab = Lab::start();
    let mut c = lab.client();
    assert_eq!(
        c.ask(&Request::LoginFlashnode {
            host_no: 99,
            index: 0
        }),
        Err(Errno::ENODEV)
    );
    assert_eq!(
        c.ask(&Request::LoginFlashnode {
            host_no: HOST,
            index: 40
        }),
        Err(Errno::ENODEV)
    );
    assert_eq!(c.ask(&Request::GetHostStats { host_no: 99 }), Err(Errno::ENODEV));
    assert_eq!(c.ask(&Request::GetStats { sid: 7, cid: 0 }), Err(Errno::EEXIST));
    assert_eq!(c.ask(&Request::DestroySession { sid: 7 }), Err(Errno::EINVAL));
    let unknown = Request::Unknown {
        kind: 77,
        u: [0; 24],
        r: [0; 16],
        payload: Bytes::new([]),
    };
    assert_eq!(c.ask(&unknown), Err(Errno::ENOSYS));
    let to = Destination::Inet("10.0.0.1:3260".parse().expect("address"));
    assert_eq!(
        c.ask(&Request::EpConnect {
            non_blocking: true,
            to
        }),
        Err(Errno::ENXIO)
    );
}

#[test]
fn host_statistics_come_by_multicast_and_only_if_somebody_listens() {
    needs_tgtd!("host_statistics_come_by_multicast_and_only_if_somebody_listens");
    let lab = Lab::start();
    let mut listener = lab.client();
    let Event::HostStats { host_no, .. } = listener.ask_event(&Request::GetHostStats { host_no: HOST })
    else {
        panic!("not statistics");
    };
    assert_eq!(host_no, HOST);
    drop(listener);
    let mut deaf = common::Client::open(&lab.endpoint(), 0, &lab);
    lab.wait("the listener to be gone", || {
        (deaf.ask(&Request::GetHostStats { host_no: HOST }) == Err(Errno::ESRCH)).then_some(())
    });
}

#[test]
fn a_ping_is_answered_by_an_event_with_its_id() {
    needs_tgtd!("a_ping_is_answered_by_an_event_with_its_id");
    let lab = Lab::start();
    let mut c = lab.client();
    c.set_address("127.0.0.1");
    let ping = |iface_type, to: &str, id| Request::Ping {
        host_no: HOST,
        iface_num: 0,
        iface_type,
        payload_size: 32,
        id,
        to: Destination::Inet(to.parse().expect("address")),
    };
    assert_eq!(
        c.ask(&ping(IfaceType::Ipv6, "127.0.0.1:0", 1)),
        Err(Errno::ENOSYS)
    );
    c.ask(&ping(IfaceType::Ipv4, "127.0.0.1:0", 42)).expect("ping");
    let (id, data) = c.event("ping event", |e| match e {
        Event::PingComplete {
            host_no: HOST,
            id,
            data,
            ..
        } => Some((*id, data.as_slice().to_vec())),
        _ => None,
    });
    assert_eq!(id, 42);
    // The driver multicasts the firmware's answer: eight mailboxes, 0x4000 in the first.
    assert_eq!(data, [&[0, 0x40][..], &[0; 30]].concat());
}

#[test]
fn a_second_server_on_the_directory_refuses() {
    needs_tgtd!("a_second_server_on_the_directory_refuses");
    let lab = Lab::start();
    let mut config = emu_kernel::Config::new(lab.path());
    config.flash = lab.dir.path().join("other.img");
    let mut reactor = emu_net::reactor::Reactor::new().expect("reactor");
    let second = emu_kernel::Server::start(config, &mut reactor, 0);
    assert!(matches!(second, Err(emu_kernel::ServeError::Locked(_))));
    assert_eq!(lab.control("ready"), "ok yes", "the first goes on");
}

#[test]
fn garbage_on_any_socket_harms_nobody() {
    needs_tgtd!("garbage_on_any_socket_harms_nobody");
    let lab = Lab::start();
    for name in ["netlink", "store", "uevent", "control", "bsg/iscsi_host6"] {
        for junk in [&[][..], &[0], &[0xff; 11], &[0xff; 12], &[0xff; 72], &[0; 5000]] {
            let socket = driver_sys::port::Seqpacket::connect(lab.path().join(name), None).expect("connect");
            for _ in 0..3 {
                let _ = socket.send(junk, "junk");
            }
        }
    }
    assert_eq!(lab.control("ready"), "ok yes");
    let mut c = lab.client();
    assert_eq!(c.new_node(), 2);
}

#[test]
fn a_client_that_does_not_read_loses_events_and_nobody_else_does() {
    needs_tgtd!("a_client_that_does_not_read_loses_events_and_nobody_else_does");
    let lab = Lab::start();
    let mut c = lab.client();
    let _deaf = lab.client();
    for _ in 0..60 {
        let Event::Chap { page } = c.ask_event(&Request::GetChap {
            host_no: HOST,
            num_entries: 128,
            start: 0,
        }) else {
            panic!("not a page");
        };
        assert_eq!(page.room, 128);
    }
    assert_eq!(lab.control("ready"), "ok yes");
}

#[test]
fn a_slow_request_holds_up_the_requests_behind_it() {
    needs_tgtd!("a_slow_request_holds_up_the_requests_behind_it");
    let lab = Lab::start();
    let mut a = lab.client();
    a.set_address("127.0.0.1");
    let st = a.target_node(lab.portal, None);
    assert_eq!(lab.control("slow replies 300"), "ok");
    let mut b = lab.client();
    let began = std::time::Instant::now();
    a.send(&Request::LoginFlashnode {
        host_no: HOST,
        index: st,
    });
    // The control socket is not netlink: it answers at once. What follows on netlink waits for the discovery.
    assert_eq!(lab.control("ready"), "ok yes");
    lab.wait("the discovery to run", || {
        (began.elapsed().as_millis() > 20).then_some(())
    });
    assert_eq!(b.ask(&new_node("ipv4")), Ok(Return::Flashnode { index: st + 1 }));
    assert!(began.elapsed().as_millis() >= 300, "{:?}", began.elapsed());
}
