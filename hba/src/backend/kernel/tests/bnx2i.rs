//! What a kernel shows of a bnx2i port with a session of a daemon's, through the model.
//!
//! The tree is written from the source: `bnx2i_attr_is_visible`, `bnx2i_host_get_param`, `iscsi_create_endpoint` (an endpoint has no
//! parent), `net_class_attrs`.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use driver_sys::endpoint::Endpoint;
use sysfs_trees::Dump;

use super::super::Kernel;
use super::dir;
use crate::backend::Backend;
use crate::ids::HostNo;
use crate::model::{Adapter, HealthStatus, LoginBy, Owner};
use crate::ops::session;
use crate::ops::testing::home;
use crate::{Ctx, Deadline, Kind, Step};

const H3: HostNo = HostNo(3);
const PCI: &str = "/sys/devices/pci0000:00/0000:00:06.0";
const TARGET: &str = "iqn.2026-11.org.example:disk";

fn object(text: &mut String, at: &str, class: &str, name: &str, attrs: &[(&str, &str)]) {
    let path = format!("{at}/{class}/{name}");
    writeln!(text, "D {path}").expect("text");
    for (attr, value) in attrs {
        writeln!(text, "F 444 {path}/{attr} = {value}").expect("text");
    }
    let target = path.trim_start_matches("/sys/");
    writeln!(text, "L /sys/class/{class}/{name} -> ../../{target}").expect("text");
}

/// A port whose device is `up`, with one session.
fn kernel(at: &std::path::Path, up: bool) -> Kernel {
    let host = format!("{PCI}/host3");
    let operstate = if up { "up" } else { "down" };
    let mut text = String::from("6.1.0-56-amd64\n");
    for class in [
        "iscsi_session",
        "iscsi_connection",
        "iscsi_endpoint",
        "iscsi_host",
        "scsi_host",
    ] {
        writeln!(text, "D /sys/class/{class}").expect("text");
    }
    text.push_str("D /sys/class/iscsi_transport\nD /sys/class/net\n");
    object(
        &mut text,
        "/sys/devices/virtual",
        "iscsi_transport",
        "bnx2i",
        &[("handle", "1"), ("caps", "0x8b9")],
    );
    object(
        &mut text,
        "/sys/devices/virtual",
        "iscsi_endpoint",
        "ep-7",
        &[("handle", "7")],
    );
    let speed = if up { "1000" } else { "!Invalid argument" };
    object(
        &mut text,
        PCI,
        "net",
        "eth2",
        &[
            ("operstate", operstate),
            ("mtu", "9000"),
            ("speed", speed),
            ("address", "00:10:18:00:00:01"),
        ],
    );
    object(
        &mut text,
        &host,
        "scsi_host",
        "host3",
        &[
            ("proc_name", "bnx2i"),
            ("state", "running"),
            ("can_queue", "16256"),
        ],
    );
    object(
        &mut text,
        &host,
        "iscsi_host",
        "host3",
        &[
            ("netdev", "eth2"),
            ("hwaddress", "00:10:18:00:00:81"),
            ("ipaddress", "10.0.0.21"),
        ],
    );
    let s = format!("{host}/session1");
    object(
        &mut text,
        &s,
        "iscsi_session",
        "session1",
        &[
            ("targetname", TARGET),
            ("tpgt", "1"),
            ("state", "LOGGED_IN"),
            ("creator", "4711"),
            ("recovery_tmo", "120"),
            ("ifacename", "bnx2i.00:10:18:00:00:81"),
            ("initiatorname", "iqn.2026-11.org.example:host"),
        ],
    );
    object(
        &mut text,
        &format!("{s}/connection1:0"),
        "iscsi_connection",
        "connection1:0",
        &[
            ("address", "10.0.0.50"),
            ("port", "3260"),
            ("persistent_address", "10.0.0.50"),
            ("persistent_port", "3260"),
            ("header_digest", "1"),
            ("data_digest", "0"),
            ("max_recv_dlength", "262144"),
            ("max_xmit_dlength", "65536"),
            ("state", "up"),
        ],
    );
    Dump::parse(&text)
        .expect("a dump")
        .lay_out(&at.join("sys"))
        .expect("laid out");
    Kernel::open(&Endpoint::Dir(at.to_owned())).expect("opened")
}

fn port(up: bool) -> Adapter {
    let dir = dir();
    let mut kernel = kernel(dir.path(), up);
    kernel.adapter(H3).expect("read").expect("there")
}

#[test]
fn the_network_device_tells_what_the_driver_does_not() {
    let a = port(true);
    assert_eq!(
        (a.transport.as_deref(), a.logs_in),
        (Some("bnx2i"), Some(LoginBy::Daemon))
    );
    assert_eq!(
        (a.netdev.as_deref(), a.mac.as_deref()),
        (Some("eth2"), Some("00:10:18:00:00:81"))
    );
    assert_eq!(
        (a.link.as_deref(), a.speed.as_deref(), a.mtu),
        (Some("LINK UP"), Some("1 Gbps"), Some(9000))
    );
    assert_eq!(
        (a.ip_address.as_deref(), a.sessions, a.endpoints),
        (Some("10.0.0.21"), Some(1), Some(1))
    );
    assert_eq!(a.health.status, Some(HealthStatus::Working));
    assert!(a.features.ping && !a.features.flash);
    assert!(
        a.missing
            .iter()
            .any(|m| m.feature == "flash" && m.reason.contains("session daemon"))
    );
}

#[test]
fn a_link_that_is_down_is_seen_at_the_network_device() {
    let a = port(false);
    assert_eq!((a.link.as_deref(), a.speed.as_deref()), (Some("LINK DOWN"), None));
    assert_eq!(a.health.status, Some(HealthStatus::Degraded));
}

#[test]
fn a_session_of_a_daemons_shows_whose_it_is_and_is_left_to_it() {
    let dir = dir();
    let mut kernel = kernel(dir.path(), true);
    let mut details = Vec::new();
    kernel
        .for_each_session_detail(&mut |s| {
            details.push(s);
            ControlFlow::Continue(())
        })
        .expect("listed");
    let detail = &details[0];
    assert_eq!(detail.brief.owner, Owner::User);
    assert_eq!(detail.iface.as_deref(), Some("bnx2i.00:10:18:00:00:81"));
    assert_eq!(
        (detail.netdev.as_deref(), detail.port_address.as_deref()),
        (Some("eth2"), Some("10.0.0.21"))
    );
    let home = home(dir.path());
    let mut ctx = Ctx::new(
        &mut kernel,
        Deadline::after(std::time::Duration::from_secs(5)),
        home,
    );
    let session = session::show(&mut ctx, 1).expect("shown");
    let connection = &session.connections[0];
    assert_eq!(connection.redirected, Some(false), "bnx2i tells both addresses");
    assert_eq!(connection.header_digest.as_deref(), Some("crc32c"));
    let refused = session::logout(&mut ctx, 1, &session::Leaving::default()).expect_err("not ours");
    assert_eq!(refused.kind(), Kind::Unsupported);
    let next = refused.next_step().expect("who does it");
    assert!(
        next.steps().any(|step| step == Step::OpenIscsiLogout(1)),
        "{next}"
    );
}
