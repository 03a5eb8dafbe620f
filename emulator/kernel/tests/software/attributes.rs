//! What a session of iscsi_tcp shows, and when.
//!
//! Source: `iscsi_tcp.c` (`iscsi_sw_tcp_attr_is_visible`, `iscsi_sw_tcp_conn_get_param`, `iscsi_sw_tcp_host_get_param`).

use std::collections::BTreeSet;

use driver_sys::netlink::params::HostParam;
use driver_sys::netlink::{Attr, Bytes, Request};
use lab_tests::offload::software::{self, Session};

use crate::lab::{HOST, IQN, Lab};

fn names(lab: &Lab, object: &str) -> BTreeSet<String> {
    let path = lab.path().join("sys").join(object);
    std::fs::read_dir(&path)
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("a name")
        })
        .collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    let of_device = ["device", "power", "subsystem", "uevent"];
    names.iter().chain(&of_device).map(ToString::to_string).collect()
}

#[test]
fn the_transport_and_its_module_are_there_before_any_session() {
    let lab = Lab::start();
    assert_eq!(lab.read("class/iscsi_transport/tcp/caps"), "0x39");
    assert_eq!(lab.read("module/iscsi_tcp/initstate"), "live");
    let holder = "module/scsi_transport_iscsi/holders/iscsi_tcp/initstate";
    assert_eq!(lab.read(holder), "live");
    assert!(!lab.exists(&format!("class/iscsi_host/host{HOST}")));
}

#[test]
fn objects_have_the_attributes_of_the_driver_and_no_other() {
    let lab = Lab::start();
    let mut client = lab.client();
    let session = lab.login(&mut client);
    let (sid, host) = (session.sid, session.host_no);
    assert_eq!(host, HOST);
    assert_eq!(
        names(&lab, &format!("class/iscsi_host/host{host}")),
        set(&["netdev", "hwaddress", "ipaddress", "initiatorname"])
    );
    assert_eq!(
        names(&lab, &format!("class/iscsi_connection/connection{sid}:0")),
        set(&[
            "address",
            "data_digest",
            "exp_statsn",
            "header_digest",
            "local_port",
            "max_recv_dlength",
            "max_xmit_dlength",
            "persistent_address",
            "persistent_port",
            "ping_tmo",
            "port",
            "recv_tmo",
            "state",
        ])
    );
    assert_eq!(
        names(&lab, &format!("class/iscsi_session/session{sid}")),
        set(&[
            "abort_tmo",
            "creator",
            "data_pdu_in_order",
            "data_seq_in_order",
            "erl",
            "fast_abort",
            "first_burst_len",
            "ifacename",
            "immediate_data",
            "initial_r2t",
            "initiatorname",
            "lu_reset_tmo",
            "max_burst_len",
            "max_outstanding_r2t",
            "password",
            "password_in",
            "recovery_tmo",
            "state",
            "target_id",
            "target_state",
            "targetname",
            "tgt_reset_tmo",
            "tpgt",
            "username",
            "username_in",
        ])
    );
    let path = format!("class/iscsi_session/session{sid}");
    for (name, value) in [
        ("targetname", IQN),
        ("state", "LOGGED_IN"),
        ("target_id", "0"),
        ("username", "(null)"),
        ("abort_tmo", "15"),
        ("recovery_tmo", "120"),
    ] {
        assert_eq!(lab.read(&format!("{path}/{name}")), value, "{name}");
    }
    let scsi = format!("class/scsi_host/host{host}");
    for (name, value) in [
        ("proc_name", "iscsi_tcp"),
        ("can_queue", "113"),
        ("cmd_per_lun", "32"),
    ] {
        assert_eq!(lab.read(&format!("{scsi}/{name}")), value, "{name}");
    }
    lab.scan(host);
    let depth = format!("class/scsi_device/{host}:0:0:0/device/queue_depth");
    assert_eq!(lab.read(&depth), "32");
}

#[test]
fn what_only_a_socket_knows_refuses_to_be_read_without_one() {
    let lab = Lab::start();
    let mut client = lab.client();
    let (sid, host) = Session::create(&mut client).expect("created");
    let conn = format!("class/iscsi_connection/connection{sid}:0");
    let files = [
        format!("{conn}/address"),
        format!("{conn}/port"),
        format!("{conn}/local_port"),
        format!("class/iscsi_host/host{host}/ipaddress"),
    ];
    let refused = |file: &String| std::fs::read(lab.path().join("sys").join(file)).is_err();
    assert!(files.iter().all(refused));
    assert_eq!(lab.read(&format!("{conn}/state")), "down");
    software::connect(&mut client, sid, lab.target.portal()).expect("bound");
    assert_eq!(lab.read(&format!("{conn}/state")), "bound");
    assert_eq!(lab.read(&files[0]), "127.0.0.1");
    assert_eq!(lab.read(&files[1]), lab.target.portal().port().to_string());
    assert_ne!(lab.read(&files[2]), "0");
    assert_eq!(lab.read(&files[3]), "127.0.0.1");
    let stop = driver_sys::netlink::code::StopFlag::Recover;
    software::stop(&mut client, sid, stop).expect("stopped");
    assert!(files.iter().all(refused));
    assert_eq!(lab.read(&format!("{conn}/state")), "failed");
}

#[test]
fn user_space_tells_what_a_host_is_called() {
    let lab = Lab::start();
    let mut client = lab.client();
    let (_, host_no) = Session::create(&mut client).expect("created");
    let object = format!("class/iscsi_host/host{host_no}");
    assert_eq!(lab.read(&format!("{object}/netdev")), "(null)");
    for (param, name) in [
        (HostParam::NetdevName, "netdev"),
        (HostParam::Hwaddress, "hwaddress"),
        (HostParam::InitiatorName, "initiatorname"),
    ] {
        let attr = Attr::new(param, Bytes::c_text("said so"));
        client.ask(&Request::SetHostParam { host_no, attr }).expect("set");
        assert_eq!(lab.read(&format!("{object}/{name}")), "said so");
    }
    let attr = Attr::new(HostParam::Ipaddress, Bytes::c_text("10.0.0.1"));
    client
        .ask(&Request::SetHostParam { host_no, attr })
        .expect_err("the socket's");
}
