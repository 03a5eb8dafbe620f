use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn bounded(world: &World) {
    assert!(world.addresses().len() <= 8 && world.routes().len() <= 8);
    assert!(
        world
            .discovery
            .mtu()
            .is_none_or(|mtu| (1280..=9000).contains(&mtu))
    );
    if let Some(at) = world.discovery.poll_timeout() {
        assert!(at <= world.now + secs(u32::MAX.into()));
    }
    for held in world.addresses() {
        let IpAddr::V6(address) = held.address else {
            panic!("{held:?}")
        };
        assert!(!address.is_multicast() && !address.is_unicast_link_local());
    }
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes in vec(any::<u8>(), 0..1500)) {
        let mut world = World::new();
        world.hear_bytes(ROUTER, &bytes);
        bounded(&world);
    }

    #[test]
    fn any_options_of_a_real_header_never_panic_and_fill_no_table(
        messages in vec((vec(any::<u8>(), 0..300), any::<u8>(), any::<u16>(), 0u16..20, 0u64..100_000), 1..20),
    ) {
        let mut world = World::new();
        for (options, flags, lifetime, router, pass) in messages {
            let mut ra = Ra { flags, lifetime, options };
            // Half of them are well formed, so that more than the first option is reached.
            if flags & 1 == 0 && ra.options.len() >= 32 {
                ra.options.truncate(32);
                ra.options[0] = 3;
                ra.options[1] = 4;
                ra.options[2] = 64;
            }
            world.hear_from(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, router), &ra);
            bounded(&world);
            world.run(secs(pass));
            bounded(&world);
        }
    }
}
