use super::*;

const IP: IpAddr = IpAddr::V6(ADDRESS);

#[test]
fn a_prefix_gives_an_address_and_a_route_on_the_link() {
    let mut world = World::new();
    world.hear(&Ra::usual());
    assert_eq!(world.left(), [(IP, true, Some(86_400))]);
    assert_eq!(world.addresses()[0].prefix, 64);
    let prefix = "2001:db8:1::".parse().unwrap();
    assert_eq!(
        world.routes(),
        [Route {
            destination: prefix,
            prefix: 64,
            gateway: None
        }]
    );
    assert!(world.seen.contains(&Effect::Probe(IP)) && world.seen.contains(&Effect::Announce(IP)));
    assert!(world.discovery.held());
}

#[test]
fn flags_say_what_a_prefix_is_for() {
    let mut world = World::new();
    world.hear(&Ra::new().prefix("2001:db8:1::", 64, 0x80, 86_400, 14_400));
    assert_eq!((world.addresses().len(), world.routes().len()), (0, 1));
    assert!(!world.discovery.acquiring());
    let mut world = World::new();
    world.hear(&Ra::new().prefix("2001:db8:1::", 64, 0x40, 86_400, 14_400));
    assert_eq!((world.addresses().len(), world.routes().len()), (1, 0));
    let mut world = World::new();
    world.hear(&Ra::new().prefix("2001:db8:1::", 64, 0, 86_400, 14_400));
    assert_eq!((world.addresses().len(), world.routes().len()), (0, 0));
}

#[test]
fn who_wants_no_addresses_gets_none() {
    let mut world = World::wanting(false, true);
    world.hear(&Ra::usual());
    assert_eq!((world.addresses().len(), world.routes().len()), (0, 1));
}

#[test]
fn several_prefixes_of_one_message() {
    let mut world = World::new();
    world.hear(&Ra::usual().prefix("2001:db8:2::", 64, 0xc0, u32::MAX, u32::MAX));
    assert_eq!((world.addresses().len(), world.routes().len()), (2, 2));
    assert_eq!(world.left()[1].2, None);
}

#[test]
fn an_address_grows_old_and_ends() {
    let mut world = World::new();
    world.hear(
        &Ra::new()
            .prefix("2001:db8:1::", 64, 0xc0, 600, 300)
            .lifetime(9000),
    );
    world.seen.clear();
    world.run(secs(299));
    assert_eq!((world.left(), world.seen.len()), (vec![(IP, true, Some(301))], 0));
    world.run(secs(2));
    assert_eq!(
        (world.left(), &world.seen[..]),
        (vec![(IP, false, Some(299))], &[Effect::Changed][..])
    );
    world.run(secs(300));
    assert_eq!((world.left(), world.routes()), (vec![], vec![]));
    assert!(world.seen.contains(&Effect::Lost {
        address: IP,
        why: Loss::Expired
    }));
}

#[test]
fn an_address_is_prolonged_and_becomes_preferred_again() {
    let mut world = World::new();
    world.hear(&Ra::new().prefix("2001:db8:1::", 64, 0xc0, 600, 300));
    world.run(secs(400));
    assert!(!world.left()[0].1);
    world.hear(&Ra::usual());
    assert_eq!(world.left(), [(IP, true, Some(86_400))]);
    assert_eq!(world.addresses().len(), 1);
}

#[test]
fn nobody_takes_an_address_away_in_less_than_two_hours() {
    let mut world = World::new();
    world.hear(&Ra::usual());
    // Preference may go at once.
    world.hear(&Ra::new().prefix("2001:db8:1::", 64, 0xc0, 0, 0));
    assert_eq!(world.left(), [(IP, false, Some(7200))]);
    // Less than two hours are left: shorter ones are no news.
    world.run(secs(1000));
    world.hear(&Ra::new().prefix("2001:db8:1::", 64, 0xc0, 10, 10));
    assert_eq!(world.left(), [(IP, true, Some(6200))]);
    // Longer ones are, and so is anything above two hours.
    world.hear(&Ra::new().prefix("2001:db8:1::", 64, 0xc0, 7000, 10));
    assert_eq!(world.left()[0].2, Some(7000));
    world.hear(&Ra::usual());
    world.hear(&Ra::new().prefix("2001:db8:1::", 64, 0xc0, 7201, 10));
    assert_eq!(world.left()[0].2, Some(7201));
}

#[test]
fn two_hours_bound_an_address_without_an_end_too() {
    let mut world = World::new();
    world.hear(&Ra::new().prefix("2001:db8:1::", 64, 0xc0, u32::MAX, u32::MAX));
    assert_eq!(world.left(), [(IP, true, None)]);
    world.hear(&Ra::new().prefix("2001:db8:1::", 64, 0xc0, 60, 60));
    assert_eq!(world.left(), [(IP, true, Some(7200))]);
}

#[test]
fn what_is_on_the_link_may_end_at_once() {
    let mut world = World::new();
    world.hear(&Ra::usual());
    world.hear(&Ra::new().prefix("2001:db8:1::", 64, 0xc0, 0, 0));
    assert_eq!((world.routes().len(), world.addresses().len()), (0, 1));
}

#[test]
fn a_prefix_that_ends_as_it_comes_is_nothing() {
    let mut world = World::new();
    world.hear(&Ra::new().prefix("2001:db8:1::", 64, 0xc0, 0, 0));
    assert_eq!((world.routes(), world.addresses()), (vec![], vec![]));
}

#[test]
fn an_address_that_somebody_has_is_not_used() {
    let mut world = World::new();
    world.link = Probed::Taken;
    world.hear(&Ra::usual());
    assert_eq!(world.addresses(), []);
    assert_eq!(world.discovery.duplicates().collect::<Vec<_>>(), [(IP, 64)]);
    assert!(!world.discovery.held());
    world.link = Probed::Free;
    world.run(secs(12));
    assert!(world.discovery.held());
}

#[test]
fn a_link_that_comes_back_is_asked_for_duplicates_and_routers() {
    let mut world = World::new();
    world.hear(&Ra::usual().flags(0x80));
    world.seen.clear();
    let asked = world.asked.len();
    world.discovery.link(world.now, false, &mut world.out);
    world.run(secs(60));
    world.discovery.link(world.now, true, &mut world.out);
    world.settle();
    assert!(world.seen.contains(&Effect::Probe(IP)));
    assert!(!world.discovery.managed());
    world.run(secs(1));
    assert_eq!(world.asked.len(), asked + 1);
    assert!(world.discovery.held());
}
