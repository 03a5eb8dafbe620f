//! What the helper has, as interfaces.

use super::*;
use crate::model::{HelperAddress, HelperCounters, HelperNeighbour, HelperPort, HelperPresence};

const H3: HostNo = HostNo(3);

fn address(text: &str, duplicate: bool) -> HelperAddress {
    HelperAddress {
        address: text.into(),
        prefix: 64,
        duplicate,
        seconds: None,
    }
}

fn interface(vlan: u16, ipv4: &str, ipv6: &str, addresses: Vec<HelperAddress>) -> HelperInterface {
    HelperInterface {
        vlan,
        priority: 0,
        ipv4: ipv4.into(),
        ipv6: ipv6.into(),
        state: "acquiring".into(),
        addresses,
        routers: vec!["10.0.0.1".into(), "fe80::1".into()],
        leases: Vec::new(),
        neighbours: ["10.0.0.50", "fd00::50", "no address"]
            .map(|text| HelperNeighbour {
                address: text.into(),
                mac: None,
                age: 1,
            })
            .into(),
    }
}

fn helper(interfaces: Vec<HelperInterface>) -> Helper {
    Helper {
        presence: HelperPresence::Running,
        ports: vec![HelperPort {
            host: 3,
            mac: String::new(),
            mtu: 9000,
            link: true,
            ring: String::new(),
            ring_full: 0,
            pending: 0,
            interfaces,
            counters: HelperCounters {
                received: 0,
                sent: 0,
                dropped: 0,
                requests: 0,
                resolved: 0,
                failed: 0,
                evicted: 0,
            },
        }],
        totals: None,
    }
}

#[test]
fn an_interface_is_one_row_a_family_with_what_is_of_that_family() {
    let told = helper(vec![
        interface(100, "dhcp", "off", Vec::new()),
        interface(
            0,
            "static",
            "auto",
            vec![
                address("10.0.0.21", false),
                address("fe80::21", false),
                address("fd00::21", false),
            ],
        ),
    ]);
    let rows = of(H3, Some(&told), None);
    let names: Vec<_> = rows.iter().map(|i| i.name.as_str()).collect();
    assert_eq!(names, ["ipv4-iface-3-0", "ipv4-iface-3-100", "ipv6-iface-3-0"]);
    assert!(
        rows.iter()
            .all(|i| i.mtu == Some(9000) && i.present && i.enabled == Some(true))
    );
    assert_eq!(rows[0].address.as_deref(), Some("10.0.0.21"));
    assert_eq!(
        (rows[1].address.as_deref(), rows[1].address_state.as_deref()),
        (None, Some("acquiring"))
    );
    assert_eq!(
        rows[2].address.as_deref(),
        Some("fd00::21"),
        "before that of the link"
    );
    assert_eq!(kept_address(H3, Some(&told)).as_deref(), Some("10.0.0.21"));
    let part = rows[2].helper.as_ref().expect("the helper's part");
    assert_eq!(
        (part.addresses.len(), part.routers.as_slice()),
        (2, &["fe80::1".to_owned()][..])
    );
    assert_eq!(part.neighbours.len(), 1);
}

#[test]
fn an_address_that_somebody_else_has_is_shown_as_such() {
    let told = helper(vec![interface(
        0,
        "static",
        "off",
        vec![address("10.0.0.21", true)],
    )]);
    assert_eq!(
        of(H3, Some(&told), None)[0].address_state.as_deref(),
        Some("duplicate")
    );
    assert_eq!(kept_address(H3, Some(&told)), None);
}

#[test]
fn where_nothing_is_up_the_first_login_would_bring_up_the_untagged_one() {
    for told in [
        None,
        Some(helper(Vec::new())),
        Some(Helper::silent(HelperPresence::NotRunning)),
    ] {
        let rows = of(H3, told.as_ref(), Some(""));
        assert_eq!((rows.len(), rows[0].name.as_str()), (1, "ipv4-iface-3-0"));
        assert_eq!((rows[0].enabled, rows[0].address.as_deref()), (None, None));
        let rows = of(H3, told.as_ref(), Some("fd00::21"));
        assert_eq!(
            rows[0].name, "ipv6-iface-3-0",
            "the driver tells what its connections use"
        );
        assert_eq!(rows[0].address.as_deref(), Some("fd00::21"));
    }
    let off = helper(vec![interface(7, "off", "off", Vec::new())]);
    assert_eq!(of(H3, Some(&off), None)[0].enabled, Some(false));
}
