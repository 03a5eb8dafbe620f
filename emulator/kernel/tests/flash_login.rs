//! The main road: a flash node is made over netlink, logs in over TCP, its LUN becomes a disk, data goes there and back.

#[macro_use]
mod common;

use std::time::{Duration, Instant};

use common::{HOST, IQN, Lab, PATIENCE, session};
use driver_sys::netlink::Request;
use driver_sys::sg::{Command, Hctl, Transfer};
use nix::errno::Errno;

#[test]
fn a_flash_target_logs_in_and_its_disk_reads_what_was_written() {
    needs_tgtd!("a_flash_target_logs_in_and_its_disk_reads_what_was_written");
    let lab = Lab::start();
    let mut client = lab.client();
    client.set_address("127.0.0.1");
    let index = client.target_node(lab.portal, Some(IQN));
    assert_eq!(index, 2);
    client.login(index).expect("login");
    let sid = lab.wait("a session", || lab.sessions().first().copied());
    lab.wait_for(&format!("{}/state", session(sid)), "LOGGED_IN");
    assert_eq!(lab.read(&format!("{}/targetname", session(sid))), IQN);
    lab.wait_for(&format!("{}/target_state", session(sid)), "SCANNED");
    let target = lab.read(&format!("{}/target_id", session(sid)));
    let hctl = format!("{HOST}:0:{target}:1");
    assert_eq!(
        lab.read(&format!("class/scsi_device/{hctl}/device/state")),
        "running"
    );
    assert_eq!(lab.read("class/block/sda/size"), "2048");

    let address: Hctl = hctl.parse().expect("address");
    let mut device = lab.endpoint().open_sg(address).expect("sg");
    let data: Vec<u8> = (0..65536u32).map(|i| (i * 7) as u8).collect();
    let mut write = vec![0x2a, 0, 0, 0, 0, 8, 0, 0, 128, 0];
    let command = |cdb: &[u8], transfer| Command {
        cdb: cdb.to_vec(),
        transfer,
        timeout: Duration::from_secs(10),
    };
    let done = device
        .run(&command(&write, Transfer::Out(data.clone())))
        .expect("write");
    assert_eq!((done.errno, done.status, done.host_status), (Ok(()), 0, 0));
    write[0] = 0x28;
    let done = device.run(&command(&write, Transfer::In(65536))).expect("read");
    assert_eq!((done.errno, done.status), (Ok(()), 0));
    assert!(done.data == data, "data differs");

    client
        .ask(&Request::LogoutFlashnode { host_no: HOST, index })
        .expect("logout");
    assert!(lab.sessions().is_empty());
    assert!(!lab.sys("class/block/sda").exists());
    assert_eq!(
        client.ask(&Request::LogoutFlashnode { host_no: HOST, index }),
        Err(Errno::ESRCH)
    );
}

/// The driver copies the TSIH behind every other number of a login (`qla4xxx_copy_to_sess_conn_params`): who sees it sees them all.
#[test]
fn who_sees_the_tsih_of_a_login_sees_what_else_was_negotiated() {
    needs_tgtd!("who_sees_the_tsih_of_a_login_sees_what_else_was_negotiated");
    let lab = Lab::start();
    let mut client = lab.client();
    client.set_address("127.0.0.1");
    let index = client.target_node(lab.portal, Some(IQN));
    for round in 1..=10 {
        client.login(index).expect("login");
        let sid = lab.wait("a session", || lab.sessions().first().copied());
        let connection = format!("class/iscsi_connection/connection{sid}:0");
        let tsih = format!("{}/tsid", session(sid));
        let until = Instant::now() + PATIENCE;
        // Looks as closely as it can, for the time of one login.
        while lab.read(&tsih) == "0" {
            assert!(Instant::now() < until, "no TSIH");
            std::thread::yield_now();
        }
        let port = lab.read(&format!("{connection}/local_port"));
        assert_ne!(port, "0", "login {round}: the TSIH is there, the port is not");
        lab.wait_for(&format!("{}/target_state", session(sid)), "SCANNED");
        client
            .ask(&Request::LogoutFlashnode { host_no: HOST, index })
            .expect("logout");
    }
}
