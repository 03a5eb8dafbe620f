//! Naming rules.

use super::*;

fn key(host: u32, mac: &str, serial: &str) -> AdapterKey {
    AdapterKey {
        host: HostNo(host),
        transport: Some("qla4xxx".into()),
        mac: Some(mac.into()),
        port_name: Some(format!("0000:05:00.{host}")),
        serial: Some(serial.into()),
        model: None,
    }
}

#[test]
fn an_adapter_is_found_by_number_mac_and_pci_address() {
    let known = [key(0, "00:c0:dd:11:22:35", "A"), key(1, "00:c0:dd:11:22:36", "B")];
    for (text, host) in [
        ("0", 0),
        ("host1", 1),
        ("00:C0:DD:11:22:36", 1),
        ("00-c0-dd-11-22-35", 0),
        ("0000:05:00.1", 1),
        ("A", 0),
    ] {
        let id: AdapterId = text.parse().expect(text);
        assert_eq!(id.resolve(&known).expect(text).host, HostNo(host), "{text}");
    }
}

#[test]
fn a_name_shared_by_two_ports_is_refused() {
    let known = [key(0, "00:c0:dd:11:22:35", "A"), key(1, "00:c0:dd:11:22:36", "A")];
    let id: AdapterId = "A".parse().expect("name");
    assert_eq!(id.resolve(&known).expect_err("ambiguous").kind(), Kind::Invalid);
    let id: AdapterId = "7".parse().expect("name");
    assert_eq!(id.resolve(&known).expect_err("missing").kind(), Kind::NotFound);
}

#[test]
fn nonsense_is_not_an_adapter_name() {
    for text in ["", "a b", "../x", "99999999999", "host99999999999"] {
        assert!(text.parse::<AdapterId>().is_err(), "{text}");
    }
}

#[test]
fn interface_names_round_trip() {
    for (text, host) in [
        ("ipv4-iface-0-0", None),
        ("ipv6-iface-7-1", None),
        ("ipv6-iface-7-1", Some(HostNo(7))),
    ] {
        assert_eq!(IfaceId::parse(text, host).expect(text).to_string(), text);
    }
    assert_eq!(
        IfaceId::parse("ipv6-1", Some(HostNo(3)))
            .expect("short")
            .to_string(),
        "ipv6-iface-3-1"
    );
    assert_eq!(
        IfaceId::parse("ipv4", Some(HostNo(3)))
            .expect("short")
            .to_string(),
        "ipv4-iface-3-0"
    );
    for bad in ["ipv4", "eth0", "ipv4-iface-0", "ipv4-iface-0-x", "ipv5", "ipv4x"] {
        assert!(IfaceId::parse(bad, None).is_err(), "{bad}");
    }
    assert!(IfaceId::parse("ipv4-iface-0-0", Some(HostNo(1))).is_err());
}

#[test]
fn logical_unit_addresses_round_trip() {
    let hctl: Hctl = "2:0:5:18446744073709551615".parse().expect("valid");
    assert_eq!(hctl.to_string(), "2:0:5:18446744073709551615");
    for bad in [
        "",
        "1:2:3",
        "1:2:3:4:5",
        "1:2:3:x",
        "4294967296:0:0:0",
        "-1:0:0:0",
    ] {
        assert!(bad.parse::<Hctl>().is_err(), "{bad}");
    }
}
