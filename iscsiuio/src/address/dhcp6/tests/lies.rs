//! What servers say that is not so. Each is refused with its reason, and an honest answer after it is taken.

use super::*;

fn refused(mut server: Server, why: Refusal) {
    let mut world = World::asking(&mut server, secs(20));
    assert!(world.client.lease().is_none(), "{:?}", world.client.lease());
    assert!(
        world.refused(why) > 0,
        "{:?}",
        world.client.refusals().iter().collect::<Vec<_>>()
    );
    world.run(&mut Server::default(), secs(200));
    assert_eq!(world.client.state(), State::Bound);
}

#[test]
fn answers_for_others() {
    refused(
        Server::lying(|m| {
            m.set_xid_num(m.xid_num() ^ 1);
        }),
        Refusal::OtherTransaction,
    );
    refused(
        Server::lying(|m| {
            m.opts_mut().remove(OptionCode::ClientId);
        }),
        Refusal::OtherClient,
    );
    refused(
        Server::lying(|m| {
            m.opts_mut().remove(OptionCode::ClientId);
            m.opts_mut()
                .insert(DhcpOption::ClientId(vec![0, 3, 0, 1, 9, 9, 9, 9, 9, 9]));
        }),
        Refusal::OtherClient,
    );
    refused(
        Server {
            iaid: IAID + 1,
            ..Server::default()
        },
        Refusal::NoAddress,
    );
}

#[test]
fn an_answer_without_a_server() {
    refused(
        Server::lying(|m| {
            m.opts_mut().remove(OptionCode::ServerId);
        }),
        Refusal::NoServer,
    );
}

#[test]
fn identifiers_of_no_length_or_of_too_much() {
    for id in [vec![], vec![1, 2], vec![7; 131], vec![7; 4000]] {
        refused(
            Server {
                id,
                ..Server::default()
            },
            Refusal::BadOption,
        );
    }
}

#[test]
fn a_reply_that_nobody_asked_for() {
    // Without the option it is no rapid commit.
    let mut world = World::asking(&mut Server::silent(), secs(1));
    let solicit = world.said[0].1.clone();
    world.hear(&Server::default().say(MessageType::Reply, &solicit));
    assert_eq!(
        (world.client.state(), world.refused(Refusal::Unexpected)),
        (State::Soliciting, 1)
    );
}

#[test]
fn a_reply_of_another_server() {
    let mut world = World::asking(
        &mut Server {
            deaf: vec![MessageType::Request],
            ..Server::default()
        },
        secs(2),
    );
    assert_eq!(world.client.state(), State::Requesting);
    let request = world.said.last().unwrap().1.clone();
    let other = Server {
        id: vec![0, 3, 0, 2],
        ..Server::default()
    };
    world.hear(&other.say(MessageType::Reply, &request));
    assert_eq!(
        (world.client.state(), world.refused(Refusal::OtherServer)),
        (State::Requesting, 1)
    );
}

#[test]
fn messages_where_none_is_waited_for() {
    let mut world = World::bound(&mut Server::default());
    let request = world.said.last().unwrap().1.clone();
    for kind in [MessageType::Reply, MessageType::Advertise] {
        world.hear(&Server::default().say(kind, &request));
    }
    assert_eq!(
        (world.refused(Refusal::Unexpected), world.client.state()),
        (2, State::Bound)
    );
    // A reconfiguration is never asked for, and not authenticated.
    for kind in [
        MessageType::Reconfigure,
        MessageType::Solicit,
        MessageType::RelayRepl,
        MessageType::Unknown(77),
    ] {
        world.hear(&Server::default().say(kind, &request));
    }
    assert_eq!(world.refused(Refusal::NotAnAnswer), 4);
    assert_eq!(world.said.len(), 2);
}

#[test]
fn addresses_that_no_host_can_have() {
    for (address, why) in [
        ("::", Refusal::NoAddress),
        ("::1", Refusal::BadAddress),
        ("fe80::1", Refusal::BadAddress),
        ("ff02::1", Refusal::BadAddress),
        ("::ffff:192.0.2.1", Refusal::BadAddress),
    ] {
        refused(Server::giving(address.parse().unwrap(), 3000, 4000), why);
    }
}

#[test]
fn lifetimes_that_are_none() {
    refused(Server::giving(ADDRESS, 4001, 4000), Refusal::BadLifetime);
    refused(Server::giving(ADDRESS, 0, 0), Refusal::LeaseTooShort);
    refused(Server::giving(ADDRESS, 5, 5), Refusal::LeaseTooShort);
    refused(Server::timing(2000, 1000), Refusal::BadTimes);
}

#[test]
fn a_bad_address_beside_a_good_one() {
    let mut server = Server::default();
    server.addresses.insert(0, (Ipv6Addr::LOCALHOST, 3000, 4000));
    let world = World::bound(&mut server);
    assert_eq!(world.lease().address, ADDRESS);
    assert!(world.refused(Refusal::BadAddress) > 0);
}

#[test]
fn more_addresses_than_are_looked_at() {
    let many = (0..200).map(|n| (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 1, n), 3000, 4000));
    let mut server = Server {
        addresses: many.collect(),
        ..Server::default()
    };
    let world = World::bound(&mut server);
    assert!(world.refused(Refusal::TooMany) > 0);
}

#[test]
fn servers_that_have_nothing() {
    for status in [
        Status::NoAddrsAvail,
        Status::UnspecFail,
        Status::NotOnLink,
        Status::Unknown(999),
    ] {
        refused(
            Server {
                status,
                ..Server::default()
            },
            Refusal::ServerFailed,
        );
        refused(
            Server {
                of_association: status,
                ..Server::default()
            },
            Refusal::ServerFailed,
        );
    }
}

#[test]
fn a_renewal_to_another_address() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    server.addresses = vec![(OTHER, 3000, 4000)];
    world.run(&mut server, secs(1005));
    assert_eq!(
        (world.client.state(), world.lease().address),
        (State::Renewing, ADDRESS)
    );
    assert!(world.refused(Refusal::OtherAddress) > 0);
}

#[test]
fn a_renewal_without_an_association() {
    let mut server = Server::default();
    let mut world = World::bound(&mut server);
    server.twist = |m| {
        m.opts_mut().remove(OptionCode::IANA);
    };
    world.run(&mut server, secs(1005));
    assert_eq!(world.client.state(), State::Renewing);
    assert!(world.refused(Refusal::NoAddress) > 0);
}

#[test]
fn a_status_shorter_than_its_code() {
    // What underflowed in the peer and in the decoder.
    for length in [0, 1] {
        let bend: fn(&mut Vec<u8>) = if length == 0 {
            |b| b.extend([0, 13, 0, 0])
        } else {
            |b| b.extend([0, 13, 0, 1, 0])
        };
        let world = World::bound(&mut Server::bending(bend));
        assert!(world.refused(Refusal::BadOption) > 0);
    }
}

#[test]
fn associations_and_addresses_shorter_than_their_fields() {
    let short = |b: &mut Vec<u8>| {
        let at = b.windows(4).position(|w| w == [0, 3, 0, 40]).unwrap();
        b[at + 3] = 11;
        b.truncate(at + 4 + 11);
    };
    refused(Server::bending(short), Refusal::BadOption);
    let inner = |b: &mut Vec<u8>| {
        let at = b.windows(4).position(|w| w == [0, 5, 0, 24]).unwrap();
        b[at + 3] = 23;
        let at = b.windows(4).position(|w| w == [0, 3, 0, 40]).unwrap();
        b[at + 3] = 39;
        b.truncate(at + 4 + 39);
    };
    refused(Server::bending(inner), Refusal::BadOption);
}

#[test]
fn options_that_run_over_the_end() {
    refused(Server::bending(|b| b.extend([0, 1, 0, 9, 1])), Refusal::Malformed);
    refused(Server::bending(|b| b.extend([0, 1, 0])), Refusal::Malformed);
    // The address inside the association is longer than the association.
    let inner = |b: &mut Vec<u8>| {
        let at = b.windows(4).position(|w| w == [0, 5, 0, 24]).unwrap();
        b[at + 3] = 200;
    };
    refused(Server::bending(inner), Refusal::Malformed);
}

#[test]
fn messages_that_are_none() {
    refused(Server::bending(|b| b.truncate(3)), Refusal::TooShort);
    refused(Server::bending(Vec::clear), Refusal::TooShort);
    refused(Server::bending(|b| b.resize(9001, 0)), Refusal::TooLong);
}

#[test]
fn a_datagram_from_another_port_is_nobody_s() {
    let mut world = World::asking(&mut Server::silent(), secs(1));
    let answer = Server::default().say(MessageType::Advertise, &world.said[0].1.clone());
    for (from, to) in [(546, 546), (547, 547), (1547, 546)] {
        let heard = Datagram {
            source: (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1), from).into(),
            destination: (SOURCE, to).into(),
            payload: &answer[..],
        };
        world.client.datagram(world.now, &heard);
    }
    assert_eq!(world.client.refusals().total(), 0);
    world.run(&mut Server::silent(), secs(2));
    assert_eq!(world.client.state(), State::Soliciting);
}
