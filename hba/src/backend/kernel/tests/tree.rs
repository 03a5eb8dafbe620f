//! What a real kernel shows for an ISP4032, through the model.

use std::ops::ControlFlow;

use super::{dir, opened};
use crate::backend::{Backend, LunScope};
use crate::ids::{Family, HostNo};
use crate::model::{Owner, PortalType, SessionKind};
use crate::params::{FlashnodeParam, IfaceCode, NetParam, ParamValue, Parameter, Params};
use crate::secret::REDACTED;
use crate::{Ctx, Deadline, Kind};

const H0: HostNo = HostNo(0);
const LOGIN: &str = "6.1-driver-login.txt";
const BOOT: &str = "6.1-sysfsboot.txt";
/// The secrets of the dumped tree.
const SECRETS: &[&str] = &["initiator-secret", "target-secret"];

#[test]
fn the_adapter_is_shown_with_every_field_the_kernel_has() {
    let dir = dir();
    let mut kernel = opened(dir.path(), LOGIN);
    let keys = kernel.adapter_keys().expect("keys");
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].port_name.as_deref(), Some("0000:00:05.1"));
    let a = kernel.adapter(H0).expect("read").expect("there");
    assert_eq!(a.key(), keys[0]);
    assert_eq!(a.model.as_deref(), Some("QLE4060C"));
    assert_eq!(a.mac.as_deref(), Some("00:c0:dd:11:22:35"));
    assert_eq!(a.unique_id.as_deref(), Some("000000c0dd112235"));
    assert_eq!(a.firmware_version.as_deref(), Some("3.00.01.49"));
    assert_eq!(
        (a.link.as_deref(), a.speed.as_deref(), a.mtu),
        (Some("LINK UP"), Some("1 Gbps"), Some(1500))
    );
    assert_eq!(
        (a.port_count, a.state.as_deref()),
        (None, Some("running")),
        "40xx has no port count"
    );
    assert!(a.features.flash && a.features.chap_table && !a.features.ipsec);
    assert_eq!(a.limits.flash_targets, Some(64));
    assert!(a.sessions.is_some_and(|n| n > 0));
    assert_eq!(kernel.adapter(HostNo(9)).expect("read"), None);
}

#[test]
fn interfaces_come_in_order_with_their_own_parameters() {
    let dir = dir();
    let mut kernel = opened(dir.path(), LOGIN);
    let ifaces = kernel.ifaces(H0).expect("read");
    let names: Vec<_> = ifaces.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(names, ["ipv4-iface-0-0", "ipv6-iface-0-0", "ipv6-iface-0-1"]);
    assert_eq!(ifaces[0].address.as_deref(), Some("192.168.10.2"));
    assert_eq!(
        ifaces[0].params.by_name("bootproto"),
        Some(&Some(ParamValue::Text("static".into())))
    );
    assert_eq!(
        ifaces[0].params.by_name("max_burst_len"),
        Some(&Some(ParamValue::Number(262_144)))
    );
    // The tree says "enable" of Nagle and fragmentation, "disable" of window scaling: the features, not their disabling.
    let denied = ["tcp_nagle_disable", "tcp_wsf_disable", "fragment_disable"];
    assert_eq!(
        denied.map(|name| {
            let value = ifaces[0].params.by_name(name).and_then(Option::as_ref);
            value.and_then(ParamValue::as_flag)
        }),
        [Some(false), Some(true), Some(false)]
    );
    let hop_limit = IfaceCode::Net(NetParam::Ipv6HopLimit);
    assert!(ifaces[0].params.get(hop_limit).is_none() && ifaces[1].params.get(hop_limit).is_some());
    assert_eq!(ifaces[1].family, Family::Ipv6);
    assert!(ifaces.iter().all(|i| i.present));
}

#[test]
fn interfaces_without_an_object_are_off_on_adapters_that_could_have_them() {
    let dir = dir();
    let mut kernel = opened(dir.path(), LOGIN);
    let class = dir.path().join("sys/class/iscsi_iface");
    for gone in ["ipv6-iface-0-0", "ipv6-iface-0-1"] {
        std::fs::remove_file(class.join(gone)).expect("the object's link");
    }
    let ifaces = kernel.ifaces(H0).expect("read");
    let seen: Vec<_> = ifaces
        .iter()
        .map(|i| (i.name.as_str(), i.present, i.enabled))
        .collect();
    assert_eq!(
        seen,
        [
            ("ipv4-iface-0-0", true, Some(true)),
            ("ipv6-iface-0-0", false, Some(false)),
            ("ipv6-iface-0-1", false, Some(false)),
        ]
    );
    assert!(kernel.ifaces(HostNo(9)).expect("read").is_empty());
    let model = dir.path().join("sys/class/scsi_host/host0/hba_model");
    std::fs::write(model, "QLA4010\n").expect("written");
    let names: Vec<_> = kernel
        .ifaces(H0)
        .expect("read")
        .into_iter()
        .map(|i| i.name)
        .collect();
    assert_eq!(names, ["ipv4-iface-0-0"], "ISP4010 has no IPv6");
}

#[test]
fn flash_targets_have_all_their_parameters() {
    let dir = dir();
    let mut kernel = opened(dir.path(), LOGIN);
    let all = kernel.flash_targets(H0).expect("read");
    assert!(!all.is_empty());
    let one = kernel
        .flash_target(H0, all[0].index)
        .expect("read")
        .expect("there");
    assert_eq!(one, all[0]);
    assert_eq!(one.params.len(), FlashnodeParam::ALL.len());
    assert_eq!(one.portal_type, Some(PortalType::Ipv4));
    let discovery = all.iter().find(|t| t.index == 3).expect("the SendTargets entry");
    assert!(discovery.discovery && discovery.target_name.is_none() && discovery.chap_index.is_none());
    assert_eq!(
        (discovery.address.as_deref(), discovery.port),
        (Some("192.168.10.60"), Some(3260))
    );
    assert_eq!(kernel.flash_target(H0, 77).expect("read"), None);
    let names: Vec<_> = all.iter().map(|t| (t.index, t.target_name.clone())).collect();
    assert_eq!(kernel.flash_names(H0).expect("read"), names);
}

/// What the tree shows of an object is what its parameters say: every attribute that is a parameter, and nothing where there is none.
fn told<P: Parameter>(objects: &[std::path::PathBuf], params: &Params<P>) -> usize {
    let mut seen = 0;
    for (param, value) in params.iter() {
        let name = param.name();
        let text = objects
            .iter()
            .find_map(|dir| std::fs::read_to_string(dir.join(name)).ok());
        let text = text.as_deref().map(|text| text.trim_end_matches('\n'));
        let silent = text.is_none_or(|text| text.is_empty() || text == "(null)");
        if silent {
            let nothing = value.as_ref().is_none_or(|value| value.as_text() == Some(""));
            assert!(nothing, "{name}: {value:?} out of {text:?}");
            continue;
        }
        assert!(value.is_some(), "{name}: nothing out of {text:?}");
        seen += 1;
    }
    seen
}

#[test]
fn every_parameter_that_a_real_kernel_shows_is_read() {
    for name in [LOGIN, "6.12-driver-login.txt"] {
        let dir = dir();
        let mut kernel = opened(dir.path(), name);
        let sys = dir.path().join("sys");
        let host = kernel.adapter_keys().expect("keys")[0].host;
        for target in kernel.flash_targets(host).expect("flash") {
            let bus = sys.join("bus/iscsi_flashnode/devices");
            let session = bus.join(format!("flashnode_sess-{}:{}", host.0, target.index));
            let connection = bus.join(format!("flashnode_conn-{}:{}:0", host.0, target.index));
            assert!(told(&[session, connection], &target.params) > 45, "{name}");
        }
        for iface in kernel.ifaces(host).expect("ifaces").iter().filter(|i| i.present) {
            let object = sys.join("class/iscsi_iface").join(&iface.name);
            assert!(told(&[object], &iface.params) > 40, "{name}");
        }
    }
}

#[test]
fn sessions_are_listed_in_numeric_order_and_shown_in_full() {
    let dir = dir();
    let mut kernel = opened(dir.path(), LOGIN);
    let mut sids = Vec::new();
    kernel
        .for_each_session(&mut |s| {
            assert_eq!(
                (s.owner, s.host, s.transport.as_str()),
                (Owner::Flash, H0, "qla4xxx")
            );
            sids.push(s.sid);
            ControlFlow::Continue(())
        })
        .expect("listed");
    assert!(sids.is_sorted() && sids.contains(&1));
    let s = kernel.session(1).expect("read").expect("there");
    assert_eq!(s.target_name, "iqn.2026-01.test:disk0");
    assert_eq!(
        (s.state.as_deref(), s.target_state.as_deref()),
        (Some("LOGGED_IN"), Some("SCANNED"))
    );
    assert_eq!(
        (s.kind, s.chap_index, s.recovery_timeout),
        (SessionKind::Normal, Some(0), Some(120))
    );
    assert_eq!(s.chap_username.as_deref(), Some("initiator-user"));
    assert!(!s.luns.is_empty());
    assert_eq!(s.connections[0].local_address, None, "(null) is no address");
    assert_eq!(kernel.session(4_000_000).expect("read"), None);
}

#[test]
fn a_listed_session_knows_the_flash_target_it_was_made_from() {
    let dir = dir();
    let mut kernel = opened(dir.path(), LOGIN);
    let mut ctx = Ctx::new(
        &mut kernel,
        Deadline::after(Deadline::MAX),
        crate::ops::testing::home(&dir.path().join("state")),
    );
    let s = crate::ops::session::show(&mut ctx, 1).expect("shown");
    assert!(s.flash_index.is_some());
    let flash = crate::ops::flash::list(&mut ctx, None).expect("listed");
    let mine = flash
        .iter()
        .find(|t| Some(t.index) == s.flash_index)
        .expect("there");
    assert_eq!(mine.session.as_ref().map(|f| f.sid), Some(1));
}

#[test]
fn logical_units_have_their_disks() {
    let dir = dir();
    let mut kernel = opened(dir.path(), LOGIN);
    let all = kernel.luns(LunScope::All).expect("read");
    let of_one = kernel.luns(LunScope::Session(1)).expect("read");
    assert!(!of_one.is_empty() && of_one.iter().all(|l| all.contains(l)));
    assert!(kernel.luns(LunScope::Session(9)).expect("read").is_empty());
    assert!(
        of_one
            .iter()
            .all(|l| l.sid == Some(1) && l.block_device.is_some() && l.size_bytes.is_some())
    );
    assert!(kernel.luns(LunScope::Host(HostNo(3))).expect("read").is_empty());
}

#[test]
fn boot_targets_are_shown_when_user_space_logs_in() {
    let dir = dir();
    let mut kernel = opened(dir.path(), BOOT);
    let boot = kernel.firmware_boot(H0).expect("read");
    let names: Vec<_> = boot
        .targets
        .iter()
        .map(|t| (t.name.as_str(), t.address.as_deref()))
        .collect();
    assert_eq!(
        names,
        [
            ("target0", Some("192.168.10.50")),
            ("target1", Some("192.168.10.51"))
        ]
    );
    assert_eq!(boot.mac.as_deref(), Some("00:c0:dd:11:22:35"));
    assert_eq!(
        boot.targets[0]
            .chap_secret
            .as_ref()
            .map(ToString::to_string)
            .as_deref(),
        Some(REDACTED)
    );
    assert_eq!(boot.targets[1].chap_secret, None);
}

#[test]
fn no_secret_of_the_tree_is_in_anything_that_is_shown() {
    for name in [LOGIN, BOOT] {
        let dir = dir();
        let mut kernel = opened(dir.path(), name);
        let mut shown = String::new();
        let mut add = |debug: String, json: serde_json::Result<String>| {
            shown.push_str(&debug);
            shown.push_str(&json.expect("json"));
        };
        let flash = kernel.flash_targets(H0).expect("flash");
        add(format!("{flash:?}"), serde_json::to_string(&flash));
        let boot = kernel.firmware_boot(H0).expect("boot");
        add(format!("{boot:?}"), serde_json::to_string(&boot.targets));
        for sid in 1..20 {
            let session = kernel.session(sid).expect("session");
            add(format!("{session:?}"), serde_json::to_string(&session));
        }
        for secret in SECRETS {
            assert!(!shown.contains(secret), "{name}: {secret} is shown");
        }
    }
}

#[test]
fn an_endpoint_that_is_not_there_says_how_to_start_one() {
    let dir = dir();
    let missing = driver_sys::endpoint::Endpoint::Dir(dir.path().join("nowhere"));
    let e = super::Kernel::open(&missing).err().expect("missing");
    assert_eq!(e.kind(), Kind::NotFound);
    assert!(
        e.next_step().is_some_and(|h| h.steps().eq([crate::Step::Serve])),
        "{e:?}"
    );
}

#[test]
fn a_tree_without_a_server_can_be_read_but_not_written() {
    let dir = dir();
    let mut kernel = opened(dir.path(), LOGIN);
    let e = kernel
        .host_stats(H0, Deadline::after(std::time::Duration::from_secs(5)))
        .expect_err("nobody serves");
    assert_eq!(e.kind(), Kind::NotFound);
    assert!(e.to_string().contains("netlink"), "{e}");
}

#[test]
fn what_the_machine_starts_from_is_what_flash_and_firmware_name() {
    for (name, firmware) in [(LOGIN, false), (BOOT, true)] {
        let dir = dir();
        let mut kernel = opened(dir.path(), name);
        let marks = kernel.boot_marks().expect("marks");
        let of = |host| -> Vec<_> {
            let of_host = marks.iter().filter(|mark| mark.host == host);
            of_host.map(|mark| (mark.target.clone(), mark.port)).collect()
        };
        let flash = kernel.flash_targets(H0).expect("flash").into_iter();
        let flash: Vec<_> = flash
            .filter(|t| t.boot)
            .filter_map(|t| Some((t.target_name?, t.port?)))
            .collect();
        assert_eq!(of(Some(H0)), flash, "{name}");
        let told = kernel.firmware_boot(H0).expect("boot").targets.into_iter();
        let told: Vec<_> = told.filter_map(|t| Some((t.target_name?, t.port?))).collect();
        assert_eq!(of(None), told, "{name}");
        assert_eq!(!told.is_empty(), firmware, "{name}");
    }
}

#[test]
fn a_session_is_another_one_when_its_directory_is_another_one() {
    let dir = dir();
    let mut kernel = opened(dir.path(), LOGIN);
    let mut sids = Vec::new();
    kernel
        .for_each_session(&mut |s| {
            sids.push((s.sid, s.target_name));
            ControlFlow::Continue(())
        })
        .expect("listed");
    let (sid, target) = sids.first().expect("a session");
    let before = kernel.session_life(*sid).expect("read").expect("there");
    assert_eq!(before.target, *target);
    assert_eq!(kernel.session_life(*sid).expect("read"), Some(before.clone()));
    let path = dir.path().join(format!("sys/class/iscsi_session/session{sid}"));
    let object = std::fs::canonicalize(&path).expect("there");
    std::fs::rename(&object, dir.path().join("old")).expect("moved");
    assert_eq!(kernel.session_life(*sid).expect("read"), None);
    std::fs::create_dir(&object).expect("made");
    std::fs::write(object.join("targetname"), format!("{target}\n")).expect("written");
    let after = kernel.session_life(*sid).expect("read").expect("there");
    assert!(!after.life.same(before.life), "{after:?} {before:?}");
    assert_eq!(kernel.session_life(4242).expect("read"), None);
}
