use super::*;

#[test]
fn routers_are_asked_for_at_once_and_then_at_growing_intervals_for_ever() {
    let mut world = World::new();
    assert!(world.discovery.acquiring());
    world.run(secs(1));
    assert_eq!(world.asked.len(), 1);
    world.run(secs(40));
    assert!(!world.discovery.acquiring());
    assert!(world.seen.contains(&Effect::Changed));
    world.run(secs(86_400));
    let gaps: Vec<_> = world.asked.windows(2).map(|w| w[1] - w[0]).collect();
    assert!(gaps[0] < secs(5) && gaps[0] > secs(3), "{gaps:?}");
    assert!(gaps.iter().all(|g| *g <= secs(3960)), "{gaps:?}");
    assert!(gaps.len() > 25, "{gaps:?}");
    world.hear(&Ra::usual());
    assert!(world.discovery.held());
}

#[test]
fn an_answer_ends_the_asking() {
    let mut world = World::new();
    world.run(secs(1));
    world.hear(&Ra::usual());
    world.run(secs(1700));
    assert_eq!(world.asked.len(), 1);
}

#[test]
fn a_router_lasts_as_long_as_it_says_and_is_then_asked_for() {
    let mut world = World::new();
    world.run(secs(1));
    world.hear(&Ra::new());
    assert_eq!(world.discovery.router(), Some(ROUTER));
    world.seen.clear();
    world.run(secs(1799));
    assert_eq!(world.discovery.router(), Some(ROUTER));
    world.run(secs(2));
    assert_eq!(world.discovery.router(), None);
    assert!(world.seen.contains(&Effect::Changed));
    assert_eq!(world.asked.len(), 2);
}

#[test]
fn a_router_that_takes_itself_back_is_gone_at_once() {
    let mut world = World::new();
    world.hear(&Ra::usual());
    world.hear(&Ra::new().lifetime(0));
    assert_eq!(world.discovery.router(), None);
    // The addresses stay.
    assert!(world.discovery.held());
}

#[test]
fn a_router_that_never_was_one_gives_addresses_all_the_same() {
    let mut world = World::new();
    world.hear(&Ra::usual().lifetime(0));
    assert_eq!((world.discovery.router(), world.discovery.held()), (None, true));
}

#[test]
fn the_router_in_use_stays_in_use_among_equals() {
    let mut world = World::new();
    world.hear_from(SECOND, &Ra::new());
    world.seen.clear();
    world.hear_from(ROUTER, &Ra::new());
    world.hear_from(SECOND, &Ra::new());
    assert_eq!((world.discovery.router(), world.seen.len()), (Some(SECOND), 0));
}

#[test]
fn the_most_wanted_router_is_used() {
    let mut world = World::new();
    for (router, flags, used) in [
        // Low, then one with the reserved value, which is medium, then high.
        (ROUTER, 0x18, ROUTER),
        (SECOND, 0x10, SECOND),
        (ROUTER, 0x08, ROUTER),
        (ROUTER, 0x18, SECOND),
    ] {
        world.hear_from(router, &Ra::new().flags(flags));
        assert_eq!(world.discovery.router(), Some(used));
    }
}

#[test]
fn a_router_that_does_not_answer_is_the_last_until_it_speaks() {
    let mut world = World::new();
    world.hear(&Ra::new().flags(0x08));
    world.hear_from(SECOND, &Ra::new());
    world.discovery.silent(ROUTER, &mut world.out);
    assert_eq!(world.discovery.router(), Some(SECOND));
    assert!(world.out.contains(&Effect::Changed));
    // All are silent: one of them is better than none.
    world.discovery.silent(SECOND, &mut world.out);
    assert!(world.discovery.router().is_some());
    world.hear(&Ra::new().flags(0x08));
    assert_eq!(world.discovery.router(), Some(ROUTER));
}

#[test]
fn who_wants_no_routers_has_none() {
    let mut world = World::wanting(true, false);
    world.hear(&Ra::usual());
    assert_eq!((world.discovery.router(), world.discovery.held()), (None, true));
}

#[test]
fn flags_and_mtu_are_told() {
    let mut world = World::new();
    assert!(!world.discovery.heard());
    world.hear(&Ra::new().flags(0x80).mtu(4000));
    assert!(world.discovery.heard() && world.discovery.managed());
    assert_eq!(world.discovery.mtu(), Some(4000));
    // Another router without the flag does not take it back.
    world.hear_from(SECOND, &Ra::new());
    assert!(world.discovery.managed());
    assert_eq!(world.discovery.mtu(), Some(4000));
}

#[test]
fn an_mtu_is_kept_over_a_flap_and_forgotten_on_a_link_that_tells_none() {
    let mut world = World::new();
    world.hear(&Ra::new().mtu(4000));
    world.discovery.link(world.now, false, &mut world.out);
    world.discovery.link(world.now, true, &mut world.out);
    assert_eq!(world.discovery.mtu(), Some(4000));
    world.seen.clear();
    world.hear(&Ra::new());
    assert_eq!(world.discovery.mtu(), None);
    assert!(world.seen.contains(&Effect::Changed));
}
