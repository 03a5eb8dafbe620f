//! The rows as a whole, and what the kernel's source says of single ones.

use std::collections::HashSet;

use super::super::ability::{Ability, Can};
use super::*;

/// What every driver with a row stands to by a row of its own; the others are nobody's.
const OWN: usize = 9;

#[test]
fn every_driver_says_of_everything_whether_and_why_not() {
    let mut seen = HashSet::new();
    for driver in Driver::all() {
        assert!(seen.insert(driver.transport), "{driver:?}");
        let mut abilities = HashSet::new();
        for (ability, _) in driver.abilities {
            assert!(
                abilities.insert(*ability),
                "{}: {ability:?} twice",
                driver.transport
            );
        }
        assert_eq!(abilities.len(), OWN, "{}", driver.transport);
        for ability in Ability::ALL {
            let Can::Not(why) = driver.can(*ability) else {
                continue;
            };
            assert!(why.reason.len() > 20, "{}: {ability:?}", driver.transport);
            assert_ne!(why, super::why::NOT_KNOWN, "{}: {ability:?}", driver.transport);
        }
    }
}

#[test]
fn features_and_what_is_missing_are_the_two_halves_of_the_same() {
    for driver in Driver::all() {
        for model in [None, Some("QLE4010C"), Some("QLE8042")] {
            let features = serde_json::to_value(driver.features(model)).expect("a map");
            let missing = driver.missing(model);
            for ability in Ability::ALL {
                let has = features[ability.name()].as_bool().expect("a flag");
                let told = missing.iter().any(|m| m.feature == ability.name());
                assert_ne!(has, told, "{} {model:?}: {ability:?}", driver.transport);
            }
        }
    }
}

/// `qla4xxx_iscsi_transport`; `ql4_os.c` (`qla4xxx_setup_boot_info`) for the chips.
#[test]
fn qla4xxx_has_all_that_the_transport_class_offers() {
    let driver = Driver::of("qla4xxx");
    let all = driver.features(None);
    assert!(all.flash && all.chap_table && all.iface && all.ping && all.host_stats && all.boot && all.reset);
    assert!(!driver.features(Some("QLE8042")).boot);
    assert!(!all.ipsec && !all.multi_connection);
}

/// `bnx2i_iscsi_transport`, `qedi_iscsi_transport`: no `send_ping`, no `set_iface_param`, no `set_chap`, no `new_flashnode`, no
/// `get_host_stats`, no `bsg_request`; open-iscsi's templates name iscsiuio for the ping (`exec_ping`).
#[test]
fn of_bnx2i_and_qedi_only_the_ping_is_had_and_by_the_helper() {
    for transport in ["bnx2i", "qedi"] {
        let driver = Driver::of(transport);
        assert!(driver.helper, "{transport}");
        assert_eq!(driver.can(Ability::Ping), Can::Helper, "{transport}");
        assert_eq!(
            driver.features(None),
            Features {
                ping: true,
                ..Features::default()
            },
            "{transport}"
        );
    }
}

#[test]
fn of_a_driver_that_is_not_known_nothing_is_claimed() {
    let driver = Driver::of("weird");
    assert!(!driver.features(None).flash && driver.logs_in.is_none() && driver.login.is_none());
    assert_eq!(driver.can(Ability::Flash), Can::Not(super::why::NOT_KNOWN));
    // Radius is nobody's, whatever the driver.
    assert_eq!(driver.can(Ability::Radius), Can::Not(RADIUS));
}

/// open-iscsi 2.1.13 `usr/transport.c`, template by template: name, module, `set_host_ip`, `bind_ep_required`, `use_boot_info`, `no_netdev`,
/// `sync_vlan_settings`, iscsiuio for addresses and pings, who logs in.
#[test]
fn what_a_login_takes_is_what_the_peers_templates_say() {
    use Flow::{Adapter, Endpoint, Socket};
    use HostIp::{NotRequired, Optional, Required};
    let peers = [
        (
            "tcp",
            "iscsi_tcp",
            NotRequired,
            false,
            false,
            false,
            false,
            false,
            Socket,
        ),
        (
            "iser",
            "ib_iser",
            NotRequired,
            false,
            false,
            false,
            false,
            false,
            Endpoint,
        ),
        (
            "cxgb3i", "cxgb3i", Optional, true, false, false, false, false, Endpoint,
        ),
        (
            "cxgb4i",
            "cxgb4i",
            NotRequired,
            true,
            false,
            false,
            false,
            false,
            Endpoint,
        ),
        (
            "bnx2i", "bnx2i", Required, true, true, false, false, true, Endpoint,
        ),
        (
            "be2iscsi",
            "be2iscsi",
            NotRequired,
            true,
            false,
            false,
            true,
            false,
            Endpoint,
        ),
        (
            "qla4xxx",
            "qla4xxx",
            NotRequired,
            true,
            false,
            false,
            false,
            false,
            Adapter,
        ),
        (
            "ocs",
            "ocs",
            NotRequired,
            true,
            false,
            false,
            false,
            false,
            Endpoint,
        ),
        ("qedi", "qedi", Required, true, true, true, false, true, Endpoint),
    ];
    assert_eq!(peers.len(), Driver::all().len());
    for (name, module, host_ip, bind, boot, alone, vlan, helper, flow) in peers {
        let driver = Driver::of(name);
        let login = driver.login.expect(name);
        assert_eq!(
            (login.module, login.host_ip, login.bind_endpoint),
            (module, host_ip, bind),
            "{name}"
        );
        assert_eq!(
            (login.boot_info, login.no_netdev, login.sync_vlan),
            (boot, alone, vlan),
            "{name}"
        );
        assert_eq!(
            (driver.helper, login.flow, login.rdma),
            (helper, flow, name == "iser"),
            "{name}"
        );
    }
}

#[test]
fn the_iscsi_function_beside_a_network_device_is_known_by_its_driver() {
    for (netdev, transport) in [
        ("bnx2", "bnx2i"),
        ("bnx2x", "bnx2i"),
        ("cxgb3", "cxgb3i"),
        ("cxgb4", "cxgb4i"),
        ("qede", "qedi"),
    ] {
        assert_eq!(
            Driver::beside(netdev).map(|d| d.transport),
            Some(transport),
            "{netdev}"
        );
    }
    assert!(Driver::beside("e1000e").is_none());
}
