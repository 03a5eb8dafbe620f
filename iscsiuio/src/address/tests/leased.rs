//! IPv4 addresses of a server.

use std::net::SocketAddr;

use dhcproto::v4::{DhcpOption, Message, MessageType, Opcode};
use dhcproto::{Decodable, Decoder, Encodable};

use super::*;
use crate::address::Datagram;

const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 50);
const IP: IpAddr = IpAddr::V4(ADDRESS);

fn leased() -> InterfaceConfig {
    config(Ipv4Source::Dhcp, Ipv6Source::Off)
}

/// Answers what is asked and says what was.
fn serve(world: &mut World, mtu: u16) -> Vec<MessageType> {
    let mut asked = Vec::new();
    while let Some(effect) = world.addresses.poll() {
        match effect {
            Effect::Udp(datagram) => {
                let request = Message::decode(&mut Decoder::new(&datagram.payload)).unwrap();
                let kind = request.opts().msg_type().unwrap();
                asked.push(kind);
                let answer = match kind {
                    MessageType::Discover => MessageType::Offer,
                    MessageType::Request => MessageType::Ack,
                    _ => continue,
                };
                let none = Ipv4Addr::UNSPECIFIED;
                let mut message =
                    Message::new_with_id(request.xid(), none, ADDRESS, none, none, request.chaddr());
                message.set_opcode(Opcode::BootReply);
                for option in [
                    DhcpOption::MessageType(answer),
                    DhcpOption::ServerIdentifier(SERVER),
                    DhcpOption::SubnetMask(Ipv4Addr::new(255, 255, 255, 0)),
                    DhcpOption::Router(vec![SERVER]),
                    DhcpOption::InterfaceMtu(mtu),
                    DhcpOption::AddressLeaseTime(600),
                ] {
                    message.opts_mut().insert(option);
                }
                let payload = message.to_vec().unwrap();
                let heard = Datagram {
                    source: SocketAddr::from((SERVER, 67)),
                    destination: SocketAddr::from((Ipv4Addr::BROADCAST, 68)),
                    payload: &payload[..],
                };
                world.addresses.datagram(world.now, &heard);
            }
            Effect::Probe(address) => world.addresses.probed(world.now, address, Probed::Free),
            _ => {}
        }
    }
    asked
}

fn bound() -> World {
    let mut world = World::new(&leased());
    assert_eq!(world.addresses.configured(), Configured::Acquiring);
    assert_eq!(
        serve(&mut world, 4000),
        [MessageType::Discover, MessageType::Request]
    );
    assert_eq!(world.addresses.configured(), Configured::Ready);
    world
}

#[test]
fn a_lease_gives_address_routes_and_mtu() {
    let world = bound();
    let expires = Some(world.now + secs(600));
    let held = Held {
        address: IP,
        prefix: 24,
        preferred: true,
        expires,
    };
    assert_eq!(world.addresses.addresses(), [held]);
    assert_eq!(world.addresses.routes().len(), 2);
    assert_eq!(world.addresses.mtu(), Some(4000));
}

#[test]
fn without_a_server_it_fails_and_goes_on() {
    let mut world = World::new(&leased());
    world.run(secs(30));
    assert_eq!(world.addresses.configured(), Configured::Failed);
    world.run(secs(3600));
    world.run(secs(70));
    serve(&mut world, 1500);
    let at = world.addresses.poll_timeout().unwrap();
    world.addresses.handle_timeout(at);
    serve(&mut world, 1500);
    assert_eq!(world.addresses.configured(), Configured::Ready);
}

#[test]
fn a_restart_goes_on_with_the_lease_whole() {
    let before = bound();
    let saved = before.addresses.leases(before.now);
    assert!(matches!(saved[..], [LeaseStatus::V4 { mtu: Some(4000), expires, .. }] if expires == secs(600)));
    let mut after = before.resumed(leased());
    assert_eq!(after.addresses.configured(), Configured::Ready);
    assert_eq!(after.addresses.leases(after.now), saved);
    assert_eq!(after.addresses.routes(), before.addresses.routes());
    assert_eq!(after.addresses.mtu(), Some(4000));
    // One request, no discover.
    assert_eq!(serve(&mut after, 1500), [MessageType::Request]);
    assert_eq!(after.addresses.mtu(), Some(1500));
}

#[test]
fn a_lease_that_no_client_could_have_had_is_not_gone_on_with() {
    let before = bound();
    let LeaseStatus::V4 {
        gateway,
        server,
        renew,
        rebind,
        expires,
        ..
    } = before.addresses.leases(before.now)[0]
    else {
        panic!("not a DHCPv4 lease");
    };
    for (address, prefix) in [
        (Ipv4Addr::UNSPECIFIED, 24),
        (Ipv4Addr::BROADCAST, 24),
        (ADDRESS, 0),
        (ADDRESS, 33),
    ] {
        let saved = InterfaceStatus {
            config: leased(),
            state: Configured::Ready,
            addresses: Vec::new(),
            routers: Vec::new(),
            leases: vec![LeaseStatus::V4 {
                address,
                prefix,
                gateway,
                routes: Vec::new(),
                mtu: None,
                server,
                renew,
                rebind,
                expires,
            }],
            neighbours: Vec::new(),
        };
        let addresses = Addresses::resume(before.now, &setup(), &saved);
        assert_eq!(
            (addresses.configured(), addresses.addresses()),
            (Configured::Acquiring, vec![])
        );
    }
}

#[test]
fn routes_that_no_lease_could_have_had_are_not_gone_on_with() {
    let before = bound();
    let mut leases = before.addresses.leases(before.now);
    let Some(LeaseStatus::V4 { routes, .. }) = leases.first_mut() else {
        panic!("not a DHCPv4 lease");
    };
    let to = Ipv4Addr::new(198, 51, 100, 0);
    *routes = vec![
        (to, 24, Some(SERVER)),
        (to, 33, Some(SERVER)),
        (to, 0, None),
        (Ipv4Addr::LOCALHOST, 8, None),
        (to, 25, Some(Ipv4Addr::BROADCAST)),
    ];
    let saved = InterfaceStatus {
        config: leased(),
        state: Configured::Ready,
        addresses: Vec::new(),
        routers: Vec::new(),
        leases,
        neighbours: Vec::new(),
    };
    let after = Addresses::resume(before.now, &setup(), &saved);
    let leases = after.leases(before.now);
    let Some(LeaseStatus::V4 { routes, .. }) = leases.first() else {
        panic!("not a DHCPv4 lease");
    };
    assert_eq!(routes[..], [(to, 24, Some(SERVER))]);
}

#[test]
fn a_lease_that_never_ends_survives_a_restart() {
    let before = bound();
    let LeaseStatus::V4 {
        address,
        prefix,
        gateway,
        server,
        ..
    } = before.addresses.leases(before.now)[0]
    else {
        panic!("not a DHCPv4 lease");
    };
    let never = Duration::MAX;
    let lease = LeaseStatus::V4 {
        address,
        prefix,
        gateway,
        routes: Vec::new(),
        mtu: None,
        server,
        renew: never,
        rebind: never,
        expires: never,
    };
    let saved = InterfaceStatus {
        config: leased(),
        state: Configured::Ready,
        addresses: Vec::new(),
        routers: Vec::new(),
        leases: vec![lease.clone()],
        neighbours: Vec::new(),
    };
    let addresses = Addresses::resume(before.now, &setup(), &saved);
    assert_eq!(addresses.addresses()[0].expires, None);
    assert_eq!(addresses.leases(before.now), [lease]);
}

#[test]
fn a_leased_address_is_defended_once_and_then_declined() {
    let mut world = bound();
    world.addresses.conflict(world.now, IP);
    assert_eq!(world.drain(), [Effect::Announce(IP)]);
    world.run(secs(11));
    world.addresses.conflict(world.now, IP);
    assert_eq!(world.drain(), [Effect::Announce(IP)]);
    world.run(secs(5));
    world.addresses.conflict(world.now, IP);
    let seen = world.drain();
    assert!(seen.contains(&Effect::Lost {
        address: IP,
        why: Loss::Taken
    }));
    let declined = seen.iter().any(|e| {
        matches!(e, Effect::Udp(d) if {
            let message = Message::decode(&mut Decoder::new(&d.payload)).unwrap();
            message.opts().msg_type() == Some(MessageType::Decline)
        })
    });
    assert!(declined);
    assert_eq!(world.addresses.addresses(), []);
}

#[test]
fn a_lease_is_given_back() {
    let mut world = bound();
    world.addresses.release(world.now);
    assert_eq!(serve(&mut world, 1500), [MessageType::Release]);
    assert_eq!(
        (world.addresses.addresses(), world.addresses.poll_timeout()),
        (vec![], None)
    );
}
