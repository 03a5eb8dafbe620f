//! What servers say that is not so. Each is refused with its reason, and an honest answer after it is taken.

use super::*;

/// A server that lies this way gives nothing; the reason is counted; the same server, honest, gives a lease.
fn refused(mut server: Server, why: Refusal) {
    let mut world = World::new();
    world.client.start(world.now);
    world.run(&mut server, secs(30));
    assert!(world.client.lease().is_none(), "{:?}", world.client.lease());
    assert!(
        world.refused(why) > 0,
        "{:?}",
        world.client.refusals().iter().collect::<Vec<_>>()
    );
    world.run(&mut Server::default(), secs(75));
    assert_eq!(world.client.state(), State::Bound);
}

/// The lease of a server that lies about a part of it.
fn partly(server: &mut Server, why: Refusal) -> Lease {
    let world = World::bound(server);
    assert!(
        world.refused(why) > 0,
        "{:?}",
        world.client.refusals().iter().collect::<Vec<_>>()
    );
    world.lease().clone()
}

fn at(address: [u8; 4]) -> Server {
    Server {
        address: address.into(),
        ..Server::default()
    }
}

#[test]
fn an_offer_without_a_server() {
    refused(
        Server::lying(|m| {
            m.opts_mut().remove(OptionCode::ServerIdentifier);
        }),
        Refusal::NoServer,
    );
}

#[test]
fn servers_that_cannot_be() {
    refused(
        Server::lying(|m| {
            m.opts_mut()
                .insert(DhcpOption::ServerIdentifier(Ipv4Addr::BROADCAST));
        }),
        Refusal::BadServer,
    );
    refused(
        Server::lying(|m| {
            m.opts_mut()
                .insert(DhcpOption::ServerIdentifier(Ipv4Addr::UNSPECIFIED));
        }),
        Refusal::BadServer,
    );
}

#[test]
fn an_offer_without_an_address() {
    refused(at([0, 0, 0, 0]), Refusal::NoAddress);
}

#[test]
fn addresses_that_no_host_can_have() {
    for address in [
        [0, 0, 0, 1],
        [127, 0, 0, 1],
        [224, 0, 0, 251],
        [240, 0, 0, 1],
        [255, 255, 255, 255],
    ] {
        refused(at(address), Refusal::BadAddress);
    }
}

#[test]
fn the_network_and_its_broadcast_address() {
    refused(at([192, 0, 2, 0]), Refusal::BadAddress);
    refused(at([192, 0, 2, 255]), Refusal::BadAddress);
}

#[test]
fn the_server_s_own_address() {
    refused(
        Server {
            address: SERVER,
            ..Server::default()
        },
        Refusal::AddressIsServer,
    );
}

#[test]
fn the_gateway_s_address() {
    refused(
        Server::with(DhcpOption::Router(vec![SERVER, ADDRESS])),
        Refusal::AddressIsGateway,
    );
    let routes = vec![0, 192, 0, 2, 50];
    let routes = dhcproto::v4::UnknownOption::new(OptionCode::ClasslessStaticRoute, routes);
    refused(
        Server::with(DhcpOption::Unknown(routes)),
        Refusal::AddressIsGateway,
    );
}

#[test]
fn masks_with_holes() {
    for mask in [
        [255, 0, 255, 0],
        [0, 0, 0, 0],
        [0, 255, 255, 255],
        [255, 255, 255, 1],
    ] {
        refused(
            Server {
                mask: Some(mask.into()),
                ..Server::default()
            },
            Refusal::BadMask,
        );
    }
}

#[test]
fn leases_without_a_time_or_of_none() {
    refused(
        Server::lying(|m| {
            m.opts_mut().remove(OptionCode::AddressLeaseTime);
        }),
        Refusal::NoLeaseTime,
    );
    refused(
        Server::with(DhcpOption::AddressLeaseTime(0)),
        Refusal::LeaseTooShort,
    );
    refused(
        Server::with(DhcpOption::AddressLeaseTime(9)),
        Refusal::LeaseTooShort,
    );
}

#[test]
fn answers_for_others() {
    refused(
        Server::lying(|m| {
            m.set_xid(m.xid() ^ 1);
        }),
        Refusal::OtherTransaction,
    );
    refused(
        Server::lying(|m| {
            m.set_chaddr(&[2, 0, 0, 0, 0, 1]);
        }),
        Refusal::OtherHardware,
    );
    refused(
        Server::lying(|m| {
            m.opts_mut().insert(DhcpOption::ClientIdentifier(vec![1, 2, 3]));
        }),
        Refusal::OtherClient,
    );
}

#[test]
fn an_honest_echo_of_the_client_identifier() {
    let mut server = Server::lying(|m| {
        m.opts_mut()
            .insert(DhcpOption::ClientIdentifier([&[1][..], &MAC[..]].concat()));
    });
    assert_eq!(World::bound(&mut server).lease().address, ADDRESS);
}

#[test]
fn an_acknowledgement_of_another_address() {
    refused(
        Server::lying(|m| {
            if m.opts().msg_type() == Some(MessageType::Ack) {
                m.set_yiaddr(Ipv4Addr::new(192, 0, 2, 99));
            }
        }),
        Refusal::OtherAddress,
    );
}

#[test]
fn an_acknowledgement_or_a_refusal_by_another_server() {
    for kind in [MessageType::Ack, MessageType::Nak] {
        let mut world = World::new();
        let offers = |m: &mut Message| {
            if m.opts().msg_type() != Some(MessageType::Offer) {
                m.opts_mut()
                    .insert(DhcpOption::ServerIdentifier(Ipv4Addr::new(192, 0, 2, 66)));
            }
        };
        let mut server = Server {
            nak: kind == MessageType::Nak,
            ..Server::lying(offers)
        };
        world.client.start(world.now);
        world.settle(&mut server);
        assert_eq!(world.client.state(), State::Requesting);
        assert_eq!(world.refused(Refusal::OtherServer), 1);
    }
}

#[test]
fn an_offer_where_none_is_waited_for() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    let request = world.last().clone();
    world.hear(&server.say(MessageType::Offer, &request));
    world.hear(&server.say(MessageType::Nak, &request));
    world.hear(&server.say(MessageType::Ack, &request));
    assert_eq!(world.refused(Refusal::Unexpected), 3);
    assert_eq!((world.client.state(), world.lost()), (State::Bound, vec![]));
}

#[test]
fn an_acknowledgement_before_the_request() {
    let mut world = World::new();
    world.client.start(world.now);
    world.settle(&mut Server::silent());
    let discover = world.last().clone();
    world.hear(&Server::default().say(MessageType::Ack, &discover));
    assert_eq!(world.refused(Refusal::Unexpected), 1);
    assert_eq!(world.client.state(), State::Selecting);
}

#[test]
fn a_renewal_to_another_address() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    server.address = Ipv4Addr::new(192, 0, 2, 99);
    world.run(&mut server, secs(1810));
    assert!(world.refused(Refusal::OtherAddress) > 0);
    assert_eq!(
        (world.client.state(), world.lease().address),
        (State::Renewing, ADDRESS)
    );
}

#[test]
fn gateways_that_cannot_be_reached() {
    for gateway in [
        [198, 51, 100, 1],
        [0, 0, 0, 0],
        [127, 0, 0, 1],
        [255, 255, 255, 255],
    ] {
        let mut server = Server::with(DhcpOption::Router(vec![gateway.into()]));
        assert_eq!(partly(&mut server, Refusal::BadGateway).gateway, None);
    }
    let second = DhcpOption::Router(vec![Ipv4Addr::LOCALHOST, SERVER]);
    assert_eq!(
        partly(&mut Server::with(second), Refusal::BadGateway).gateway,
        Some(SERVER)
    );
}

#[test]
fn an_mtu_out_of_bounds() {
    for (told, taken, noted) in [
        (576, 1280, true),
        (0, 1280, true),
        (9000, 9000, false),
        (65_535, 9000, true),
    ] {
        let world = World::bound(&mut Server::with(DhcpOption::InterfaceMtu(told)));
        assert_eq!(world.lease().mtu, Some(taken));
        assert_eq!(world.refused(Refusal::BadMtu) > 0, noted, "{told}");
    }
}

#[test]
fn routes_that_are_none() {
    for bad in [
        &[33, 10, 0, 0, 0, 0, 192, 0, 2, 1][..],
        &[24, 10, 0, 0, 192, 0],
        &[8, 10, 192, 0, 2, 1, 9],
    ] {
        let option = dhcproto::v4::UnknownOption::new(OptionCode::ClasslessStaticRoute, bad.to_vec());
        let lease = partly(&mut Server::with(DhcpOption::Unknown(option)), Refusal::BadOption);
        assert_eq!((lease.gateway, lease.routes.len()), (Some(SERVER), 0));
    }
}

#[test]
fn more_routes_than_there_is_room_for() {
    let many: Vec<u8> = (0..100).flat_map(|n| [24, 10, 0, n, 192, 0, 2, 1]).collect();
    let option = dhcproto::v4::UnknownOption::new(OptionCode::ClasslessStaticRoute, many);
    let lease = partly(&mut Server::with(DhcpOption::Unknown(option)), Refusal::TooMany);
    assert_eq!(lease.routes.len(), 16);
}

#[test]
fn options_of_the_wrong_length() {
    // The lease time in three bytes is none.
    let server = Server::bending(|bytes| {
        let at = bytes.windows(2).position(|w| w == [51, 4]).unwrap();
        bytes[at + 1] = 3;
        bytes.remove(at + 2);
    });
    refused(server, Refusal::BadOption);
    let server = Server::bending(|bytes| {
        let at = bytes.windows(2).position(|w| w == [51, 4]).unwrap();
        bytes[at + 1] = 255;
    });
    refused(server, Refusal::Malformed);
}

#[test]
fn messages_that_are_none() {
    type Bend = fn(&mut Vec<u8>);
    let broken: [(Bend, Refusal); 7] = [
        (|b| b.truncate(239), Refusal::TooShort),
        (Vec::clear, Refusal::TooShort),
        (|b| b.resize(9001, 0), Refusal::TooLong),
        (|b| b[236] = 0, Refusal::NotAnAnswer),
        (|b| b[0] = 1, Refusal::NotAnAnswer),
        // A hardware address of 255 bytes, which the decoder would believe.
        (|b| b[2] = 255, Refusal::NotAnAnswer),
        (|b| b.truncate(241), Refusal::Malformed),
    ];
    for (bend, why) in broken {
        refused(
            Server {
                bend,
                ..Server::default()
            },
            why,
        );
    }
}

#[test]
fn a_datagram_from_another_port_is_nobody_s() {
    let mut world = World::new();
    world.client.start(world.now);
    world.settle(&mut Server::silent());
    let offer = Server::default().say(MessageType::Offer, &world.last().clone());
    for (from, to) in [(68, 68), (67, 67), (1067, 68)] {
        let heard = Datagram {
            source: (SERVER, from).into(),
            destination: (Ipv4Addr::BROADCAST, to).into(),
            payload: &offer[..],
        };
        world.client.datagram(world.now, &heard);
        assert_eq!(world.client.state(), State::Selecting);
    }
}
