//! A hostile DHCPv4 server, link and clock. The client never panics, its timers lie ahead, what it says and holds is bounded and sane.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use super::script::Script;
use crate::address::dhcp4::Client;
use crate::address::{Datagram, Effect, Probed};

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
/// Nothing is waited for longer than the longest lease.
const LONGEST: Duration = Duration::from_secs(u32::MAX as u64);

struct World {
    client: Client,
    now: Instant,
    /// Transaction ID of what was said last.
    xid: [u8; 4],
    probed: Option<Ipv4Addr>,
}

/// The body.
pub fn dhcp4(input: &[u8]) {
    let mut script = Script::new(input);
    let now = Instant::now();
    let client = Client::new(MAC, 9000, &[script.byte(); 32], now);
    let mut world = World {
        client,
        now,
        xid: [0; 4],
        probed: None,
    };
    world.client.start(now);
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
            // To the next timer, exactly.
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
                let address = self.probed.unwrap_or(Ipv4Addr::from(script.array()));
                if script.flag() {
                    self.client.taken(self.now, address);
                } else {
                    self.client.probed(self.now, address, said);
                }
            }
            _ => match script.byte() % 4 {
                0 => self.client.release(self.now),
                1 => self.client.start(self.now),
                n => self.client.link(self.now, n == 2),
            },
        }
    }

    /// An answer to us with any options.
    fn answer(&self, script: &mut Script<'_>) -> Vec<u8> {
        let mut message = vec![0; 240];
        message[..3].copy_from_slice(&[2, 1, 6]);
        message[4..8].copy_from_slice(&self.xid);
        message[16..20].copy_from_slice(&script.array::<4>());
        message[28..34].copy_from_slice(&MAC);
        message[236..].copy_from_slice(&[99, 130, 83, 99]);
        message.extend([53, 1, [2, 5, 5, 6][usize::from(script.byte() % 4)]]);
        message.extend([54, 4, 192, 0, 2, script.byte() % 4]);
        message.extend([51, 4]);
        message.extend(script.array::<4>());
        message.extend(script.piece());
        message
    }

    fn hear(&mut self, payload: &[u8]) {
        let heard = Datagram {
            source: (Ipv4Addr::new(192, 0, 2, 1), 67).into(),
            destination: (Ipv4Addr::BROADCAST, 68).into(),
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
                    assert!((300..=600).contains(&datagram.payload.len()));
                    self.xid.copy_from_slice(&datagram.payload[4..8]);
                }
                Some(Effect::Probe(IpAddr::V4(address))) => self.probed = Some(address),
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
            let [first, ..] = lease.address.octets();
            assert!(first != 0 && first != 127 && first < 224);
            assert!((1..=32).contains(&lease.prefix) && lease.routes.len() <= 16);
            assert!(lease.mtu.is_none_or(|mtu| (1280..=9000).contains(&mtu)));
        }
    }
}
