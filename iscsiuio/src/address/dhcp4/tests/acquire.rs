use dhcproto::v4::{HType, Opcode};

use super::*;

#[test]
fn a_lease_is_there_at_once_when_the_server_answers() {
    let mut server = Server::default();
    let mut world = World::new();
    world.client.start(world.now);
    world.settle(&mut server);
    assert_eq!(world.client.state(), State::Bound);
    assert_eq!(world.kinds(), [MessageType::Discover, MessageType::Request]);
    let lease = world.lease().clone();
    assert_eq!(
        (lease.address, lease.prefix, lease.gateway),
        (ADDRESS, 24, Some(SERVER))
    );
    assert_eq!(lease.server, SERVER);
    assert_eq!(lease.renew, Some(world.now + secs(1800)));
    assert_eq!(lease.rebind, Some(world.now + secs(3150)));
    assert_eq!(lease.expires, Some(world.now + secs(3600)));
    // Probed before it is announced, announced before it is used.
    let place = |effect: &Effect| world.seen.iter().position(|e| e == effect).unwrap();
    let address = IpAddr::V4(ADDRESS);
    assert!(place(&Effect::Probe(address)) < place(&Effect::Announce(address)));
    assert!(place(&Effect::Announce(address)) < place(&Effect::Changed));
}

#[test]
fn a_first_message_lost_costs_less_than_two_seconds() {
    for seed in 0..50 {
        let mut world = World::new();
        world.client = Client::new(MAC, MTU, &[seed; 32], world.now);
        world.client.start(world.now);
        world.settle(&mut Server::silent());
        world.run(&mut Server::default(), secs(2));
        assert_eq!(world.client.state(), State::Bound);
    }
}

#[test]
fn messages_say_what_the_standard_asks() {
    let mut world = World::bound(&mut Server::default());
    let (_, to, discover) = &world.said[0];
    assert_eq!(to.ip(), IpAddr::V4(Ipv4Addr::BROADCAST));
    assert_eq!(
        (discover.opcode(), discover.htype()),
        (Opcode::BootRequest, HType::Eth)
    );
    assert!(discover.flags().broadcast());
    assert!(discover.ciaddr().is_unspecified());
    // Hardware type and address: reservations by MAC address.
    let id = DhcpOption::ClientIdentifier([&[1][..], &MAC[..]].concat());
    assert_eq!(option(discover, OptionCode::ClientIdentifier), Some(&id));
    assert_eq!(
        option(discover, OptionCode::MaxMessageSize),
        Some(&DhcpOption::MaxMessageSize(1500))
    );
    assert_eq!(option(discover, OptionCode::RequestedIpAddress), None);
    let (_, to, request) = &world.said[1];
    assert_eq!(to.ip(), IpAddr::V4(Ipv4Addr::BROADCAST));
    assert_eq!(request.xid(), discover.xid());
    assert_eq!(
        option(request, OptionCode::ServerIdentifier),
        Some(&DhcpOption::ServerIdentifier(SERVER))
    );
    assert_eq!(
        option(request, OptionCode::RequestedIpAddress),
        Some(&DhcpOption::RequestedIpAddress(ADDRESS))
    );
    world.client.release(world.now);
    world.settle(&mut Server::silent());
    let (_, to, release) = world.said.last().unwrap();
    assert_eq!(to.ip(), IpAddr::V4(SERVER));
    assert_eq!(release.ciaddr(), ADDRESS);
    assert_eq!(
        option(release, OptionCode::ServerIdentifier),
        Some(&DhcpOption::ServerIdentifier(SERVER))
    );
    assert_eq!(world.lost(), [Loss::Released]);
    assert_eq!(
        (world.client.state(), world.client.poll_timeout()),
        (State::Off, None)
    );
}

#[test]
fn without_a_server_it_asks_for_ever_at_growing_intervals_and_says_so() {
    let mut world = World::new();
    let mut server = Server::silent();
    world.client.start(world.now);
    world.run(&mut server, secs(3));
    assert!(!world.client.failing());
    world.run(&mut server, secs(12));
    assert!(world.client.failing());
    assert!(world.seen.contains(&Effect::Changed));
    world.run(&mut server, secs(3600));
    let gaps: Vec<_> = world.said.windows(2).map(|w| w[1].0 - w[0].0).collect();
    assert!(gaps[0] >= secs(1) && gaps[0] <= secs(2), "{gaps:?}");
    assert!(gaps.iter().all(|gap| *gap < secs(71)), "{gaps:?}");
    assert!(gaps.len() > 45, "{gaps:?}");
    assert!(gaps[8..].iter().any(|gap| *gap != gaps[8]), "no jitter");
    assert!(world.last().secs() >= 3500);
    world.run(&mut Server::default(), secs(71));
    assert_eq!(world.client.state(), State::Bound);
    assert!(!world.client.failing());
}

#[test]
fn a_request_that_nobody_answers_is_repeated_and_then_given_up_for_a_new_discover() {
    let mut world = World::new();
    let mut server = Server::lying(|m| {
        if m.opts().msg_type() == Some(MessageType::Ack) {
            m.set_xid(1u32);
        }
    });
    world.client.start(world.now);
    world.run(&mut server, secs(60));
    let kinds = world.kinds();
    assert_eq!(
        kinds[..5],
        [
            MessageType::Discover,
            MessageType::Request,
            MessageType::Request,
            MessageType::Request,
            MessageType::Request,
        ]
    );
    assert_eq!(kinds[5], MessageType::Discover);
    assert!(world.refused(Refusal::OtherTransaction) >= 4);
}

#[test]
fn a_server_that_refuses_what_it_offered_is_asked_again_at_growing_intervals() {
    let mut world = World::new();
    let mut server = Server {
        nak: true,
        ..Server::default()
    };
    world.client.start(world.now);
    world.run(&mut server, secs(300));
    let requests = world
        .kinds()
        .iter()
        .filter(|k| **k == MessageType::Request)
        .count();
    assert!((4..=15).contains(&requests), "{requests}");
    server.nak = false;
    world.run(&mut server, secs(71 * 2));
    assert_eq!(world.client.state(), State::Bound);
}

#[test]
fn a_server_that_failed_is_heard_after_others() {
    let mut world = World::new();
    let mut server = Server {
        nak: true,
        ..Server::default()
    };
    world.client.start(world.now);
    world.settle(&mut server);
    assert_eq!(world.client.state(), State::Waiting);
    server.nak = false;
    world.run(&mut server, secs(4));
    assert!(world.refused(Refusal::FailedBefore) == 1);
    assert_eq!(world.client.state(), State::Bound);
}

#[test]
fn an_address_that_somebody_has_is_declined_and_asked_for_ten_seconds_later() {
    let mut world = World::new();
    let mut server = Server::default();
    world.link = Some(Probed::Taken);
    world.client.start(world.now);
    world.settle(&mut server);
    assert_eq!(server.declined, [ADDRESS]);
    assert_eq!(world.client.state(), State::Waiting);
    assert!(world.client.lease().is_none());
    assert!(!world.seen.contains(&Effect::Announce(IpAddr::V4(ADDRESS))));
    let decline = world.last();
    assert!(decline.ciaddr().is_unspecified());
    assert_eq!(
        option(decline, OptionCode::ServerIdentifier),
        Some(&DhcpOption::ServerIdentifier(SERVER))
    );
    let said = world.said.len();
    world.run(&mut server, secs(9));
    assert_eq!(world.said.len(), said);
    world.link = Some(Probed::Free);
    server.address = Ipv4Addr::new(192, 0, 2, 51);
    world.run(&mut server, secs(4));
    assert_eq!(world.lease().address, server.address);
}

#[test]
fn duplicates_without_end_are_slowed_down() {
    let mut world = World::new();
    let mut server = Server::default();
    world.link = Some(Probed::Taken);
    world.client.start(world.now);
    world.run(&mut server, secs(3600));
    assert!(
        (40..90).contains(&server.declined.len()),
        "{}",
        server.declined.len()
    );
    assert!(world.client.failing());
}

#[test]
fn a_probe_that_is_never_answered_for_holds_nobody_up_for_ever() {
    let mut world = World::new();
    world.link = None;
    world.client.start(world.now);
    world.run(&mut Server::default(), secs(14));
    assert_eq!(world.client.state(), State::Probing);
    world.run(&mut Server::default(), secs(2));
    assert_eq!(world.client.state(), State::Bound);
}

#[test]
fn a_lease_that_is_over_before_its_address_is_known_to_be_free_is_not_used() {
    let mut world = World::new();
    world.link = None;
    let mut server = Server::with(DhcpOption::AddressLeaseTime(10));
    world.client.start(world.now);
    world.run(&mut server, secs(15));
    assert_eq!(world.client.state(), State::Waiting);
    assert!(!world.seen.contains(&Effect::Announce(ADDRESS.into())));
    // Another one is looked for.
    world.link = Some(Probed::Free);
    world.run(&mut server, secs(4));
    assert_eq!(world.client.state(), State::Bound);
}

#[test]
fn an_address_beyond_use_later_is_declined_too() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    world.client.taken(world.now, Ipv4Addr::new(192, 0, 2, 77));
    assert_eq!(world.client.state(), State::Bound);
    world.client.taken(world.now, ADDRESS);
    world.settle(&mut server);
    assert_eq!(world.lost(), [Loss::Taken]);
    assert_eq!(server.declined, [ADDRESS]);
}

#[test]
fn an_option_split_in_pieces_and_names_used_for_options_are_read() {
    let mut world = World::new();
    let mut server = Server::with(DhcpOption::InterfaceMtu(4000));
    // The MTU option moves to the file field in two pieces, a router option to the name field.
    server.twist = |m| {
        m.opts_mut().remove(OptionCode::InterfaceMtu);
        m.opts_mut().remove(OptionCode::Router);
        m.opts_mut().insert(DhcpOption::OptionOverload(3));
    };
    server.bend = |bytes| {
        bytes[108..115].copy_from_slice(&[26, 1, 0x0f, 26, 1, 0xa0, 255]);
        bytes[44..51].copy_from_slice(&[3, 4, 192, 0, 2, 9, 255]);
    };
    world.client.start(world.now);
    world.settle(&mut server);
    assert_eq!(world.lease().mtu, Some(4000));
    assert_eq!(world.lease().gateway, Some(Ipv4Addr::new(192, 0, 2, 9)));
}

#[test]
fn options_that_nobody_reads_may_be_nonsense() {
    let mut world = World::new();
    // A host name in Latin 1, a FQDN and a rapid commit of the wrong length, which the decoder would stumble over.
    let mut server = Server::bending(|bytes| {
        let end = bytes.pop();
        assert_eq!(end, Some(255));
        bytes.extend([12, 2, 0xe9, 0xff, 81, 1, 0, 80, 3, 1, 2, 3, 94, 1, 0, 151, 0, 255]);
    });
    world.client.start(world.now);
    world.settle(&mut server);
    assert_eq!(world.client.state(), State::Bound);
}

#[test]
fn classless_routes_stand_in_the_place_of_the_router() {
    let via = |n| Ipv4Addr::new(192, 0, 2, n);
    let net = |a: [u8; 4], width| (Ipv4Addr::from(a), width);
    let mut server = Server::default();
    let routes: Vec<u8> = [
        &[0, 192, 0, 2, 7][..],
        &[8, 10, 192, 0, 2, 8],
        &[24, 198, 51, 100, 0, 0, 0, 0],
        &[32, 203, 0, 113, 5, 198, 51, 100, 3],
        // Off the link.
        &[16, 172, 16, 8, 8, 8, 8],
    ]
    .concat();
    server.set(DhcpOption::Unknown(dhcproto::v4::UnknownOption::new(
        OptionCode::ClasslessStaticRoute,
        routes,
    )));
    let world = World::bound(&mut server);
    let lease = world.lease();
    assert_eq!(lease.gateway, Some(via(7)));
    let expected = [
        (net([10, 0, 0, 0], 8), Some(via(8))),
        (net([198, 51, 100, 0], 24), None),
        (net([203, 0, 113, 5], 32), Some(Ipv4Addr::new(198, 51, 100, 3))),
    ];
    let found: Vec<_> = lease
        .routes
        .iter()
        .map(|(to, width, via)| ((*to, *width), *via))
        .collect();
    assert_eq!(found, expected);
    assert!(world.refused(Refusal::BadGateway) >= 1);
}

#[test]
fn a_lease_without_a_mask_has_its_class_s() {
    for (address, prefix) in [([10, 1, 2, 3], 8), ([172, 16, 1, 1], 16), ([198, 51, 100, 7], 24)] {
        let mut server = Server {
            mask: None,
            address: address.into(),
            ..Server::default()
        };
        assert_eq!(World::bound(&mut server).lease().prefix, prefix);
    }
}

#[test]
fn the_gateway_of_a_lone_address_stands_beyond_it() {
    let mut server = Server {
        mask: Some(Ipv4Addr::BROADCAST),
        ..Server::default()
    };
    server.set(DhcpOption::Router(vec![Ipv4Addr::new(198, 51, 100, 1)]));
    let world = World::bound(&mut server);
    assert_eq!(
        (world.lease().prefix, world.lease().gateway),
        (32, Some(Ipv4Addr::new(198, 51, 100, 1)))
    );
}

#[test]
fn both_addresses_of_a_link_of_two_are_good() {
    for address in [[192, 0, 2, 2], [192, 0, 2, 3]] {
        let mut server = Server {
            address: address.into(),
            ..Server::default()
        };
        server.mask = Some(Ipv4Addr::new(255, 255, 255, 254));
        assert_eq!(World::bound(&mut server).lease().prefix, 31);
    }
}
