//! What routers say that is not so.

use super::*;

/// Nothing is taken, for this reason.
fn refused(ra: &Ra, why: Refusal) {
    refused_bytes(ROUTER, &ra.bytes(), why);
}

fn refused_bytes(router: Ipv6Addr, bytes: &[u8], why: Refusal) {
    let mut world = World::new();
    world.hear_bytes(router, bytes);
    assert!(
        world.refused(why) > 0,
        "{:?}",
        world.discovery.refusals().iter().collect::<Vec<_>>()
    );
    assert_eq!((world.addresses(), world.routes()), (vec![], vec![]));
    world.hear(&Ra::usual());
    assert!(world.discovery.held());
}

#[test]
fn a_router_beyond_the_link() {
    refused_bytes(
        "2001:db8::1".parse().unwrap(),
        &Ra::usual().bytes(),
        Refusal::OtherLink,
    );
    refused_bytes(Ipv6Addr::UNSPECIFIED, &Ra::usual().bytes(), Refusal::OtherLink);
}

#[test]
fn messages_that_are_none() {
    let good = Ra::usual().bytes();
    refused_bytes(ROUTER, &[], Refusal::TooShort);
    refused_bytes(ROUTER, &good[..15], Refusal::TooShort);
    refused_bytes(ROUTER, &good[..good.len() - 1], Refusal::Malformed);
    refused_bytes(ROUTER, &good[..17], Refusal::Malformed);
    refused_bytes(ROUTER, &[&good[..], &[0; 9000]].concat(), Refusal::TooLong);
    for (at, byte) in [(0, 135), (1, 1)] {
        let mut other = good.clone();
        other[at] = byte;
        refused_bytes(ROUTER, &other, Refusal::NotAnAnswer);
    }
}

#[test]
fn an_option_without_a_length() {
    refused(&Ra::usual().option(&[1, 0, 0, 0, 0, 0, 0, 0]), Refusal::Malformed);
    refused(&Ra::new().option(&[3, 0]), Refusal::Malformed);
}

#[test]
fn an_option_that_runs_over_the_end() {
    refused(&Ra::usual().option(&[1, 2, 0, 0, 0, 0, 0, 0]), Refusal::Malformed);
    refused(&Ra::new().option(&[3, 255, 0, 0, 0, 0, 0, 0]), Refusal::Malformed);
}

#[test]
fn options_of_the_wrong_length() {
    // A prefix in eight bytes, an MTU in sixteen.
    refused(
        &Ra::new().option(&[3, 1, 64, 0xc0, 0, 0, 0, 0]),
        Refusal::BadOption,
    );
    refused(
        &Ra::new().option(&[[5, 2, 0, 0, 0, 0, 5, 220], [0; 8]].concat()),
        Refusal::BadOption,
    );
    let mut long = Ra::new().prefix("2001:db8:1::", 64, 0xc0, 600, 600);
    long.options[1] = 5;
    refused(&long.option(&[0; 8]), Refusal::BadOption);
}

#[test]
fn options_that_nobody_reads() {
    let mut world = World::new();
    // Link-layer address, redirected header of the wrong length, RDNSS, nonce, something of the future.
    let ra = Ra::usual()
        .option(&[1, 1, 2, 0, 0, 0, 0, 1])
        .option(&[4, 1, 0, 0, 0, 0, 0, 0])
        .option(&[25, 1, 0, 0, 0, 0, 0, 0])
        .option(&[14, 1, 1, 2, 3, 4, 5, 6])
        .option(&[200, 1, 0, 0, 0, 0, 0, 0]);
    world.hear(&ra);
    assert!(world.discovery.held());
    assert_eq!(world.discovery.refusals().total(), 0);
}

#[test]
fn prefixes_that_cannot_be_used() {
    for (prefix, length) in [
        ("ff02::", 64),
        ("::", 64),
        ("::", 0),
        ("2001:db8::", 0),
        ("2001:db8::", 129),
    ] {
        refused(
            &Ra::new().prefix(prefix, length, 0xc0, 600, 600),
            Refusal::BadPrefix,
        );
    }
}

#[test]
fn the_link_local_prefix_is_no_news() {
    let mut world = World::new();
    world.hear(&Ra::new().prefix("fe80::", 64, 0xc0, 600, 600));
    assert_eq!((world.addresses(), world.routes()), (vec![], vec![]));
}

#[test]
fn no_address_is_made_of_a_prefix_that_is_not_half() {
    for length in [48, 63, 65, 127, 128] {
        let mut world = World::new();
        world.hear(&Ra::new().prefix("2001:db8:1::", length, 0xc0, 600, 600));
        assert_eq!((world.addresses().len(), world.routes().len()), (0, 1));
        assert_eq!(world.refused(Refusal::BadPrefix), 1);
    }
}

#[test]
fn an_address_preferred_longer_than_it_lasts() {
    let mut world = World::new();
    world.hear(&Ra::new().prefix("2001:db8:1::", 64, 0xc0, 600, 601));
    assert_eq!(
        (world.addresses(), world.refused(Refusal::BadLifetime)),
        (vec![], 1)
    );
}

#[test]
fn an_mtu_out_of_bounds() {
    for mtu in [0, 1279, 9001, u32::MAX] {
        let mut world = World::new();
        world.hear(&Ra::usual().mtu(mtu));
        assert_eq!((world.discovery.mtu(), world.refused(Refusal::BadMtu)), (None, 1));
        assert!(world.discovery.held());
    }
}

#[test]
fn more_prefixes_than_there_is_room_for() {
    let mut world = World::new();
    let ra = (0..100).fold(Ra::new(), |ra, n| {
        ra.prefix(&format!("2001:db8:{n:x}::"), 64, 0xc0, 600, 600)
    });
    world.hear(&ra);
    assert_eq!((world.addresses().len(), world.routes().len()), (8, 8));
    assert!(world.refused(Refusal::TooMany) > 0);
    // When they have ended there is room again.
    world.run(secs(601));
    world.hear(&Ra::usual());
    assert!(world.discovery.held());
}

#[test]
fn more_routers_than_there_is_room_for() {
    let mut world = World::new();
    for n in 1..100 {
        world.hear_from(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, n), &Ra::new());
    }
    assert_eq!(world.refused(Refusal::TooMany), 91);
    assert_eq!(world.discovery.router(), Some(ROUTER));
}
