use super::*;

#[test]
fn a_lease_is_renewed_from_its_server() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    let before = world.lease().clone();
    world.run(&mut server, secs(996));
    assert_eq!(world.said.len(), 2);
    world.run(&mut server, secs(4));
    let (_, renew) = world.said.last().unwrap();
    assert_eq!(
        (renew.msg_type(), named(renew)),
        (MessageType::Renew, Some(ADDRESS))
    );
    assert_eq!(
        option(renew, OptionCode::ServerId),
        Some(&DhcpOption::ServerId(SERVER.to_vec()))
    );
    assert_eq!(world.client.state(), State::Bound);
    assert!(world.lease().expires > before.expires);
    // No new probe for an address that we have.
    assert_eq!(
        world
            .seen
            .iter()
            .filter(|e| matches!(e, Effect::Probe(_)))
            .count(),
        1
    );
    world.run(&mut server, secs(86_400));
    assert_eq!(world.lost(), []);
}

#[test]
fn a_server_that_is_gone_is_looked_for_then_any_then_the_address_is_gone() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    server.silent = true;
    world.run(&mut server, secs(3995));
    assert_eq!(world.client.state(), State::Rebinding);
    assert!(world.client.lease().is_some());
    let count = |kind| world.kinds().iter().filter(|k| **k == kind).count();
    let (renewals, rebindings) = (count(MessageType::Renew), count(MessageType::Rebind));
    assert!(
        (5..=10).contains(&renewals) && (5..=12).contains(&rebindings),
        "{renewals} {rebindings}"
    );
    let rebind = world.said.last().unwrap();
    assert_eq!(
        (option(&rebind.1, OptionCode::ServerId), named(&rebind.1)),
        (None, Some(ADDRESS))
    );
    world.run(&mut server, secs(10));
    assert_eq!(world.lost(), [Loss::Expired]);
    assert_eq!(world.client.state(), State::Soliciting);
    assert_eq!(named(&world.said.last().unwrap().1), Some(ADDRESS));
}

#[test]
fn an_address_grows_old_before_it_ends() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    server.silent = true;
    assert!(world.client.preferred());
    world.run(&mut server, secs(3005));
    assert!(!world.client.preferred() && world.client.lease().is_some());
    server.silent = false;
    world.run(&mut server, secs(600));
    assert!(world.client.preferred());
}

#[test]
fn another_server_may_prolong_what_its_own_does_not() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    let mut second = Server {
        id: vec![0, 3, 0, 2],
        ..Server::default()
    };
    world.run(&mut second, secs(1990));
    assert_eq!(world.client.state(), State::Renewing);
    world.run(&mut second, secs(20));
    assert_eq!(
        (world.client.state(), &world.lease().server),
        (State::Bound, &second.id)
    );
}

#[test]
fn a_server_that_forgot_is_asked_for_the_same_address_anew() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    server.of_association = Status::NoBinding;
    server.deaf = vec![MessageType::Request];
    world.run(&mut server, secs(1001));
    assert_eq!(world.client.state(), State::Requesting);
    assert_eq!(world.lease().address, ADDRESS);
    server.of_association = Status::Success;
    server.deaf.clear();
    world.run(&mut server, secs(5));
    assert_eq!((world.client.state(), world.lost()), (State::Bound, vec![]));
}

#[test]
fn a_server_that_forgot_and_gives_another_address_changes_it() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    server.twist = |m| {
        if m.msg_type() == MessageType::Reply
            && let Some(DhcpOption::IANA(ia)) = m.opts_mut().get_mut(OptionCode::IANA)
            && let Some(DhcpOption::IAAddr(told)) = ia.opts.get(OptionCode::IAAddr)
            && told.addr == ADDRESS
        {
            ia.opts = [server::status(Status::NoBinding)].into_iter().collect();
        }
    };
    world.run(&mut server, secs(999));
    server.addresses = vec![(ADDRESS, 3000, 4000)];
    world.run(&mut server, secs(3));
    server.addresses = vec![(OTHER, 3000, 4000)];
    world.run(&mut server, secs(60));
    assert_eq!(world.lease().address, OTHER);
    assert_eq!(world.lost(), [Loss::Refused]);
}

#[test]
fn a_server_that_takes_its_address_back_is_believed() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    server.addresses = vec![(ADDRESS, 0, 0), (OTHER, 3000, 4000)];
    world.run(&mut server, secs(1001));
    assert_eq!(world.lost(), [Loss::Refused]);
    world.run(&mut server, secs(3));
    assert_eq!(world.lease().address, OTHER);
}

#[test]
fn renewal_times_left_to_us_are_shares_of_the_lifetime() {
    for (times, expected) in [
        ((0, 0), (1500, 2400)),
        ((0, 1000), (1000, 1000)),
        ((1000, 0), (1000, 2400)),
        ((100, 200), (100, 200)),
        // Later than the end.
        ((3000, 5000), (1500, 2400)),
    ] {
        let world = World::bound(&mut Server::timing(times.0, times.1));
        let since = |at: Option<Instant>| world.since(at) - world.said[1].0.as_secs();
        let lease = world.lease();
        let (renew, rebind) = (since(lease.renew), since(lease.rebind));
        assert!(
            renew.abs_diff(expected.0) <= 1 && rebind.abs_diff(expected.1) <= 1,
            "{times:?}: {renew} {rebind}"
        );
    }
}

#[test]
fn a_lease_without_end_is_never_asked_for_again() {
    let mut server = Server {
        times: (0, 0),
        ..Server::giving(ADDRESS, u32::MAX, u32::MAX)
    };
    let mut world = World::bound(&mut server);
    assert_eq!(world.client.poll_timeout(), None);
    world.run(&mut server, secs(1_000_000));
    assert_eq!(world.said.len(), 2);
}

#[test]
fn a_lease_of_an_earlier_process_is_used_at_once_and_confirmed() {
    let mut server = Server::default();
    let lease = World::bound(&mut server).lease().clone();
    let mut world = World::new();
    world.client.resume(world.now, SOURCE, lease.clone());
    assert_eq!(
        (world.client.lease(), world.client.state()),
        (Some(&lease), State::Confirming)
    );
    world.run(&mut server, secs(1));
    assert_eq!(world.kinds(), [MessageType::Confirm]);
    let confirm = &world.said[0].1;
    assert_eq!(
        (named(confirm), option(confirm, OptionCode::ServerId)),
        (Some(ADDRESS), None)
    );
    assert_eq!((world.client.state(), world.lost()), (State::Bound, vec![]));
    assert_eq!(world.client.lease(), Some(&lease));
}

#[test]
fn a_remembered_lease_is_good_when_no_server_objects() {
    let lease = World::bound(&mut Server::default()).lease().clone();
    let mut world = World::new();
    world.client.resume(world.now, SOURCE, lease);
    world.run(&mut Server::silent(), secs(30));
    assert_eq!((world.client.state(), world.said.len()), (State::Bound, 4));
}

#[test]
fn a_remembered_lease_of_another_link_is_gone() {
    let lease = World::bound(&mut Server::default()).lease().clone();
    let mut world = World::new();
    world.client.resume(world.now, SOURCE, lease);
    let mut server = Server {
        status: Status::NotOnLink,
        ..Server::default()
    };
    world.run(&mut server, secs(1));
    assert_eq!(
        (world.client.state(), world.lost()),
        (State::Soliciting, vec![Loss::Refused])
    );
}

#[test]
fn a_remembered_lease_that_is_over_is_not_used_but_asked_for() {
    let mut lease = World::bound(&mut Server::default()).lease().clone();
    let mut world = World::new();
    lease.expires = Some(world.now);
    world.client.resume(world.now, SOURCE, lease);
    assert!(world.client.lease().is_none());
    world.run(&mut Server::silent(), secs(1));
    assert_eq!(world.kinds(), [MessageType::Solicit]);
    assert_eq!(named(&world.said[0].1), Some(ADDRESS));
}

#[test]
fn a_lease_is_confirmed_after_a_flap_and_ends_in_one() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    world.client.link(world.now, false);
    world.run(&mut server, secs(60));
    world.client.link(world.now, true);
    world.run(&mut server, secs(1));
    assert_eq!(world.kinds().last(), Some(&MessageType::Confirm));
    assert_eq!(world.client.state(), State::Bound);
    world.client.link(world.now, false);
    world.run(&mut server, secs(5000));
    assert_eq!(world.lost(), [Loss::Expired]);
}
