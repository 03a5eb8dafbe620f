use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// The longest that the client ever sleeps on what a server says: a lease of 2^32 - 2 seconds.
const LONGEST: Duration = secs(u32::MAX as u64);

fn checked(world: &mut World) {
    let mut out = 0;
    while let Some(effect) = world.client.poll() {
        out += 1;
        assert!(out < 16, "{effect:?}");
        world.seen.push(effect);
    }
    if let Some(at) = world.client.poll_timeout() {
        assert!(at <= world.now + LONGEST);
    }
    if let Some(lease) = world.client.lease() {
        assert!(lease.routes.len() <= 16);
        assert!((1..=32).contains(&lease.prefix));
        assert!(lease.mtu.is_none_or(|mtu| (1280..=MTU).contains(&mtu)));
        assert!(!lease.address.is_unspecified() && !lease.address.is_multicast());
    }
}

proptest! {
    #[test]
    fn any_bytes_never_panic(payload in vec(any::<u8>(), 0..2000)) {
        let mut world = World::new();
        world.client.start(world.now);
        world.hear(&payload);
        checked(&mut world);
    }

    /// Whatever options an answer has that is addressed to us, in every state.
    #[test]
    fn any_options_never_panic(
        answers in vec((vec(any::<u8>(), 0..200), any::<[u8; 4]>(), 1u8..8, any::<bool>(), 0u64..5000), 1..12),
    ) {
        let mut world = World::new();
        world.client.start(world.now);
        for (options, address, kind, honest, pass) in answers {
            let request = world.said.last().map(|s| s.2.clone());
            let Some(request) = request else {
                world.settle(&mut Server::silent());
                continue;
            };
            let mut bytes = if honest {
                Server::default().say(MessageType::from(kind), &request)
            } else {
                Server { address: address.into(), ..Server::default() }.say(MessageType::from(kind), &request)
            };
            bytes.pop();
            bytes.extend(&options);
            world.hear(&bytes);
            world.settle(&mut Server::silent());
            world.run(&mut Server::silent(), secs(pass));
            checked(&mut world);
        }
    }
}
