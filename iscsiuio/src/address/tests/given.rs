//! Addresses that were given.

use super::*;

const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const IP: IpAddr = IpAddr::V4(ADDRESS);
const GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

fn given() -> InterfaceConfig {
    config(
        Ipv4Source::Static {
            address: ADDRESS,
            prefix: 24,
            gateway: Some(GATEWAY),
        },
        Ipv6Source::Off,
    )
}

fn held() -> World {
    let mut world = World::new(&given());
    assert_eq!(world.drain(), [Effect::Probe(IP)]);
    world.addresses.probed(world.now, IP, Probed::Free);
    assert_eq!(world.drain(), [Effect::Announce(IP), Effect::Changed]);
    world
}

#[test]
fn a_given_address_is_used_when_nobody_has_it() {
    let mut world = World::new(&given());
    assert_eq!(world.addresses.configured(), Configured::Acquiring);
    assert_eq!(
        (world.addresses.addresses(), world.addresses.routes()),
        (vec![], vec![])
    );
    world.drain();
    world.addresses.probed(world.now, IP, Probed::Free);
    assert_eq!(world.addresses.configured(), Configured::Ready);
    assert_eq!(
        world.addresses.addresses(),
        [Held {
            address: IP,
            prefix: 24,
            preferred: true,
            expires: None
        }]
    );
    let everything = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    assert_eq!(
        world.addresses.routes(),
        [
            Route {
                destination: IP,
                prefix: 24,
                gateway: None
            },
            Route {
                destination: everything,
                prefix: 0,
                gateway: Some(GATEWAY.into())
            },
        ]
    );
    assert_eq!(world.addresses.poll_timeout(), None);
}

#[test]
fn an_address_that_somebody_has_is_not_used_and_looked_at_again() {
    let mut world = World::new(&given());
    world.drain();
    world.addresses.probed(world.now, IP, Probed::Taken);
    assert_eq!(world.addresses.configured(), Configured::Failed);
    assert_eq!(world.addresses.addresses(), []);
    let duplicate = AddressStatus {
        address: IP,
        prefix: 24,
        duplicate: true,
        valid: None,
    };
    assert_eq!(world.addresses.status(world.now), [duplicate]);
    let seen = world.run(secs(12));
    assert!(seen.contains(&Effect::Probe(IP)));
    world.addresses.probed(world.now, IP, Probed::Free);
    assert_eq!(world.addresses.configured(), Configured::Ready);
}

#[test]
fn looking_again_has_a_longest_interval_and_no_end() {
    let mut world = World::new(&given());
    let mut last = world.now;
    let mut gaps = Vec::new();
    for _ in 0..30 {
        world.drain();
        world.addresses.probed(world.now, IP, Probed::Taken);
        world.drain();
        world.now = world.addresses.poll_timeout().unwrap();
        world.addresses.handle_timeout(world.now);
        gaps.push(world.now - last);
        last = world.now;
    }
    assert!(
        gaps[0] < secs(12) && gaps[29] > secs(240) && gaps.iter().all(|g| *g <= secs(330)),
        "{gaps:?}"
    );
}

#[test]
fn what_an_earlier_process_had_is_used_at_once_and_verified() {
    let mut world = held().resumed(given());
    assert_eq!(world.addresses.configured(), Configured::Ready);
    assert!(world.drain().contains(&Effect::Probe(IP)));
    world.addresses.probed(world.now, IP, Probed::Free);
    assert_eq!((world.drain(), world.addresses.poll_timeout()), (vec![], None));
    let mut world = held().resumed(given());
    world.drain();
    world.addresses.probed(world.now, IP, Probed::Taken);
    assert!(world.drain().contains(&Effect::Lost {
        address: IP,
        why: Loss::Taken
    }));
    assert_eq!(world.addresses.configured(), Configured::Failed);
}

#[test]
fn what_an_earlier_process_did_not_get_is_asked_for_first() {
    let mut before = World::new(&given());
    before.drain();
    assert_eq!(
        before.resumed(given()).addresses.configured(),
        Configured::Acquiring
    );
    before.addresses.probed(before.now, IP, Probed::Taken);
    assert_eq!(
        before.resumed(given()).addresses.configured(),
        Configured::Acquiring
    );
}

#[test]
fn an_address_in_use_is_defended_every_ten_seconds_and_never_given_up() {
    let mut world = held();
    for _ in 0..5 {
        for _ in 0..10 {
            world.addresses.conflict(world.now, IP);
        }
        assert_eq!(world.drain(), [Effect::Announce(IP)]);
        assert_eq!(world.addresses.configured(), Configured::Ready);
        world.run(secs(10));
    }
}

#[test]
fn conflicts_about_addresses_that_are_not_ours_are_nobody_s() {
    let mut world = held();
    world.addresses.conflict(world.now, GATEWAY.into());
    assert_eq!(world.drain(), []);
}

#[test]
fn a_link_that_comes_back_is_asked_while_the_address_is_used() {
    let mut world = held();
    world.addresses.link(world.now, false);
    world.addresses.link(world.now, true);
    assert_eq!(world.drain(), [Effect::Probe(IP)]);
    assert_eq!(world.addresses.configured(), Configured::Ready);
    world.addresses.probed(world.now, IP, Probed::Taken);
    assert_eq!(world.addresses.configured(), Configured::Failed);
}

#[test]
fn what_cannot_be_an_address_is_refused() {
    for (address, prefix) in [
        ([0, 0, 0, 0], 24),
        ([224, 0, 0, 1], 24),
        ([192, 0, 2, 1], 0),
        ([192, 0, 2, 1], 33),
    ] {
        let source = Ipv4Source::Static {
            address: address.into(),
            prefix,
            gateway: None,
        };
        let mut world = World::new(&config(source, Ipv6Source::Off));
        assert_eq!(
            (world.drain(), world.addresses.configured()),
            (vec![], Configured::Failed)
        );
    }
}

#[test]
fn a_gateway_beyond_the_link_is_left_out() {
    let source = Ipv4Source::Static {
        address: ADDRESS,
        prefix: 24,
        gateway: Some(Ipv4Addr::new(10, 0, 0, 1)),
    };
    let mut world = World::new(&config(source, Ipv6Source::Off));
    world.addresses.probed(world.now, IP, Probed::Free);
    assert_eq!(world.addresses.routes().len(), 1);
}

#[test]
fn an_interface_without_sources_has_nothing_and_says_so() {
    let mut world = World::new(&config(Ipv4Source::Off, Ipv6Source::Off));
    assert_eq!(
        (world.drain(), world.addresses.configured()),
        (vec![], Configured::Failed)
    );
    assert_eq!(
        (world.addresses.configured4(), world.addresses.poll_timeout()),
        (None, None)
    );
}
