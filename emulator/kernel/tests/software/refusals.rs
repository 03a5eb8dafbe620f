//! What user space does wrong, and what it is told; no session is the worse for it.

use std::net::{TcpListener, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

use driver_sys::netlink::code::StopFlag;
use driver_sys::netlink::params::IscsiParam;
use driver_sys::netlink::{Attr, Bytes, Pdu, Request, Return};
use iscsi::pdu::{LogoutRequest, NopOut, OpcodeByte, TextRequest};
use lab_tests::netlink::Client;
use lab_tests::offload::software::{self, Session};
use nix::errno::Errno;

use crate::lab::{Lab, good, read};

fn bind(sid: u32) -> Request {
    Request::BindConn {
        sid,
        cid: 0,
        endpoint: 5,
        is_leading: true,
    }
}

fn errno(result: anyhow::Result<Return>) -> Option<Errno> {
    result
        .err()?
        .chain()
        .find_map(|e| e.downcast_ref::<Errno>().copied())
}

const EPERM: Option<Errno> = Some(Errno::EPERM);

#[test]
fn a_descriptor_that_is_no_tcp_connection_is_refused_and_closed() {
    let lab = Lab::start();
    let mut client = lab.client();
    let (sid, _) = Session::create(&mut client).expect("created");
    // `sockfd_lookup` finds nothing.
    assert_eq!(errno(client.ask(&bind(sid))), Some(Errno::EEXIST));
    let file = tempfile::tempfile().expect("a file");
    let none = errno(client.ask_beside(&bind(sid), file.as_fd()));
    assert_eq!(none, Some(Errno::EEXIST));
    // It finds something else.
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let other = errno(client.ask_beside(&bind(sid), udp.as_fd()));
    assert_eq!(other, Some(Errno::EINVAL));
    let (unix, end) = UnixStream::pair().expect("sockets");
    let other = errno(client.ask_beside(&bind(sid), unix.as_fd()));
    assert_eq!(other, Some(Errno::EINVAL));
    drop(unix);
    // Nobody keeps what was refused.
    end.set_read_timeout(Some(crate::lab::PATIENCE)).expect("a limit");
    assert_eq!(std::io::Read::read(&mut &end, &mut [0]).expect("closed"), 0);
    // A descriptor beside a message that wants none is closed, too.
    let (unix, end) = UnixStream::pair().expect("sockets");
    client
        .ask_beside(&Request::UnbindSession { sid: 99 }, unix.as_fd())
        .expect_err("no session");
    drop(unix);
    end.set_read_timeout(Some(crate::lab::PATIENCE)).expect("a limit");
    assert_eq!(std::io::Read::read(&mut &end, &mut [0]).expect("closed"), 0);
    // After all that it works.
    software::connect(&mut client, sid, lab.target.portal()).expect("bound");
}

#[test]
fn a_socket_that_is_not_connected_is_bound_and_fails_as_a_connection() {
    let lab = Lab::start();
    let mut client = lab.client();
    let (sid, _) = Session::create(&mut client).expect("created");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    // `sk_is_tcp` is all that is asked.
    let bound = client.ask_beside(&bind(sid), listener.as_fd()).expect("answered");
    assert_eq!(bound, Return::Code(0));
    assert_eq!(send(&mut client, sid, [0x43; 48], b""), None);
    crate::lab::conn_error(&mut client, sid);
}

fn send(client: &mut Client, sid: u32, header: [u8; 48], data: &[u8]) -> Option<Errno> {
    let pdu = Pdu {
        header: Bytes::new(header),
        data: Bytes::new(data),
    };
    errno(client.ask(&Request::SendPdu { sid, cid: 0, pdu }))
}

fn nop() -> [u8; 48] {
    let pdu = NopOut {
        opcode: OpcodeByte::immediate(NopOut::OPCODE),
        flags: 0x80,
        ttt: 0xffff_ffff.into(),
        ..NopOut::default()
    };
    zerocopy::transmute!(pdu)
}

#[test]
fn pdus_are_sent_where_libiscsi_sends_them() {
    let lab = Lab::start();
    let mut client = lab.client();
    let (sid, _) = Session::create(&mut client).expect("created");
    let login = [0x43; 48];
    assert_eq!(send(&mut client, sid, login, b""), EPERM, "not bound");
    software::connect(&mut client, sid, lab.target.portal()).expect("bound");
    assert_eq!(send(&mut client, sid, nop(), b""), EPERM, "not logged in");
    assert_eq!(
        send(&mut client, sid, login, &[0; 8193]),
        EPERM,
        "more than a login has"
    );
    software::stop(&mut client, sid, StopFlag::Term).expect("stopped");
    assert_eq!(send(&mut client, sid, login, b""), EPERM, "stopped for good");
    let session = lab.login(&mut client);
    assert_eq!(send(&mut client, session.sid, nop(), b"data"), EPERM);
    assert_eq!(send(&mut client, session.sid, nop(), b""), None);
    let text: [u8; 48] = zerocopy::transmute!(TextRequest {
        opcode: OpcodeByte::immediate(TextRequest::OPCODE),
        ..TextRequest::default()
    });
    assert_eq!(send(&mut client, session.sid, text, b"SendTargets=\0"), None);
    let logout: [u8; 48] = zerocopy::transmute!(LogoutRequest {
        opcode: OpcodeByte::immediate(LogoutRequest::OPCODE),
        flags: 0x80,
        ..LogoutRequest::default()
    });
    assert_eq!(send(&mut client, session.sid, logout, b""), None);
    assert_eq!(send(&mut client, session.sid, nop(), b""), EPERM, "logging out");
    session.end(&mut client).expect("end");
}

#[test]
fn parameters_are_refused_where_the_kernel_refuses_them() {
    let lab = Lab::start();
    let mut client = lab.client();
    let (sid, _) = Session::create(&mut client).expect("created");
    let set = |client: &mut Client, param, value: &str| {
        let attr = Attr::new(param, Bytes::c_text(value));
        errno(client.ask(&Request::SetParam { sid, cid: 0, attr }))
    };
    assert_eq!(
        set(&mut client, IscsiParam::MaxBurst, "4096"),
        Some(Errno::ENOTCONN)
    );
    software::connect(&mut client, sid, lab.target.portal()).expect("bound");
    let path = format!("class/iscsi_session/session{sid}");
    for (param, value, answer, name, reads) in [
        // `iscsi_tcp_set_max_r2t`.
        (
            IscsiParam::MaxR2t,
            "3",
            Some(Errno::EINVAL),
            "max_outstanding_r2t",
            "1",
        ),
        (IscsiParam::MaxR2t, "4", None, "max_outstanding_r2t", "4"),
        (
            IscsiParam::MaxR2t,
            "0",
            Some(Errno::EINVAL),
            "max_outstanding_r2t",
            "4",
        ),
        // `sscanf` leaves what it cannot read.
        (IscsiParam::MaxBurst, "4096 bytes", None, "max_burst_len", "4096"),
        (IscsiParam::MaxBurst, "many", None, "max_burst_len", "4096"),
        (IscsiParam::FirstBurst, "65536", None, "first_burst_len", "65536"),
        (IscsiParam::IfmarkerEn, "1", Some(Errno::ENOSYS), "erl", "0"),
        (IscsiParam::Tsid, "1", Some(Errno::ENOSYS), "erl", "0"),
    ] {
        assert_eq!(set(&mut client, param, value), answer, "{param:?} {value}");
        assert_eq!(lab.read(&format!("{path}/{name}")), reads, "{param:?} {value}");
    }
    // `iscsi_conn_start`: unsolicited data beyond a burst.
    let started = client.ask(&Request::StartConn { sid, cid: 0 });
    assert_eq!(errno(started), Some(Errno::EINVAL));
}

#[test]
fn sessions_are_made_where_there_is_room_for_their_commands() {
    let lab = Lab::start();
    let mut client = lab.client();
    let create = |client: &mut Client, cmds_max| {
        client.ask(&Request::CreateSession {
            initial_cmdsn: 1,
            cmds_max,
            queue_depth: 0,
        })
    };
    // `iscsi_host_get_max_scsi_cmds`.
    assert_eq!(errno(create(&mut client, 15)), Some(Errno::ENOMEM));
    for (cmds_max, can_queue) in [(16, "1"), (100, "49"), (0, "113"), (65535, "4081")] {
        let Ok(Return::Session { sid, host_no }) = create(&mut client, cmds_max) else {
            panic!("{cmds_max}")
        };
        let shown = lab.read(&format!("class/scsi_host/host{host_no}/can_queue"));
        assert_eq!(shown, can_queue, "{cmds_max}");
        client.ask(&Request::DestroySession { sid }).expect("destroyed");
    }
    // A session with a connection is busy.
    let (sid, _) = Session::create(&mut client).expect("created");
    let destroy = Request::DestroySession { sid };
    assert_eq!(errno(client.ask(&destroy)), Some(Errno::EBUSY));
    let second = client.ask(&Request::CreateConn { sid, cid: 1 });
    assert_eq!(errno(second), Some(Errno::ENOMEM));
}

#[test]
fn a_session_with_one_command_at_a_time_gets_them_all_done() {
    let lab = Lab::start();
    let mut client = lab.client();
    let made = client.ask(&Request::CreateSession {
        initial_cmdsn: u32::MAX,
        cmds_max: 16,
        queue_depth: 1,
    });
    let Ok(Return::Session { sid, host_no }) = made else {
        panic!("{made:?}")
    };
    client.ask(&Request::CreateConn { sid, cid: 0 }).expect("created");
    let _session = Session::adopt(
        &mut client,
        (sid, host_no),
        lab.target.portal(),
        crate::lab::config(1),
    )
    .expect("login");
    lab.scan(host_no);
    let mut disks: Vec<_> = (0..8).map(|_| lab.unit(host_no, 0)).collect();
    std::thread::scope(|scope| {
        for sg in &mut disks {
            scope.spawn(|| {
                for _ in 0..16 {
                    good(sg, &read(0, 64));
                }
            });
        }
    });
}
