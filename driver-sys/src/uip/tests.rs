//! Round trips, offsets, and what a client may get wrong.

use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::netlink::code::PingStatus;

fn record() -> IfaceRecord {
    IfaceRecord {
        name: "bnx2i.00:10:18:aa:bb:cc".into(),
        iface_num: 3,
        netdev: "eth2".into(),
        ipaddress: "192.0.2.7/24".into(),
        subnet_mask: "255.255.255.0".into(),
        gateway: "192.0.2.1".into(),
        bootproto: "static".into(),
        ipv6_linklocal: "fe80::1".into(),
        ipv6_router: "fe80::2".into(),
        ipv6_autocfg: "nd".into(),
        linklocal_autocfg: "auto".into(),
        router_autocfg: "off".into(),
        prefix_len: 48,
        vlan_id: 100,
        vlan_priority: 5,
        vlan_state: "enable".into(),
        state: "enable".into(),
        mtu: 9000,
        port: 3260,
        hwaddress: "00:10:18:aa:bb:cc".into(),
        transport_name: "bnx2i".into(),
        alias: "alias".into(),
        iname: "iqn.2024-01.example:host".into(),
    }
}

/// The peer's offsets count from the beginning of the message.
#[test]
fn fields_stand_where_the_peer_has_them() {
    let message = Request::Iface(record()).encode().unwrap();
    assert_eq!(message.len(), 8 + 11720);
    assert_eq!(
        message[..8],
        [1_u32.to_ne_bytes(), 11720_u32.to_ne_bytes()].concat()
    );
    assert!(
        message[8..24].iter().all(|b| *b == 0),
        "list pointers are not ours"
    );
    for (at, bytes) in [
        (24, &b"bnx2i.00:10:18:aa:bb:cc\0"[..]),
        (92, &3_u32.to_ne_bytes()),
        (96, b"eth2\0"),
        (112, b"192.0.2.7/24\0"),
        (1137, b"255.255.255.0\0"),
        (2162, b"192.0.2.1\0"),
        (3187, b"static\0"),
        (3267, b"fe80::1\0"),
        (4292, b"fe80::2\0"),
        (5317, b"nd\0"),
        (6342, b"auto\0"),
        (7367, b"off\0"),
        (8392, &[48]),
        (8394, &100_u16.to_ne_bytes()),
        (8396, &[5]),
        (8397, b"enable\0"),
        (8477, b"enable\0"),
        (8558, &9000_u16.to_ne_bytes()),
        (8560, &3260_u16.to_ne_bytes()),
        (11180, b"00:10:18:aa:bb:cc\0"),
        (11198, b"bnx2i\0"),
        (11214, b"alias\0"),
        (11470, b"iqn.2024-01.example:host\0"),
    ] {
        assert_eq!(&message[at..at + bytes.len()], bytes, "at {at}");
    }
}

#[test]
fn a_ping_stands_behind_its_record() {
    for (to, at, octets) in [
        ("192.0.2.9", 11732, vec![192, 0, 2, 9]),
        (
            "2001:db8::9",
            11736,
            "2001:db8::9"
                .parse::<std::net::Ipv6Addr>()
                .unwrap()
                .octets()
                .to_vec(),
        ),
    ] {
        let ping = PingRequest {
            iface: record(),
            to: to.parse().unwrap(),
            size: 56,
        };
        let message = Request::Ping(ping.clone()).encode().unwrap();
        assert_eq!(message.len(), 11872);
        assert_eq!(message[4..8], 11864_u32.to_ne_bytes());
        assert_eq!(message[at..at + octets.len()], octets);
        assert_eq!(message[11856..11860], 56_i32.to_ne_bytes());
        assert_eq!(
            Request::decode(Command::Ping, &message[8..]),
            Ok(Request::Ping(ping))
        );
    }
}

#[test]
fn a_ping_without_an_address_or_of_a_negative_size_is_refused() {
    let ping = Request::Ping(PingRequest {
        iface: record(),
        to: IpAddr::from([192, 0, 2, 9]),
        size: 0,
    });
    let mut payload = ping.encode().unwrap().split_off(8);
    payload[11720..11722].copy_from_slice(&1_u16.to_ne_bytes());
    assert_eq!(Request::decode(Command::Ping, &payload), Err(UipError::Family(1)));
    payload[11720..11722].copy_from_slice(&2_u16.to_ne_bytes());
    payload[11848..11852].copy_from_slice(&(-5_i32).to_ne_bytes());
    assert_eq!(
        Request::decode(Command::Ping, &payload),
        Err(UipError::PingSize(-5))
    );
}

#[test]
fn another_size_and_an_unknown_command_are_refused_by_name() {
    let header = |command, payload_len| Header { command, payload_len };
    let error = header(Command::GetIface, 11712).check().unwrap_err();
    assert_eq!(
        error.to_string(),
        "ISCSID_UIP_IPC_GET_IFACE announces 11712 bytes, its record has 11720"
    );
    let error = header(Command::Ping, u32::MAX).check().unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("ISCSID_UIP_IPC_PING announces 4294967295"),
        "{error}"
    );
    let error = header(Command::Unknown(77), 0).check().unwrap_err();
    assert_eq!(error.to_string(), "unknown command 77");
    assert_eq!(
        Request::decode(Command::Unknown(77), &[]),
        Err(UipError::Command(77))
    );
}

#[test]
fn a_text_without_an_end_is_refused_by_the_name_of_its_field() {
    let good = record().encode().unwrap();
    for (field, range) in [
        ("netdev", 88..104),
        ("hwaddress", 11172..11190),
        ("iname", 11462..11718),
    ] {
        let mut bytes = good.clone();
        bytes[range].fill(b'x');
        assert_eq!(IfaceRecord::decode(&bytes), Err(UipError::Text { field }));
    }
    let mut bytes = good;
    bytes[104] = 0xff;
    assert_eq!(
        IfaceRecord::decode(&bytes),
        Err(UipError::Text { field: "ipaddress" })
    );
}

#[test]
fn a_text_that_does_not_fit_is_not_cut() {
    let mut long = record();
    long.netdev = "x".repeat(16);
    let expected = UipError::Long {
        field: "netdev",
        room: 15,
    };
    assert_eq!(long.encode(), Err(expected));
    long.netdev = "x".repeat(15);
    assert!(long.encode().is_ok());
    long.alias = "a\0b".into();
    assert!(matches!(
        long.encode(),
        Err(UipError::Long { field: "alias", .. })
    ));
}

#[test]
fn a_reply_is_three_words() {
    let reply = Reply {
        command: Command::Ping,
        status: Status::Err,
        ping: PingStatus::NoArpReceived,
    };
    let bytes = reply.encode();
    assert_eq!(
        bytes,
        *[2_u32.to_ne_bytes(), 1_u32.to_ne_bytes(), 9_u32.to_ne_bytes()].concat()
    );
    assert_eq!(Reply::decode(&bytes), Ok(reply));
    assert!(matches!(
        Reply::decode(&bytes[..11]),
        Err(UipError::Size { have: 11, .. })
    ));
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused(data in proptest::collection::vec(any::<u8>(), 0..400)) {
        fuzz::control(&data);
        for command in [1_u32, 2] {
            let mut data = data.clone();
            data.splice(0..0, command.to_ne_bytes());
            fuzz::control(&data);
        }
    }

    #[test]
    fn any_texts_come_back(netdev in "[a-z0-9.]{0,15}", ipaddress in "[^\0]{0,60}", vlan_id: u16, mtu: u16) {
        let record = IfaceRecord { netdev, ipaddress, vlan_id, mtu, ..record() };
        prop_assert_eq!(IfaceRecord::decode(&record.encode().unwrap()), Ok(record));
    }
}
