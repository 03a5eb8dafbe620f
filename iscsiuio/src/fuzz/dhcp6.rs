//! A hostile DHCPv6 server, link and clock. The client never panics, its timers lie ahead, what it says and holds is bounded and sane.

use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use super::script::Script;
use crate::address::dhcp6::Client;
use crate::address::{Datagram, Effect, Probed};

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 9);
/// Nothing is waited for longer than the longest lease.
const LONGEST: Duration = Duration::from_secs(u32::MAX as u64);

struct World {
    client: Client,
    now: Instant,
    /// Transaction ID of what was said last.
    xid: [u8; 3],
    probed: Option<Ipv6Addr>,
}

/// The body.
pub fn dhcp6(input: &[u8]) {
    let mut script = Script::new(input);
    let now = Instant::now();
    let client = Client::new(MAC, 7, &[script.byte(); 32], now);
    let mut world = World {
        client,
        now,
        xid: [0; 3],
        probed: None,
    };
    world.client.start(now, SOURCE);
    world.drain();
    while !script.is_empty() {
        world.step(&mut script);
        world.drain();
        world.check();
    }
}

impl World {
    fn step(&mut self, script: &mut Script<'_>) {
        match script.byte() % 8 {
            0 => self.hear(script.piece()),
            1..=3 => {
                let message = self.answer(script);
                self.hear(&message);
            }
            4 => {
                self.now += script.span();
                self.turn();
            }
            5 => {
                if let Some(at) = self.client.poll_timeout() {
                    self.now = at.max(self.now);
                    self.turn();
                }
            }
            6 => {
                let said = if script.flag() {
                    Probed::Free
                } else {
                    Probed::Taken
                };
                let address = self.probed.unwrap_or(Ipv6Addr::from(script.array()));
                self.client.probed(self.now, address, said);
            }
            _ => match script.byte() % 4 {
                0 => self.client.release(self.now),
                1 => self.client.start(self.now, SOURCE),
                n => self.client.link(self.now, n == 2),
            },
        }
    }

    /// An answer to us, with an association of one address and any options beside and inside.
    fn answer(&self, script: &mut Script<'_>) -> Vec<u8> {
        let [a, b, c] = self.xid;
        let mut message = vec![if script.flag() { 2 } else { 7 }, a, b, c];
        let mut add = |code: u8, body: &[u8]| {
            message.extend([0, code]);
            message.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
            message.extend(body);
        };
        add(1, &[&[0, 3, 0, 1], &MAC[..]].concat());
        add(2, &[0, 3, 0, script.byte() % 4]);
        let (times, address, inside) = (script.array::<8>(), script.array::<24>(), script.piece());
        let told = [&[0, 5, 0, 24][..], &address, inside].concat();
        add(3, &[&[0, 0, 0, 7][..], &times, &told].concat());
        if script.flag() {
            add(14, &[]);
        }
        message.extend(script.piece());
        message
    }

    fn hear(&mut self, payload: &[u8]) {
        let heard = Datagram {
            source: (SOURCE, 547).into(),
            destination: (SOURCE, 546).into(),
            payload,
        };
        self.client.datagram(self.now, &heard);
    }

    fn turn(&mut self) {
        self.client.handle_timeout(self.now);
        assert!(
            self.client.poll_timeout().is_none_or(|at| at > self.now),
            "a timer that never rests"
        );
    }

    fn drain(&mut self) {
        for n in 0.. {
            match self.client.poll() {
                None => return,
                Some(Effect::Udp(datagram)) => {
                    assert!(datagram.payload.len() <= 400);
                    self.xid.copy_from_slice(&datagram.payload[1..4]);
                }
                Some(Effect::Probe(IpAddr::V6(address))) => self.probed = Some(address),
                Some(_) => {}
            }
            assert!(n < 16, "it says too much at once");
        }
    }

    fn check(&self) {
        assert!(
            self.client
                .poll_timeout()
                .is_none_or(|at| at <= self.now + LONGEST)
        );
        if let Some(lease) = self.client.lease() {
            let address = lease.address;
            assert!(!address.is_unspecified() && !address.is_multicast() && !address.is_unicast_link_local());
            assert!((3..=130).contains(&lease.server.len()));
        }
    }
}
