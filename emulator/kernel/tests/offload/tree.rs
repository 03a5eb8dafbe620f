//! What the tree shows of ports.

use driver_sys::netlink::{Bytes, Request};
use emu_kernel::config::OffloadPort;
use nix::errno::Errno;

use super::lab::{HOST, Lab};

/// `bnx2i_iscsi.c`, `bnx2i_iscsi_transport`, `bnx2i_attr_is_visible`, `bnx2i_host_get_param`, `bnx2i_host_template`; `bnx2i_sysfs.c`.
#[test]
fn a_port_is_a_host_with_a_network_device() {
    let lab = Lab::with(|config| config.offload.push(OffloadPort::new(HOST + 1)));
    assert_eq!(lab.read("class/iscsi_transport/bnx2i/caps"), "0x8b9");
    assert_eq!(lab.names("class/iscsi_host"), ["host6", "host7"]);
    let host = lab.names("class/iscsi_host/host6");
    let own: Vec<&str> = host
        .iter()
        .map(String::as_str)
        .filter(|name| !matches!(*name, "device" | "power" | "subsystem" | "uevent"))
        .collect();
    assert_eq!(own, ["hwaddress", "ipaddress", "netdev"]);
    assert_eq!(lab.read("class/iscsi_host/host7/netdev"), "ethbnx7");
    assert_eq!(lab.read("class/scsi_host/host6/proc_name"), "bnx2i");
    assert_eq!(lab.read("class/scsi_host/host6/can_queue"), "16256");
    assert_eq!(lab.read("class/scsi_host/host6/sq_size"), "0x80");
    assert_eq!(lab.names("class/net"), ["ethbnx6", "ethbnx7"]);
    for (name, value) in [
        ("operstate", "up"),
        ("carrier", "1"),
        ("mtu", "1500"),
        ("type", "1"),
    ] {
        assert_eq!(lab.read(&format!("class/net/ethbnx6/{name}")), value, "{name}");
    }
    // The host stands below the function that the device's link names.
    assert!(
        lab.names("class/net/ethbnx7/device")
            .contains(&"host7".to_owned())
    );
    let (eth, iscsi) = (
        lab.read("class/net/ethbnx6/address"),
        lab.read("class/iscsi_host/host6/hwaddress"),
    );
    assert_ne!(eth, iscsi, "iSCSI has a MAC address of its own");
    // No card of the other kind, and nothing of its.
    assert_eq!(lab.names("class/iscsi_transport"), ["bnx2i"]);
    assert!(lab.names("class/iscsi_iface").is_empty());
}

/// `bnx2i_sysfs.c`, `bnx2i_set_sq_info`, `bnx2i_set_ccell_info`: what is no size is not taken, nothing is while there are endpoints.
#[test]
fn sizes_of_queues_are_taken_while_nobody_connects() {
    let lab = Lab::start();
    let endpoint = driver_sys::Endpoint::Dir(lab.path());
    let set = |name: &str, value: &str| {
        let path = format!("class/scsi_host/host6/{name}");
        endpoint.store(&path, value.as_bytes()).expect("a write");
        lab.read(&path)
    };
    assert_eq!(set("sq_size", "0x40"), "0x40");
    for bad in ["0x8", "0x41", "0x100", "32", "x"] {
        assert_eq!(set("sq_size", bad), "0x40", "{bad}");
    }
    assert_eq!(set("num_ccell", "0x60"), "0x60");
    assert_eq!(set("num_ccell", "0x61"), "0x60");
    let _helper = lab.helper();
    lab.iscsid().connect(super::lab::nobody()).expect("endpoint");
    assert_eq!(set("sq_size", "0x20"), "0x40", "in use");
}

/// `bnx2i_iscsi.c`, `bnx2i_iscsi_transport`: callbacks that are not there; `scsi_transport_iscsi.c` tells what that comes to.
#[test]
fn what_the_driver_has_not_is_refused_as_the_class_does() {
    let lab = Lab::start();
    let mut iscsid = lab.iscsid();
    let new = Request::NewFlashnode {
        host_no: HOST,
        portal_type: Bytes::c_text("ipv4"),
    };
    assert_eq!(iscsid.ask(&new), Err(Errno::ENOSYS));
    let get = Request::GetChap {
        host_no: HOST,
        num_entries: 1,
        start: 0,
    };
    assert_eq!(iscsid.ask(&get), Err(Errno::EINVAL));
    let stats = Request::GetHostStats { host_no: HOST };
    assert_eq!(iscsid.ask(&stats), Err(Errno::ENOSYS));
}
