//! IPv6: link-local and given addresses, routers, DHCPv6 where a router asks for it.

use std::net::{Ipv6Addr, SocketAddr};

use dhcproto::v6::{DhcpOption, DhcpOptions, IAAddr, IANA, Message, MessageType, OptionCode};
use dhcproto::{Decodable, Decoder, Encodable};

use super::*;
use crate::address::Datagram;
use crate::port::Vlan;

const OWN: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0x210, 0x18ff, 0xfe01, 0x203);
const ROUTER: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const GIVEN: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10);
const LEASED: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x50);
const MADE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0x210, 0x18ff, 0xfe01, 0x203);
const EVERYTHING: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// An advertisement; with the prefix 2001:db8:1::/64.
fn advertisement(flags: u8, prefix: bool) -> Vec<u8> {
    let mut bytes = vec![134, 0, 0, 0, 64, flags, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0];
    if prefix {
        bytes.extend([3, 4, 64, 0xc0, 0, 1, 0x51, 0x80, 0, 0, 0x38, 0x40, 0, 0, 0, 0]);
        bytes.extend(Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 0).octets());
    }
    bytes
}

/// Answers probes and DHCPv6 messages; says which messages there were.
fn serve(world: &mut World, span: Duration) -> Vec<MessageType> {
    let end = world.now + span;
    let mut asked = Vec::new();
    loop {
        while let Some(effect) = world.addresses.poll() {
            match effect {
                Effect::Probe(address) => world.addresses.probed(world.now, address, Probed::Free),
                Effect::Udp(datagram) if datagram.source.is_ipv6() => {
                    assert_eq!(datagram.source, SocketAddr::from((OWN, 546)));
                    let request = Message::decode(&mut Decoder::new(&datagram.payload)).unwrap();
                    asked.push(request.msg_type());
                    let payload = answer(&request);
                    let heard = Datagram {
                        source: SocketAddr::from((ROUTER, 547)),
                        destination: SocketAddr::from((OWN, 546)),
                        payload: &payload[..],
                    };
                    world.addresses.datagram(world.now, &heard);
                }
                _ => {}
            }
        }
        let Some(at) = world.addresses.poll_timeout().filter(|at| *at <= end) else {
            break;
        };
        world.now = at.max(world.now);
        world.addresses.handle_timeout(world.now);
    }
    world.now = end;
    asked
}

fn answer(request: &Message) -> Vec<u8> {
    let rapid = request.opts().get(OptionCode::RapidCommit).is_some();
    let mut message = Message::new_with_id(MessageType::Reply, request.xid());
    let options = message.opts_mut();
    options.insert(request.opts().get(OptionCode::ClientId).unwrap().clone());
    options.insert(DhcpOption::ServerId(vec![0, 3, 0, 1, 1]));
    if rapid {
        options.insert(DhcpOption::RapidCommit);
    }
    let Some(DhcpOption::IANA(asked)) = request.opts().get(OptionCode::IANA) else {
        panic!("no association")
    };
    if request.msg_type() != MessageType::Confirm {
        let opts = DhcpOptions::new();
        let told = IAAddr {
            addr: LEASED,
            preferred_life: 600,
            valid_life: 1200,
            opts,
        };
        let opts = [DhcpOption::IAAddr(told)].into_iter().collect();
        options.insert(DhcpOption::IANA(IANA {
            id: asked.id,
            t1: 300,
            t2: 500,
            opts,
        }));
    }
    message.to_vec().unwrap()
}

fn held(world: &World) -> Vec<IpAddr> {
    world
        .addresses
        .addresses()
        .into_iter()
        .map(|h| h.address)
        .collect()
}

fn routed(world: &World) -> Vec<(IpAddr, u8, Option<IpAddr>)> {
    world
        .addresses
        .routes()
        .into_iter()
        .map(|r| (r.destination, r.prefix, r.gateway))
        .collect()
}

#[test]
fn a_given_address_and_a_link_local_one_and_the_router_that_is_found() {
    let source = Ipv6Source::Static {
        address: GIVEN,
        prefix: 64,
    };
    let mut world = World::new(&config(Ipv4Source::Off, source));
    assert_eq!(world.addresses.configured6(), Some(Configured::Acquiring));
    assert_eq!(serve(&mut world, secs(1)), []);
    assert_eq!(world.addresses.configured(), Configured::Ready);
    assert_eq!(held(&world), [IpAddr::V6(OWN), IpAddr::V6(GIVEN)]);
    assert_eq!(routed(&world), [(GIVEN.into(), 64, None)]);
    world
        .addresses
        .router_advertisement(world.now, ROUTER, &advertisement(0x80, true));
    serve(&mut world, secs(1));
    // No other address than the given one.
    assert_eq!(held(&world), [IpAddr::V6(OWN), IpAddr::V6(GIVEN)]);
    assert_eq!(world.addresses.routers(), [IpAddr::V6(ROUTER)]);
    assert!(routed(&world).contains(&(EVERYTHING, 0, Some(ROUTER.into()))));
}

#[test]
fn everything_given_asks_nobody() {
    let source = Ipv6Source::Static {
        address: GIVEN,
        prefix: 64,
    };
    let link_local = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x77);
    let config = InterfaceConfig {
        link_local: LinkLocalSource::Static(link_local),
        router: RouterSource::Static(ROUTER),
        ..config(Ipv4Source::Off, source)
    };
    let mut world = World::new(&config);
    for address in [link_local, GIVEN] {
        world.addresses.probed(world.now, address.into(), Probed::Free);
    }
    assert!(!world.run(secs(3600)).contains(&Effect::SolicitRouter));
    assert_eq!(held(&world), [IpAddr::V6(link_local), IpAddr::V6(GIVEN)]);
    assert_eq!(
        routed(&world),
        [(GIVEN.into(), 64, None), (EVERYTHING, 0, Some(ROUTER.into()))]
    );
}

#[test]
fn what_is_no_address_is_not_used() {
    let multicast = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
    for (address, prefix) in [
        (multicast, 64),
        (Ipv6Addr::UNSPECIFIED, 64),
        (OWN, 64),
        (GIVEN, 0),
        (GIVEN, 129),
    ] {
        let config = InterfaceConfig {
            link_local: LinkLocalSource::Static(GIVEN),
            router: RouterSource::Static(multicast),
            ..config(Ipv4Source::Off, Ipv6Source::Static { address, prefix })
        };
        let mut world = World::new(&config);
        serve(&mut world, secs(1));
        assert_eq!((held(&world), routed(&world)), (vec![IpAddr::V6(OWN)], vec![]));
        assert_eq!(world.addresses.configured(), Configured::Failed);
    }
}

#[test]
fn addresses_come_of_prefixes() {
    let mut world = World::new(&config(Ipv4Source::Off, Ipv6Source::Auto));
    serve(&mut world, secs(1));
    world
        .addresses
        .router_advertisement(world.now, ROUTER, &advertisement(0, true));
    assert_eq!(serve(&mut world, secs(1)), []);
    assert_eq!(world.addresses.configured(), Configured::Ready);
    assert_eq!(held(&world), [IpAddr::V6(OWN), IpAddr::V6(MADE)]);
}

#[test]
fn without_a_router_the_state_says_so_after_three_solicitations() {
    let mut world = World::new(&config(Ipv4Source::Off, Ipv6Source::Auto));
    serve(&mut world, secs(20));
    assert_eq!(world.addresses.configured(), Configured::Acquiring);
    serve(&mut world, secs(20));
    assert_eq!(world.addresses.configured(), Configured::Failed);
    assert_eq!(held(&world), [IpAddr::V6(OWN)]);
}

#[test]
fn a_router_sends_to_the_server() {
    let mut world = World::new(&config(Ipv4Source::Off, Ipv6Source::Auto));
    serve(&mut world, secs(1));
    world
        .addresses
        .router_advertisement(world.now, ROUTER, &advertisement(0x80, false));
    assert_eq!(world.addresses.configured(), Configured::Acquiring);
    assert_eq!(serve(&mut world, secs(2)), [MessageType::Solicit]);
    assert_eq!(held(&world), [IpAddr::V6(OWN), IpAddr::V6(LEASED)]);
    assert_eq!(world.addresses.configured(), Configured::Ready);
    // The router says what is on the link, and it says nothing.
    assert_eq!(routed(&world), [(EVERYTHING, 0, Some(ROUTER.into()))]);
}

#[test]
fn the_server_is_asked_from_the_link_local_address_alone() {
    let mut world = World::new(&config(Ipv4Source::Off, Ipv6Source::Dhcp));
    world.run(secs(10));
    assert_eq!(world.addresses.configured(), Configured::Acquiring);
    world.addresses.probed(world.now, OWN.into(), Probed::Free);
    assert_eq!(serve(&mut world, secs(2)), [MessageType::Solicit]);
    assert_eq!(world.addresses.configured(), Configured::Ready);
    // No router says what is on the link: the subnet is taken to be.
    let subnet = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
    assert_eq!(routed(&world), [(subnet.into(), 64, None)]);
}

#[test]
fn a_link_local_address_that_somebody_has_leaves_nothing() {
    let mut world = World::new(&config(Ipv4Source::Off, Ipv6Source::Dhcp));
    world.addresses.probed(world.now, OWN.into(), Probed::Taken);
    assert_eq!(
        (world.addresses.configured(), held(&world)),
        (Configured::Failed, vec![])
    );
    assert!(
        world
            .addresses
            .status(world.now)
            .iter()
            .any(|s| s.duplicate && s.address == OWN)
    );
    assert_eq!(serve(&mut world, secs(15)), [MessageType::Solicit]);
}

#[test]
fn every_vlan_has_an_association_of_its_own() {
    let vlan = Some(Vlan { id: 100, priority: 0 });
    let mut world = World::new(&InterfaceConfig {
        vlan,
        ..config(Ipv4Source::Off, Ipv6Source::Dhcp)
    });
    serve(&mut world, secs(2));
    assert!(matches!(
        world.addresses.leases(world.now)[..],
        [LeaseStatus::V6 { iaid: 100, .. }]
    ));
}

#[test]
fn a_restart_goes_on_with_everything() {
    let config = config(Ipv4Source::Off, Ipv6Source::Auto);
    let mut before = World::new(&config);
    serve(&mut before, secs(1));
    before
        .addresses
        .router_advertisement(before.now, ROUTER, &advertisement(0x80, true));
    serve(&mut before, secs(2));
    assert_eq!(
        held(&before),
        [IpAddr::V6(OWN), IpAddr::V6(MADE), IpAddr::V6(LEASED)]
    );
    let mut after = before.resumed(config);
    assert_eq!(held(&after), held(&before));
    assert_eq!(routed(&after), routed(&before));
    assert_eq!(
        after.addresses.leases(after.now),
        before.addresses.leases(before.now)
    );
    assert_eq!(after.addresses.configured(), Configured::Ready);
    assert_eq!(serve(&mut after, secs(2)), [MessageType::Confirm]);
    assert_eq!(held(&after), held(&before));
}

#[test]
fn a_prefix_that_is_not_on_the_link_after_all_is_not_kept_after_a_restart() {
    let config = config(Ipv4Source::Off, Ipv6Source::Auto);
    let mut before = World::new(&config);
    serve(&mut before, secs(1));
    let mut told = advertisement(0, true);
    told[19] = 0x40;
    before.addresses.router_advertisement(before.now, ROUTER, &told);
    serve(&mut before, secs(1));
    let mut after = before.resumed(config);
    after.addresses.router_advertisement(after.now, ROUTER, &told);
    assert_eq!(routed(&after), [(EVERYTHING, 0, Some(ROUTER.into()))]);
}

#[test]
fn a_silent_router_makes_room_for_another() {
    let mut world = World::new(&config(Ipv4Source::Off, Ipv6Source::Auto));
    let second = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);
    for router in [ROUTER, second] {
        world
            .addresses
            .router_advertisement(world.now, router, &advertisement(0, true));
    }
    world.addresses.router_silent(ROUTER.into());
    assert_eq!(world.addresses.routers(), [IpAddr::V6(second)]);
}

#[test]
fn one_family_ready_is_ready() {
    let given = Ipv4Source::Static {
        address: Ipv4Addr::new(192, 0, 2, 1),
        prefix: 24,
        gateway: None,
    };
    let mut world = World::new(&config(given, Ipv6Source::Dhcp));
    world
        .addresses
        .probed(world.now, Ipv4Addr::new(192, 0, 2, 1).into(), Probed::Free);
    assert_eq!(world.addresses.configured(), Configured::Ready);
    assert_eq!(world.addresses.configured4(), Some(Configured::Ready));
    assert_eq!(world.addresses.configured6(), Some(Configured::Acquiring));
}

#[test]
fn lies_of_all_sources_are_counted_together() {
    let mut world = World::new(&config(Ipv4Source::Dhcp, Ipv6Source::Dhcp));
    serve(&mut world, secs(2));
    world
        .addresses
        .router_advertisement(world.now, ROUTER, &[1, 2, 3]);
    let four = Datagram {
        source: "192.0.2.1:67".parse().unwrap(),
        destination: "255.255.255.255:68".parse().unwrap(),
        payload: &[0; 3][..],
    };
    world.addresses.datagram(world.now, &four);
    let six = Datagram {
        source: SocketAddr::from((ROUTER, 547)),
        destination: SocketAddr::from((OWN, 546)),
        payload: &[0; 3][..],
    };
    world.addresses.datagram(world.now, &six);
    let all: Vec<_> = world.addresses.refusals().iter().collect();
    assert_eq!(all, [(super::super::Refusal::TooShort, 3)]);
}
