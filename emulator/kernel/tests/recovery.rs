//! What happens when something breaks: a target, a cable, the firmware, the power.

#[macro_use]
mod common;

use std::time::{Duration, Instant};

use common::{Client, HOST, IQN, Lab, PATIENCE, Tgtd, session};
use driver_sys::bsg::VendorCommand;
use driver_sys::hw::nvram::{BootTargetByte, NVRAM_PORT0_BOOT_MODE, NVRAM_PORT0_BOOT_PRI_TGT};
use driver_sys::netlink::code::HostEventCode;
use driver_sys::netlink::params::FlashnodeParam;
use driver_sys::netlink::{Bytes, Event, Request};
use driver_sys::sg::{Command, Device, Hctl, Transfer};
use nix::errno::Errno;

fn logged_in() -> (Lab, Client, Device) {
    let lab = Lab::start();
    let mut c = lab.client();
    c.set_address("127.0.0.1");
    let node = c.target_node(lab.portal, Some(IQN));
    c.login(node).expect("login");
    lab.wait_for(&format!("{}/target_state", session(1)), "SCANNED");
    let hctl: Hctl = format!("{HOST}:0:0:1").parse().expect("address");
    let sg = lab.endpoint().open_sg(hctl).expect("sg");
    (lab, c, sg)
}

fn command(cdb: &[u8], room: u32) -> Command {
    Command {
        cdb: cdb.to_vec(),
        transfer: Transfer::In(room),
        timeout: PATIENCE,
    }
}

const READ: [u8; 10] = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const INQUIRY: [u8; 6] = [0x12, 0, 0, 0, 96, 0];

#[test]
fn the_same_session_comes_back_when_the_target_does_and_what_waited_is_done() {
    needs_tgtd!("the_same_session_comes_back_when_the_target_does_and_what_waited_is_done");
    let (mut lab, _c, mut sg) = logged_in();
    let portal = lab.portal;
    drop(lab.target.take());
    lab.wait_for(&format!("{}/state", session(1)), "FAILED");
    assert_eq!(
        lab.read(&format!("class/scsi_device/{HOST}:0:0:1/device/state")),
        "blocked"
    );
    assert_eq!(lab.read("class/block/sda/size"), "2048", "the disk stays");
    let known = sg.run(&command(&INQUIRY, 96)).expect("INQUIRY");
    assert_eq!(
        (known.status, known.host_status),
        (0, 0),
        "INQUIRY is answered from what is known"
    );
    assert!(known.data.len() >= 36);
    let reader = std::thread::spawn(move || {
        let first = sg.run(&command(&READ, 512)).expect("read");
        // A new nexus begins with a unit attention; pass-through hands it up.
        if first.status == 2 {
            sg.run(&command(&READ, 512)).expect("read")
        } else {
            first
        }
    });
    let target = Tgtd::start_on(portal);
    target.target(1, IQN, &[&lab.dir.path().join("lun1")]);
    lab.wait_for(&format!("{}/state", session(1)), "LOGGED_IN");
    let read = reader.join().expect("reader");
    assert_eq!(
        (read.errno, read.status, read.host_status, read.data.len()),
        (Ok(()), 0, 0, 512)
    );
    assert_eq!(lab.sessions(), [1]);
    lab.target = Some(target);
}

#[test]
fn when_recovery_takes_too_long_the_disk_goes_offline_but_stays() {
    needs_tgtd!("when_recovery_takes_too_long_the_disk_goes_offline_but_stays");
    let (mut lab, _c, mut sg) = logged_in();
    let attr = format!("{}/recovery_tmo", session(1));
    assert_eq!(
        lab.endpoint()
            .store(&attr, b"x")
            .err()
            .map(|e| e.to_string().is_empty()),
        Some(false)
    );
    lab.endpoint().store(&attr, b"1\n").expect("store");
    assert_eq!(lab.read(&attr), "1");
    drop(lab.target.take());
    lab.wait_for(&format!("{}/state", session(1)), "FREE");
    assert_eq!(
        lab.read(&format!("class/scsi_device/{HOST}:0:0:1/device/state")),
        "transport-offline"
    );
    let failed = sg.run(&command(&READ, 512)).expect("carried");
    assert_eq!(failed.host_status, 1, "DID_NO_CONNECT");
    assert!(lab.sys("class/block/sda").exists());
}

#[test]
fn a_pulled_cable_blocks_and_a_plugged_one_brings_the_same_session_back() {
    needs_tgtd!("a_pulled_cable_blocks_and_a_plugged_one_brings_the_same_session_back");
    let (lab, mut c, _sg) = logged_in();
    assert_eq!(lab.control("link down 0"), "ok");
    let code = |e: &Event| match e {
        Event::HostEvent {
            host_no: HOST, code, ..
        } => Some(*code),
        _ => None,
    };
    assert_eq!(c.event("link event", code), HostEventCode::LinkDown);
    lab.wait_for(&format!("class/iscsi_host/host{HOST}/port_state"), "LINK DOWN");
    lab.wait_for(&format!("{}/state", session(1)), "FAILED");
    assert_eq!(lab.control("link up 0"), "ok");
    assert_eq!(c.event("link event", code), HostEventCode::LinkUp);
    lab.wait_for(&format!("{}/state", session(1)), "LOGGED_IN");
    assert_eq!(lab.sessions(), [1]);
    assert!(lab.control("link down 7").starts_with("error"));
}

#[test]
fn a_dropped_connection_and_a_crashed_firmware_heal() {
    needs_tgtd!("a_dropped_connection_and_a_crashed_firmware_heal");
    let (lab, _c, _sg) = logged_in();
    assert_eq!(lab.control("drop session 1"), "ok");
    lab.wait_for(&format!("{}/state", session(1)), "FAILED");
    lab.wait_for(&format!("{}/state", session(1)), "LOGGED_IN");
    assert_eq!(lab.control("crash 0"), "ok");
    lab.wait_for(&format!("{}/state", session(1)), "FAILED");
    lab.wait_for(&format!("{}/state", session(1)), "LOGGED_IN");
    assert_eq!(lab.sessions(), [1]);
    assert!(lab.control("drop session 44").starts_with("error"));
}

#[test]
fn an_adapter_reset_keeps_session_numbers() {
    needs_tgtd!("an_adapter_reset_keeps_session_numbers");
    let (lab, _c, _sg) = logged_in();
    let reset = format!("class/scsi_host/host{HOST}/host_reset");
    lab.endpoint().store(&reset, b"adapter\n").expect("reset");
    lab.wait_for(&format!("{}/state", session(1)), "FAILED");
    lab.wait_for(&format!("{}/state", session(1)), "LOGGED_IN");
    assert_eq!(lab.sessions(), [1]);
    let refused = lab.endpoint().store(&reset, b"universe").expect_err("refused");
    assert!(matches!(
        refused,
        driver_sys::endpoint::StoreError::Refused {
            source: Errno::EINVAL,
            ..
        }
    ));
}

#[test]
fn changing_the_ports_address_drops_the_sessions_and_the_same_ones_return() {
    needs_tgtd!("changing_the_ports_address_drops_the_sessions_and_the_same_ones_return");
    let (lab, mut c, _sg) = logged_in();
    let began = Instant::now();
    c.set_address("127.0.0.2");
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(
        lab.read(&format!("class/iscsi_iface/ipv4-iface-{HOST}-0/ipaddress")),
        "127.0.0.2"
    );
    assert_eq!(
        lab.read(&format!("class/iscsi_host/host{HOST}/ipaddress")),
        "127.0.0.2"
    );
    lab.wait_for(&format!("{}/state", session(1)), "LOGGED_IN");
    assert_eq!(lab.sessions(), [1]);
}

#[test]
fn after_a_power_cycle_the_flash_target_logs_in_by_itself() {
    needs_tgtd!("after_a_power_cycle_the_flash_target_logs_in_by_itself");
    let (lab, _c, _sg) = logged_in();
    assert_eq!(lab.control("power-cycle"), "ok");
    let sid = lab.wait("another session", || {
        lab.sessions().first().copied().filter(|s| *s != 1)
    });
    lab.wait_for(&format!("{}/state", session(sid)), "LOGGED_IN");
    lab.wait_for(&format!("{}/target_state", session(sid)), "SCANNED");
    assert_eq!(lab.read(&format!("{}/targetname", session(sid))), IQN);
    let (dir, target) = lab.stop();
    let lab = Lab::within(dir, target, |_| {});
    lab.wait_for(&format!("{}/state", session(1)), "LOGGED_IN");
    assert_eq!(
        lab.read(&format!("class/iscsi_iface/ipv4-iface-{HOST}-0/ipaddress")),
        "127.0.0.1"
    );
}

/// Index 0 of flash is a boot target: written through bsg, as the driver leaves no other way.
fn boot_lab(disable_sysfs_boot: bool) -> Lab {
    let lab = Lab::start();
    let mut c = lab.client();
    c.set_address("127.0.0.1");
    let node = c.target_node(lab.portal, Some(IQN));
    let mut bsg = lab.endpoint().open_bsg(HOST).expect("bsg");
    let limit = Duration::from_secs(10);
    for (offset, byte) in [
        (NVRAM_PORT0_BOOT_MODE, 1),
        (
            NVRAM_PORT0_BOOT_PRI_TGT,
            BootTargetByte::new(node as u8).expect("index").0,
        ),
    ] {
        let write = VendorCommand::UpdateNvram {
            offset: offset as u32,
            data: vec![byte],
        };
        assert_eq!(bsg.run(&write, limit).expect("write").result, 0);
        let read = bsg
            .run(
                &VendorCommand::ReadNvram {
                    offset: offset as u32,
                    len: 1,
                },
                limit,
            )
            .expect("read");
        assert_eq!(read.payload.0, [byte]);
    }
    let (dir, target) = lab.stop();
    Lab::within(dir, target, |c| c.disable_sysfs_boot = disable_sysfs_boot)
}

#[test]
fn a_boot_target_logs_in_at_start_and_lets_nobody_log_it_out() {
    needs_tgtd!("a_boot_target_logs_in_at_start_and_lets_nobody_log_it_out");
    let lab = boot_lab(true);
    let mut c = lab.client();
    lab.wait_for(&format!("{}/state", session(1)), "LOGGED_IN");
    assert_eq!(
        lab.read(&format!(
            "bus/iscsi_flashnode/devices/flashnode_sess-{HOST}:2/is_boot_target"
        )),
        "1"
    );
    assert_eq!(
        c.ask(&Request::LogoutFlashnode {
            host_no: HOST,
            index: 2
        }),
        Err(Errno::EPERM)
    );
    assert_eq!(
        c.ask(&Request::LogoutFlashnodeSid {
            host_no: HOST,
            sid: 1
        }),
        Err(Errno::EPERM)
    );
    assert_eq!(
        c.ask(&Request::DelFlashnode {
            host_no: HOST,
            index: 2
        }),
        Err(Errno::EPERM)
    );
    assert!(!lab.sys(&format!("firmware/iscsi_boot{HOST}")).exists());
    c.set_node(2, &[(FlashnodeParam::DefTime2wait, Bytes::u16(1))])
        .expect("setting it is allowed");
}

#[test]
fn with_sysfs_boot_the_target_is_exported_and_left_alone() {
    needs_tgtd!("with_sysfs_boot_the_target_is_exported_and_left_alone");
    let lab = boot_lab(false);
    let boot = format!("firmware/iscsi_boot{HOST}");
    assert_eq!(lab.read(&format!("{boot}/target0/target-name")), IQN);
    assert_eq!(lab.read(&format!("{boot}/target0/ip-addr")), "127.0.0.1");
    assert_eq!(
        lab.read(&format!("{boot}/target0/port")),
        lab.portal.port().to_string()
    );
    assert_eq!(lab.read(&format!("{boot}/target0/flags")), "2");
    assert_eq!(
        lab.read(&format!("{boot}/ethernet0/mac")),
        lab.read(&format!("class/iscsi_host/host{HOST}/hwaddress"))
    );
    assert!(lab.sessions().is_empty());
}

#[test]
fn refused_and_slow_targets_are_faults_on_demand() {
    needs_tgtd!("refused_and_slow_targets_are_faults_on_demand");
    let lab = Lab::start();
    let mut c = lab.client();
    c.set_address("127.0.0.1");
    assert_eq!(lab.control("refuse logins on"), "ok");
    let node = c.target_node(lab.portal, Some(IQN));
    c.login(node).expect("the login is only started");
    lab.wait_for(&format!("{}/state", session(1)), "FAILED");
    assert_eq!(lab.control("slow replies 50"), "ok");
    assert_eq!(lab.control("refuse logins off"), "ok");
    lab.wait_for(&format!("{}/state", session(1)), "LOGGED_IN");
    assert_eq!(lab.control("slow replies 0"), "ok");
    lab.wait_for(&format!("{}/target_state", session(1)), "SCANNED");
}

#[test]
fn new_units_are_told_by_a_uevent_appear_on_a_rescan_and_deleted_ones_come_back() {
    needs_tgtd!("new_units_are_told_by_a_uevent_appear_on_a_rescan_and_deleted_ones_come_back");
    let (lab, _c, mut sg) = logged_in();
    let mut uevents = lab.endpoint().open_uevent().expect("uevent socket");
    let lun2 = lab.dir.path().join("lun2");
    std::fs::File::create(&lun2)
        .and_then(|f| f.set_len(2 << 20))
        .expect("LUN file");
    lab.target.as_ref().expect("tgtd").lun("1", 2, &lun2);
    let second = lab.sys(&format!("class/scsi_device/{HOST}:0:0:2"));
    let told = sg.run(&command(&READ, 512)).expect("read");
    assert_eq!(told.status, 2, "the target says that its units have changed");
    loop {
        let event = uevents.recv(Some(Instant::now() + PATIENCE)).expect("uevent");
        if let Some(ua) = event.get("SDEV_UA") {
            assert_eq!(
                (event.get("ACTION"), ua),
                (Some("change"), "REPORTED_LUNS_DATA_HAS_CHANGED")
            );
            break;
        }
    }
    assert!(!second.exists(), "the kernel does not scan by itself");
    let scan = format!("class/scsi_host/host{HOST}/scan");
    lab.endpoint().store(&scan, b"- - -\n").expect("scan");
    lab.wait("the new unit", || second.exists().then_some(()));
    lab.wait_for("class/block/sdb/size", "4096");
    lab.endpoint()
        .store(&format!("class/scsi_device/{HOST}:0:0:1/device/delete"), b"1")
        .expect("delete");
    assert!(!lab.sys("class/block/sda").exists());
    lab.endpoint().store(&scan, b"0 0 1").expect("scan");
    lab.wait("the old unit", || {
        lab.sys("class/block/sda").exists().then_some(())
    });
    assert!(lab.endpoint().store(&scan, b"rubbish").is_err());
}

#[test]
fn firmware_in_auto_connect_mode_logs_in_by_itself() {
    needs_tgtd!("firmware_in_auto_connect_mode_logs_in_by_itself");
    let (lab, _c, _sg) = logged_in();
    let (dir, target) = lab.stop();
    let lab = Lab::within(dir, target, |c| c.fw_mode = emu_kernel::FirmwareMode::AutoConnect);
    lab.wait("a session", || lab.sessions().first().copied());
    lab.wait_for(&format!("{}/state", session(1)), "LOGGED_IN");
    lab.wait_for(&format!("{}/target_state", session(1)), "SCANNED");
    assert_eq!(lab.sessions(), [1]);
}
