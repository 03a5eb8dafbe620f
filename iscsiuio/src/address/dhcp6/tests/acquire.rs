use dhcproto::v6::UnknownOption;

use super::*;

#[test]
fn an_advertised_address_is_requested_probed_and_used() {
    let mut server = Server::default();
    let world = World::bound(&mut server);
    assert_eq!(world.kinds(), [MessageType::Solicit, MessageType::Request]);
    let (asked, _) = world.said[1];
    assert!(asked < secs(2));
    let lease = world.lease();
    assert_eq!((lease.address, &lease.server[..]), (ADDRESS, &SERVER[..]));
    let since = |at: Option<Instant>| at.unwrap() - world.began - asked;
    assert_eq!(since(lease.renew), secs(1000));
    assert_eq!(since(lease.rebind), secs(2000));
    assert_eq!(since(lease.preferred), secs(3000));
    assert_eq!(since(lease.expires), secs(4000));
    let place = |effect: &Effect| world.seen.iter().position(|e| e == effect).unwrap();
    assert!(place(&Effect::Probe(IP)) < place(&Effect::Announce(IP)));
    assert!(place(&Effect::Announce(IP)) < place(&Effect::Changed));
}

#[test]
fn rapid_commit_saves_a_round() {
    let mut server = Server {
        rapid: true,
        ..Server::default()
    };
    let world = World::asking(&mut server, Duration::from_millis(300));
    assert_eq!(
        (world.client.state(), world.kinds()),
        (State::Bound, vec![MessageType::Solicit])
    );
}

#[test]
fn messages_say_what_the_standard_asks() {
    let mut world = World::bound(&mut Server::default());
    for (_, message) in &world.said {
        // DUID-LL, Ethernet, the MAC address.
        let id = DhcpOption::ClientId([&[0, 3, 0, 1][..], &MAC[..]].concat());
        assert_eq!(option(message, OptionCode::ClientId), Some(&id));
        let Some(DhcpOption::ORO(oro)) = option(message, OptionCode::ORO) else {
            panic!("nothing is asked for")
        };
        assert!(oro.opts.contains(&OptionCode::SolMaxRt));
        assert!(option(message, OptionCode::ElapsedTime).is_some());
    }
    let (solicit, request) = (&world.said[0].1, &world.said[1].1);
    assert_eq!(
        option(solicit, OptionCode::RapidCommit),
        Some(&DhcpOption::RapidCommit)
    );
    assert_eq!(
        (option(solicit, OptionCode::ServerId), named(solicit)),
        (None, None)
    );
    assert_eq!(
        option(request, OptionCode::ServerId),
        Some(&DhcpOption::ServerId(SERVER.to_vec()))
    );
    assert_eq!(
        (option(request, OptionCode::RapidCommit), named(request)),
        (None, Some(ADDRESS))
    );
    assert_ne!(solicit.xid(), request.xid());
    let mut server = Server::default();
    world.client.release(world.now);
    world.settle(&mut server);
    assert_eq!(
        (server.released, world.lost()),
        (vec![ADDRESS], vec![Loss::Released])
    );
    assert_eq!(
        (world.client.state(), world.client.poll_timeout()),
        (State::Off, None)
    );
}

#[test]
fn the_time_that_went_by_is_told_in_hundredths() {
    let world = World::asking(&mut Server::silent(), secs(5));
    let elapsed: Vec<_> = world
        .said
        .iter()
        .map(|(_, m)| match option(m, OptionCode::ElapsedTime) {
            Some(DhcpOption::ElapsedTime(n)) => *n,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(
        elapsed[0] <= 30 && (90..=140).contains(&elapsed[1]),
        "{elapsed:?}"
    );
}

#[test]
fn the_best_server_of_the_first_second_is_asked() {
    let mut world = World::asking(&mut Server::silent(), Duration::from_millis(300));
    let solicit = world.said[0].1.clone();
    for (id, preference) in [(1, None), (2, Some(7)), (3, Some(3))] {
        let options = preference.map(DhcpOption::Preference).into_iter().collect();
        let server = Server {
            id: vec![0, 3, 0, id],
            options,
            ..Server::default()
        };
        world.hear(&server.say(MessageType::Advertise, &solicit));
        assert_eq!(world.client.state(), State::Soliciting);
    }
    world.run(&mut Server::silent(), secs(1));
    let asked = option(&world.said[1].1, OptionCode::ServerId);
    assert_eq!(asked, Some(&DhcpOption::ServerId(vec![0, 3, 0, 2])));
}

#[test]
fn the_highest_preference_needs_no_waiting() {
    let mut server = Server {
        options: vec![DhcpOption::Preference(255)],
        ..Server::default()
    };
    let world = World::asking(&mut server, Duration::from_millis(300));
    assert_eq!(world.client.state(), State::Bound);
}

#[test]
fn a_late_advertisement_is_taken_at_once() {
    let mut world = World::asking(&mut Server::silent(), secs(5));
    let solicit = world.said.last().unwrap().1.clone();
    world.hear(&Server::default().say(MessageType::Advertise, &solicit));
    assert_eq!(world.client.state(), State::Requesting);
}

#[test]
fn without_a_server_it_asks_for_ever_at_growing_intervals_and_says_so() {
    let mut world = World::asking(&mut Server::silent(), secs(4));
    assert!(!world.client.failing());
    world.run(&mut Server::silent(), secs(10));
    assert!(world.client.failing());
    assert!(world.seen.contains(&Effect::Changed));
    world.run(&mut Server::silent(), secs(3600));
    let gaps: Vec<_> = world.said.windows(2).map(|w| w[1].0 - w[0].0).collect();
    assert!(gaps[0] < Duration::from_millis(1200), "{gaps:?}");
    assert!(
        gaps.iter().all(|g| *g <= secs(132)) && gaps.len() > 25,
        "{gaps:?}"
    );
    world.run(&mut Server::default(), secs(140));
    assert_eq!(world.client.state(), State::Bound);
}

/// A server that says how long to wait at most between two solicitations.
fn limiting(seconds: u32) -> Server {
    let limit = UnknownOption::new(OptionCode::SolMaxRt, seconds.to_be_bytes().to_vec());
    Server {
        options: vec![DhcpOption::Unknown(limit)],
        ..Server::default()
    }
}

#[test]
fn servers_say_how_long_to_wait_at_most() {
    // It has no address, but its limit counts.
    let mut server = Server {
        of_association: Status::NoAddrsAvail,
        ..limiting(60)
    };
    let world = World::asking(&mut server, secs(1800));
    let gaps: Vec<_> = world.said.windows(2).map(|w| w[1].0 - w[0].0).collect();
    assert!(gaps.iter().all(|g| *g <= secs(66)) && gaps.len() > 25, "{gaps:?}");
}

#[test]
fn limits_that_are_none_are_left_out() {
    for limit in [0, 59, 86_401, u32::MAX] {
        let world = World::bound(&mut limiting(limit));
        assert!(world.refused(Refusal::BadTimes) > 0);
    }
}

#[test]
fn a_request_that_nobody_answers_is_repeated_and_then_given_up() {
    let mut server = Server {
        deaf: vec![MessageType::Request],
        ..Server::default()
    };
    let mut world = World::asking(&mut server, secs(600));
    let requests = world
        .kinds()
        .iter()
        .filter(|k| **k == MessageType::Request)
        .count();
    assert!((10..=30).contains(&requests), "{requests}");
    assert!(
        world
            .kinds()
            .iter()
            .filter(|k| **k == MessageType::Solicit)
            .count()
            > 1
    );
    assert!(world.seen.len() < 200);
    world.run(&mut Server::default(), secs(200));
    assert_eq!(world.client.state(), State::Bound);
}

#[test]
fn a_server_that_has_nothing_after_all_is_asked_after_others() {
    let mut server = Server::default();
    server.twist = |m| {
        if m.msg_type() == MessageType::Reply {
            let Some(DhcpOption::IANA(ia)) = m.opts_mut().get_mut(OptionCode::IANA) else {
                return;
            };
            ia.opts = [server::status(Status::NoAddrsAvail)].into_iter().collect();
        }
    };
    let mut world = World::asking(&mut server, secs(3));
    assert_eq!(world.client.state(), State::Waiting);
    assert!(world.refused(Refusal::ServerFailed) > 0);
    let mut second = Server {
        id: vec![0, 3, 0, 2],
        ..Server::default()
    };
    // Both answer; the one that failed comes first.
    world.run(&mut Server::silent(), secs(12));
    let solicit = world.said.last().unwrap().1.clone();
    assert_eq!(solicit.msg_type(), MessageType::Solicit);
    world.hear(&Server::default().say(MessageType::Advertise, &solicit));
    world.hear(&second.say(MessageType::Advertise, &solicit));
    world.run(&mut second, secs(3));
    assert_eq!(world.lease().server, second.id);
}

#[test]
fn a_server_in_trouble_is_asked_again_soon() {
    let mut server = Server::default();
    server.twist = |m| {
        if m.msg_type() == MessageType::Reply {
            m.opts_mut().insert(server::status(Status::UnspecFail));
        }
    };
    let mut world = World::asking(&mut server, secs(3));
    assert_eq!(world.client.state(), State::Requesting);
    world.run(&mut Server::default(), secs(5));
    assert_eq!(world.client.state(), State::Bound);
}

#[test]
fn an_address_that_somebody_has_is_declined_until_the_server_knows_and_looked_for_later() {
    let mut server = Server {
        deaf: vec![MessageType::Decline],
        ..Server::default()
    };
    let mut world = World::new();
    world.link = Some(Probed::Taken);
    world.client.start(world.now, SOURCE);
    world.run(&mut server, secs(2));
    assert_eq!(world.client.state(), State::Declining);
    assert!(world.client.lease().is_none());
    world.run(&mut server, secs(3));
    assert!(server.declined.len() > 1 && server.declined.iter().all(|a| *a == ADDRESS));
    assert!(world.client.lease().is_none());
    server.deaf.clear();
    world.run(&mut server, secs(8));
    assert_eq!(world.client.state(), State::Waiting);
    world.link = Some(Probed::Free);
    server.addresses = vec![(OTHER, 3000, 4000)];
    world.run(&mut server, secs(15));
    assert_eq!(world.lease().address, OTHER);
}

#[test]
fn declining_ends_without_an_answer_too() {
    let mut server = Server {
        deaf: vec![MessageType::Decline],
        ..Server::default()
    };
    let mut world = World::new();
    world.link = Some(Probed::Taken);
    world.client.start(world.now, SOURCE);
    world.run(&mut server, secs(3600));
    assert!(
        (100..300).contains(&server.declined.len()),
        "{}",
        server.declined.len()
    );
    assert!(world.client.failing());
}

#[test]
fn a_probe_that_is_never_answered_for_holds_nobody_up_for_ever() {
    let mut server = Server::default();
    let mut world = World::new();
    world.link = None;
    world.client.start(world.now, SOURCE);
    world.run(&mut server, secs(10));
    assert_eq!(world.client.state(), State::Probing);
    world.run(&mut server, secs(8));
    assert_eq!(world.client.state(), State::Bound);
}

#[test]
fn a_lease_that_is_over_before_its_address_is_known_to_be_free_is_not_used() {
    let mut server = Server::giving(ADDRESS, 10, 10);
    let mut world = World::new();
    world.link = None;
    world.client.start(world.now, SOURCE);
    world.run(&mut server, secs(18));
    assert_eq!(world.client.state(), State::Waiting);
    assert!(!world.seen.contains(&Effect::Announce(ADDRESS.into())));
}

#[test]
fn an_address_whose_preferred_time_is_over_when_it_is_known_to_be_free_is_not_preferred() {
    let mut server = Server::giving(ADDRESS, 10, 1000);
    let mut world = World::new();
    world.link = None;
    world.client.start(world.now, SOURCE);
    world.run(&mut server, secs(10));
    assert_eq!(world.client.state(), State::Probing);
    world.run(&mut Server::silent(), secs(8));
    assert!(world.client.lease().is_some());
    assert!(!world.client.preferred());
}

#[test]
fn nothing_is_said_on_a_link_that_is_down() {
    let mut world = World::new();
    world.client.start(world.now, SOURCE);
    world.client.link(world.now, false);
    world.run(&mut Server::default(), secs(600));
    assert_eq!(world.said.len(), 0);
    world.client.link(world.now, true);
    world.run(&mut Server::default(), secs(2));
    assert_eq!(world.client.state(), State::Bound);
}

#[test]
fn options_that_nobody_reads_may_be_nonsense() {
    // A vendor class of no bytes, an authentication of one, and a status in no known encoding, at which the decoder would stumble.
    let mut server = Server::bending(|bytes| {
        bytes.extend([
            0, 16, 0, 0, 0, 11, 0, 1, 0, 0, 17, 0, 2, 1, 2, 0, 13, 0, 4, 0, 0, 0xff, 0xfe,
        ]);
    });
    assert_eq!(World::bound(&mut server).refused(Refusal::BadOption), 0);
}
