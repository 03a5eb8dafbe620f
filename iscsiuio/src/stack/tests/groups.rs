//! Groups in which an address is asked for, told to routers. Source: RFC 3810.

use smoltcp::wire::EthernetProtocol;

use super::super::{listener, ndisc};
use super::{framed, give};
use crate::rig::Net;

#[test]
fn groups_are_reported_when_an_address_comes_and_when_a_router_asks() {
    let mut net = Net::new();
    net.stack(1500, &["fe80::1:2/64"]);
    let group = ndisc::solicited_node("fe80::1:2".parse().unwrap());
    let (_, report) = net.frames.pop().unwrap();
    assert_eq!(report[..6], ndisc::group_mac(listener::ROUTERS));
    // MLDv2, one record: changes to exclude nothing, the group.
    assert_eq!((report[62], &report[69..72]), (143, &[1, 4, 0][..]));
    assert_eq!(report[74..90], group.octets());

    let router = "fe80::99".parse().unwrap();
    let mut message = vec![listener::QUERY, 0, 0, 0, 0x27, 0x10, 0, 0];
    message.extend_from_slice(&[0; 16]);
    message.extend_from_slice(&[2, 125, 0, 0]);
    smoltcp::wire::Icmpv6Packet::new_unchecked(&mut message[..]).fill_checksum(&router, &ndisc::ALL_NODES);
    let query = |hops| {
        let packet = super::ip6::packet(
            router,
            ndisc::ALL_NODES,
            hops,
            smoltcp::wire::IpProtocol::Icmpv6,
            &[&message],
        );
        framed(
            ndisc::group_mac(ndisc::ALL_NODES),
            EthernetProtocol::Ipv6,
            &packet,
        )
    };
    assert!(!give(&mut net, &query(2)), "from beyond the link");
    assert!(give(&mut net, &query(1)));
    net.settle();
    let (_, report) = net.frames.pop().unwrap();
    assert_eq!(
        (report[62], report[70], &report[74..90]),
        (143, 2, &group.octets()[..])
    );
}
