//! Records as iscsid sends them, and what comes of them.

use super::*;

fn record(ipaddress: &str) -> IfaceRecord {
    IfaceRecord {
        netdev: "eth2".into(),
        ipaddress: ipaddress.into(),
        transport_name: "bnx2i".into(),
        ..Default::default()
    }
}

fn v4(record: &IfaceRecord) -> Ipv4Source {
    match Wanted::of(record).unwrap().family {
        Family::V4(source) => source,
        other => panic!("{other:?}"),
    }
}

fn fixed(address: &str, prefix: u8, gateway: Option<&str>) -> Ipv4Source {
    Ipv4Source::Static {
        address: address.parse().unwrap(),
        prefix,
        gateway: gateway.map(|gateway| gateway.parse().unwrap()),
    }
}

#[test]
fn zeros_ask_for_dhcp_whatever_bootproto_says() {
    for bootproto in ["", "static", "dhcp"] {
        let record = IfaceRecord {
            bootproto: bootproto.into(),
            ..record("0.0.0.0")
        };
        assert_eq!(v4(&record), Ipv4Source::Dhcp);
    }
    let mut none = record("");
    none.bootproto = "dhcp".into();
    assert_eq!(v4(&none), Ipv4Source::Dhcp);
    none.bootproto.clear();
    let error = Wanted::of(&none).unwrap_err();
    assert_eq!(error.to_string(), "iface.ipaddress = \"\" is no IP address");
}

#[test]
fn a_netmask_comes_from_the_address_the_record_or_the_class() {
    let mut record = record("192.0.2.7/26");
    record.subnet_mask = "255.255.0.0".into();
    assert_eq!(v4(&record), fixed("192.0.2.7", 26, None));
    record.ipaddress = "192.0.2.7".into();
    assert_eq!(v4(&record), fixed("192.0.2.7", 16, None));
    record.subnet_mask.clear();
    assert_eq!(v4(&record), fixed("192.0.2.7", 24, None));
    record.ipaddress = "172.16.0.1/0".into();
    assert_eq!(v4(&record), fixed("172.16.0.1", 16, None));
    record.ipaddress = "10.0.0.1".into();
    assert_eq!(v4(&record), fixed("10.0.0.1", 8, None));
}

#[test]
fn a_gateway_outside_of_the_network_is_left_out() {
    let mut record = record("192.0.2.7/24");
    record.gateway = "192.0.2.1".into();
    assert_eq!(v4(&record), fixed("192.0.2.7", 24, Some("192.0.2.1")));
    for gateway in ["0.0.0.0", "198.51.100.1", "nonsense", ""] {
        record.gateway = gateway.into();
        assert_eq!(v4(&record), fixed("192.0.2.7", 24, None), "{gateway}");
    }
}

#[test]
fn ipv6_follows_its_switches() {
    let of = |ipaddress: &str, autocfg: &str| {
        let mut record = record(ipaddress);
        record.ipv6_autocfg = autocfg.into();
        match Wanted::of(&record).unwrap().family {
            Family::V6 { source, .. } => source,
            other => panic!("{other:?}"),
        }
    };
    let fixed = |prefix| Ipv6Source::Static {
        address: "2001:db8::7".parse().unwrap(),
        prefix,
    };
    assert_eq!(of("2001:db8::7", ""), fixed(64));
    assert_eq!(of("2001:db8::7/48", "nd"), fixed(48));
    assert_eq!(of("2001:db8::7", "dhcpv6"), Ipv6Source::Dhcp);
    assert_eq!(of("::", ""), Ipv6Source::Dhcp);
    assert_eq!(of("::", "nd"), Ipv6Source::Auto);
}

#[test]
fn given_link_local_and_router_are_taken_only_where_their_switch_is_off() {
    let mut record = record("::");
    record.ipv6_linklocal = "fe80::7".into();
    record.ipv6_router = "fe80::1".into();
    let auto = Family::V6 {
        source: Ipv6Source::Dhcp,
        link_local: LinkLocalSource::Auto,
        router: RouterSource::Auto,
    };
    assert_eq!(Wanted::of(&record).unwrap().family, auto);
    record.linklocal_autocfg = "off".into();
    record.router_autocfg = "off".into();
    let given = Family::V6 {
        source: Ipv6Source::Dhcp,
        link_local: LinkLocalSource::Static("fe80::7".parse().unwrap()),
        router: RouterSource::Static("fe80::1".parse().unwrap()),
    };
    assert_eq!(Wanted::of(&record).unwrap().family, given);
    record.ipv6_linklocal = "2001:db8::7".into();
    let error = Wanted::of(&record).unwrap_err();
    assert!(error.to_string().starts_with("iface.ipv6_linklocal"), "{error}");
}

#[test]
fn vlans_are_tags_with_their_limits() {
    let mut record = record("192.0.2.7");
    record.vlan_id = 100;
    record.vlan_priority = 5;
    let tag = Some(Vlan { id: 100, priority: 5 });
    assert_eq!(Wanted::of(&record).unwrap().vlan, tag);
    record.vlan_state = "disable".into();
    assert_eq!(Wanted::of(&record).unwrap().vlan, None);
    record.vlan_state = "enable".into();
    record.vlan_id = 4095;
    assert!(matches!(
        Wanted::of(&record),
        Err(Unusable::Value { field: "vlan_id", .. })
    ));
    record.vlan_id = 4094;
    record.vlan_priority = 8;
    assert!(matches!(
        Wanted::of(&record),
        Err(Unusable::Value {
            field: "vlan_priority",
            ..
        })
    ));
}

#[test]
fn nonsense_is_refused_by_the_name_of_its_field() {
    for (field, record) in [
        ("ipaddress", record("300.1.1.1")),
        ("ipaddress", record("192.0.2.7/33")),
        ("ipaddress", record("127.0.0.1")),
        ("ipaddress", record("ff02::1")),
        ("ipaddress", record("240.0.0.1")),
        ("ipaddress", record("0.0.0.9")),
        ("ipaddress", record("::ffff:192.0.2.7")),
        (
            "subnet_mask",
            IfaceRecord {
                subnet_mask: "255.0.255.0".into(),
                ..record("192.0.2.7")
            },
        ),
        (
            "hwaddress",
            IfaceRecord {
                hwaddress: "00:10:18:aa:bb".into(),
                ..record("192.0.2.7")
            },
        ),
    ] {
        match Wanted::of(&record) {
            Err(Unusable::Value { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{field}: {other:?}"),
        }
    }
    let mut disabled = record("192.0.2.7");
    disabled.state = "disable".into();
    assert_eq!(Wanted::of(&disabled), Err(Unusable::Disabled));
    disabled.state.clear();
    disabled.netdev.clear();
    assert_eq!(Wanted::of(&disabled), Err(Unusable::Nobody));
}

#[test]
fn a_family_is_put_beside_the_other() {
    let first = Wanted::of(&record("192.0.2.7/24")).unwrap().within(None);
    let both = Wanted::of(&record("2001:db8::7")).unwrap().within(Some(&first));
    assert_eq!(both.v4, fixed("192.0.2.7", 24, None));
    assert!(matches!(both.v6, Ipv6Source::Static { prefix: 64, .. }));
    let changed = Wanted::of(&record("0.0.0.0")).unwrap().within(Some(&both));
    assert_eq!((changed.v4, changed.v6), (Ipv4Source::Dhcp, both.v6));
}

#[test]
fn an_mtu_out_of_range_is_the_ports() {
    let mut record = record("192.0.2.7");
    for (given, taken) in [
        (0, None),
        (46, None),
        (1280, Some(1280)),
        (9000, Some(9000)),
        (9001, None),
    ] {
        record.mtu = given;
        assert_eq!(Wanted::of(&record).unwrap().mtu, taken);
    }
}
