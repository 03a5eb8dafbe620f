//! Addresses that the network gives: DHCP, router advertisements, link-local.

use std::net::Ipv6Addr;
use std::time::Duration;

use driver_sys::hw::acb::Ipv6AddOptions;
use driver_sys::hw::aen::IpAddrState;

use super::bench::Bench;
use crate::chip::ISP4032;
use crate::fw::{Command, DhcpLease, Network, Reply, RouterAdvertisement};

const ADVERTISED: u8 = 3;
const MANUAL: u8 = 1;

fn state(bench: &mut Bench, ip: u32) -> IpAddrState {
    match bench.ok(Command::GetIpAddrState { acb: 0, ip }) {
        Reply::IpAddrState(state) => state,
        other => panic!("{other:?}"),
    }
}

fn router() -> RouterAdvertisement {
    RouterAdvertisement {
        router: "fe80::1".parse().unwrap(),
        prefix: "2001:db8:0:7::".parse().unwrap(),
    }
}

/// A port with IPv6 on, its first address made by neighbour discovery.
fn discovering(network: Network) -> Bench {
    let mut bench = Bench::new(&ISP4032, 1);
    bench.card.set_network(0, network);
    let mut block = bench.acb();
    block.ipv6_opts.set(0x8000);
    let mut flags = block.ipv6_add_flags();
    flags.insert(Ipv6AddOptions::NEIGHBOR_DISCOVERY_ADDR_ENABLE);
    block.set_ipv6_add_flags(flags);
    bench.ok(Command::InitializeFirmware(Box::new(block)));
    bench
}

#[test]
fn a_router_advertisement_makes_an_address_and_names_the_router() {
    let mut bench = discovering(Network {
        router: Some(router()),
        ..Network::default()
    });
    assert_eq!(state(&mut bench, 2), IpAddrState::Acquiring);
    assert_eq!(bench.acb().ipv6_dflt_rtr_state, 0);
    bench.pass(Duration::from_millis(1200));
    assert_eq!(state(&mut bench, 1), IpAddrState::Preferred);
    assert_eq!(state(&mut bench, 2), IpAddrState::Tentative);
    bench.pass(Duration::from_secs(1));
    assert_eq!(state(&mut bench, 2), IpAddrState::Preferred);
    let block = bench.acb();
    let address = Ipv6Addr::from(block.ipv6_addr0);
    assert_eq!(address.segments()[..4], [0x2001, 0xdb8, 0, 7]);
    assert_eq!(
        block.ipv6_addr0[8..],
        block.ipv6_if_id,
        "the interface identifier is the link-local one's"
    );
    assert_eq!(block.ipv6_dflt_rtr_state, ADVERTISED);
    assert_eq!(Ipv6Addr::from(block.ipv6_dflt_rtr_addr), router().router);
    // A driver that writes back what it read has set nothing.
    bench.ok(Command::DisableAcb);
    bench.ok(Command::SetAcb(Box::new(block)));
    bench.pass(Duration::from_secs(3));
    assert_eq!(bench.acb().ipv6_dflt_rtr_state, ADVERTISED);
}

#[test]
fn without_a_router_the_address_is_given_up_after_three_solicitations() {
    let mut bench = discovering(Network::default());
    bench.pass(Duration::from_secs(11));
    assert_eq!(state(&mut bench, 2), IpAddrState::Acquiring);
    assert_eq!(state(&mut bench, 1), IpAddrState::Preferred);
    bench.pass(Duration::from_secs(2));
    assert_eq!(state(&mut bench, 2), IpAddrState::Unconfigured);
    assert_eq!(bench.acb().ipv6_dflt_rtr_state, 0);
}

#[test]
fn a_router_set_by_hand_stays_whatever_is_advertised() {
    let mut bench = discovering(Network {
        router: Some(router()),
        ..Network::default()
    });
    let mut block = bench.acb();
    block.ipv6_dflt_rtr_addr = "fe80::99".parse::<Ipv6Addr>().unwrap().octets();
    bench.ok(Command::SetAcb(Box::new(block)));
    bench.pass(Duration::from_secs(3));
    let block = bench.acb();
    assert_eq!(block.ipv6_dflt_rtr_state, MANUAL);
    assert_eq!(
        Ipv6Addr::from(block.ipv6_dflt_rtr_addr),
        "fe80::99".parse::<Ipv6Addr>().unwrap()
    );
}

#[test]
fn dhcp_without_a_server_keeps_acquiring_and_with_one_gives_its_lease() {
    let lease = DhcpLease {
        address: [10, 0, 0, 21].into(),
        subnet: [255, 255, 255, 0].into(),
        gateway: [10, 0, 0, 1].into(),
    };
    for lease in [None, Some(lease)] {
        let mut bench = Bench::new(&ISP4032, 1);
        bench.card.set_network(0, Network { lease, router: None });
        let mut block = bench.acb();
        let mut flags = block.ipv4_tcp_flags();
        flags.insert(driver_sys::hw::acb::Ipv4TcpOptions::DHCP_ENABLE);
        block.set_ipv4_tcp_flags(flags);
        bench.ok(Command::InitializeFirmware(Box::new(block)));
        assert_eq!(state(&mut bench, 0), IpAddrState::Acquiring);
        bench.pass(Duration::from_secs(60));
        match lease {
            None => assert_eq!(state(&mut bench, 0), IpAddrState::Acquiring),
            Some(lease) => {
                assert_eq!(state(&mut bench, 0), IpAddrState::Preferred);
                assert_eq!(bench.acb().ipv4_addr, lease.address.octets());
                assert_eq!(bench.acb().ipv4_gw_addr, lease.gateway.octets());
            }
        }
    }
}
