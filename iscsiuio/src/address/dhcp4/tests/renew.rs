use super::*;

#[test]
fn a_lease_is_renewed_from_its_server_alone_at_half_its_time() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    let said = world.said.len();
    world.run(&mut server, secs(1797));
    assert_eq!(world.said.len(), said);
    world.run(&mut server, secs(6));
    let (at, to, request) = world.said.last().unwrap();
    assert!(*at >= secs(1800) && *at < secs(1803));
    assert_eq!(to.ip(), IpAddr::V4(SERVER));
    assert_eq!(request.ciaddr(), ADDRESS);
    assert!(!request.flags().broadcast());
    assert_eq!(option(request, OptionCode::ServerIdentifier), None);
    assert_eq!(option(request, OptionCode::RequestedIpAddress), None);
    assert_eq!(world.client.state(), State::Bound);
    assert_eq!(world.lease().expires, Some(world.began + *at + secs(3600)));
    world.run(&mut server, secs(86_400));
    assert_eq!(world.lost(), []);
}

#[test]
fn a_server_that_is_gone_is_looked_for_then_any_then_the_address_is_gone() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    server.silent = true;
    let before = world.said.len();
    world.run(&mut server, secs(3595));
    assert!(world.client.lease().is_some(), "a lease is kept to its end");
    assert_eq!(world.client.state(), State::Rebinding);
    let (renewals, rebindings): (Vec<_>, Vec<_>) = world.said[before..]
        .iter()
        .partition(|(_, to, _)| to.ip() == IpAddr::V4(SERVER));
    assert!((3..=12).contains(&renewals.len()), "{}", renewals.len());
    assert!((2..=8).contains(&rebindings.len()), "{}", rebindings.len());
    assert!(renewals.iter().all(|(at, ..)| *at < secs(3150)));
    assert!(rebindings.iter().all(|(at, to, m)| {
        *at >= secs(3150) && to.ip() == IpAddr::V4(Ipv4Addr::BROADCAST) && m.ciaddr() == ADDRESS
    }));
    assert_eq!(world.lost(), []);
    world.run(&mut server, secs(10));
    assert_eq!(world.lost(), [Loss::Expired]);
    assert!(world.client.lease().is_none());
    assert_eq!(world.client.state(), State::Selecting);
    // The address is asked for again.
    assert_eq!(
        option(world.last(), OptionCode::RequestedIpAddress),
        Some(&DhcpOption::RequestedIpAddress(ADDRESS))
    );
}

#[test]
fn a_lease_of_seconds_is_asked_for_more_than_once_before_it_ends() {
    let mut server = Server::with(DhcpOption::AddressLeaseTime(20));
    let mut world = World::bound(&mut server);
    server.silent = true;
    let before = world.said.len();
    world.run(&mut server, secs(19) - (world.now - world.began));
    assert!(world.said.len() - before >= 3, "{:?}", world.said.len() - before);
    assert!(world.said.len() - before <= 12);
    assert_eq!(world.lost(), []);
}

#[test]
fn another_server_may_prolong_what_its_own_does_not() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    let other = |m: &mut Message| {
        m.opts_mut()
            .insert(DhcpOption::ServerIdentifier(Ipv4Addr::new(192, 0, 2, 2)));
    };
    server.twist = other;
    world.run(&mut server, secs(3000));
    assert!(world.refused(Refusal::OtherServer) > 0);
    assert_eq!(world.client.state(), State::Renewing);
    world.run(&mut server, secs(300));
    assert_eq!(world.client.state(), State::Bound);
    assert_eq!(world.lease().server, Ipv4Addr::new(192, 0, 2, 2));
}

#[test]
fn a_refused_renewal_takes_the_address_away_and_another_is_looked_for() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    server.nak = true;
    world.run(&mut server, secs(1801));
    assert_eq!(world.lost(), [Loss::Refused]);
    let discover = world
        .said
        .iter()
        .rev()
        .find(|s| s.2.opts().msg_type() == Some(MessageType::Discover));
    assert_eq!(option(&discover.unwrap().2, OptionCode::RequestedIpAddress), None);
    server.nak = false;
    server.address = Ipv4Addr::new(192, 0, 2, 60);
    world.run(&mut server, secs(5));
    assert_eq!(world.lease().address, server.address);
}

#[test]
fn a_lease_without_end_is_never_asked_for_again() {
    let mut server = Server::with(DhcpOption::AddressLeaseTime(u32::MAX));
    let mut world = World::bound(&mut server);
    assert_eq!(world.client.poll_timeout(), None);
    let lease = world.lease().clone();
    assert_eq!((lease.renew, lease.rebind, lease.expires), (None, None, None));
    let said = world.said.len();
    world.run(&mut server, secs(1_000_000));
    assert_eq!(world.said.len(), said);
}

#[test]
fn renewal_times_of_the_server_are_kept_and_absurd_ones_replaced() {
    for (renew, rebind, expected, noted) in [
        (Some(100), Some(200), (100, 200), 0),
        (Some(100), None, (100, 3150), 0),
        (None, Some(200), (200, 200), 0),
        (None, Some(3000), (1800, 3000), 0),
        (Some(0), Some(0), (1800, 3150), 1),
        (Some(200), Some(100), (1800, 3150), 1),
        (Some(5000), Some(6000), (1800, 3150), 1),
        (Some(u32::MAX), Some(u32::MAX), (1800, 3150), 1),
        (Some(3400), None, (1800, 3150), 1),
    ] {
        let mut server = Server::default();
        renew.into_iter().for_each(|t| server.set(DhcpOption::Renewal(t)));
        rebind
            .into_iter()
            .for_each(|t| server.set(DhcpOption::Rebinding(t)));
        let world = World::bound(&mut server);
        let since = |at: Option<Instant>| (at.unwrap() - world.began).as_secs();
        assert_eq!(
            (since(world.lease().renew), since(world.lease().rebind)),
            expected,
            "{renew:?} {rebind:?}"
        );
        assert_eq!(world.refused(Refusal::BadTimes) > 0, noted > 0);
    }
}

#[test]
fn a_lease_of_an_earlier_process_is_used_at_once_and_asked_about() {
    let mut server = Server::default();
    let lease = World::bound(&mut server).lease().clone();
    let mut world = World::new();
    world.client.resume(world.now, lease.clone());
    assert_eq!(world.client.lease(), Some(&lease));
    assert_eq!(world.client.state(), State::Rebooting);
    world.settle(&mut server);
    let (_, to, request) = world.said.last().unwrap();
    assert_eq!(to.ip(), IpAddr::V4(Ipv4Addr::BROADCAST));
    assert!(request.ciaddr().is_unspecified());
    assert_eq!(option(request, OptionCode::ServerIdentifier), None);
    assert_eq!(
        option(request, OptionCode::RequestedIpAddress),
        Some(&DhcpOption::RequestedIpAddress(ADDRESS))
    );
    assert_eq!(world.client.state(), State::Bound);
    assert_eq!(world.lease().expires, Some(world.now + secs(3600)));
    assert_eq!(world.lost(), []);
}

#[test]
fn a_remembered_lease_is_good_when_no_server_objects() {
    let lease = World::bound(&mut Server::default()).lease().clone();
    let mut world = World::new();
    let mut server = Server::silent();
    world.client.resume(world.now, lease.clone());
    world.run(&mut server, secs(60));
    assert_eq!(world.client.state(), State::Bound);
    assert_eq!(world.client.lease(), Some(&lease));
    assert!(world.said.len() <= 5, "{}", world.said.len());
}

#[test]
fn a_remembered_lease_that_a_server_refuses_is_gone() {
    let lease = World::bound(&mut Server::default()).lease().clone();
    let mut world = World::new();
    let mut server = Server {
        nak: true,
        ..Server::default()
    };
    world.client.resume(world.now, lease);
    world.settle(&mut server);
    assert_eq!(world.lost(), [Loss::Refused]);
}

#[test]
fn a_remembered_lease_whose_renewal_is_overdue_is_renewed() {
    let mut lease = World::bound(&mut Server::default()).lease().clone();
    let mut world = World::new();
    lease.renew = Some(world.now);
    world.client.resume(world.now, lease);
    let mut server = Server::silent();
    world.run(&mut server, secs(60));
    assert_eq!(world.client.state(), State::Renewing);
}

#[test]
fn a_remembered_lease_that_is_over_is_not_used_but_asked_for() {
    let mut lease = World::bound(&mut Server::default()).lease().clone();
    let mut world = World::new();
    lease.expires = Some(world.now);
    world.client.resume(world.now, lease);
    assert!(world.client.lease().is_none());
    world.settle(&mut Server::silent());
    assert_eq!(world.kinds(), [MessageType::Discover]);
    assert_eq!(
        option(world.last(), OptionCode::RequestedIpAddress),
        Some(&DhcpOption::RequestedIpAddress(ADDRESS))
    );
}
