use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn checked(world: &mut World) {
    let mut out = 0;
    while let Some(effect) = world.client.poll() {
        out += 1;
        assert!(out < 16, "{effect:?}");
        world.seen.push(effect);
    }
    if let Some(at) = world.client.poll_timeout() {
        assert!(at <= world.now + secs(u32::MAX.into()));
    }
    if let Some(lease) = world.client.lease() {
        assert!(lease.server.len() <= 130);
        assert!(!lease.address.is_unspecified() && !lease.address.is_multicast());
    }
}

proptest! {
    #[test]
    fn any_bytes_never_panic(payload in vec(any::<u8>(), 0..2000)) {
        let mut world = World::asking(&mut Server::silent(), secs(1));
        world.hear(&payload);
        checked(&mut world);
    }

    /// Whatever options an answer has that is addressed to us, in every state.
    #[test]
    fn any_options_never_panic(
        answers in vec(
            (vec(any::<u8>(), 0..200), any::<u16>(), any::<u128>(), any::<bool>(), any::<bool>(), 0u64..5000),
            1..12,
        ),
    ) {
        let mut world = World::asking(&mut Server::silent(), secs(1));
        for (options, code, address, honest, reply, pass) in answers {
            let request = world.said.last().unwrap().1.clone();
            let server = if honest { Server::default() } else { Server::giving(address.into(), 50, 60) };
            let kind = if reply { MessageType::Reply } else { MessageType::Advertise };
            let mut bytes = server.say(kind, &request);
            // One option that may be read, of any contents, and then anything.
            bytes.extend((code % 16).to_be_bytes());
            bytes.extend(u16::try_from(options.len()).unwrap().to_be_bytes());
            bytes.extend(&options);
            if code > 60_000 {
                bytes.extend(&options);
            }
            world.hear(&bytes);
            world.settle(&mut Server::silent());
            world.run(&mut Server::silent(), secs(pass));
            checked(&mut world);
        }
    }
}
