//! The client against a server of `dhcproto`'s making, in virtual time.

mod acquire;
mod lies;
mod lose;
mod properties;
mod renew;
mod server;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use dhcproto::v4::{DhcpOption, Message, MessageType, OptionCode};
use dhcproto::{Decodable, Decoder};

use super::{Client, Lease, State};
use crate::address::{Datagram, Effect, Loss, Probed, Refusal};
use server::Server;

const MAC: [u8; 6] = [2, 0, 0xc9, 1, 2, 3];
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 50);
const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const MTU: u16 = 9000;

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// A client, the time, and what was seen.
struct World {
    client: Client,
    began: Instant,
    now: Instant,
    /// What the link says to probes; `None`: nothing.
    link: Option<Probed>,
    /// Every message, when and to whom.
    said: Vec<(Duration, SocketAddr, Message)>,
    seen: Vec<Effect>,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            client: Client::new(MAC, MTU, &[9; 32], now),
            began: now,
            now,
            link: Some(Probed::Free),
            said: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// A world whose client has a lease of `server`.
    fn bound(server: &mut Server) -> Self {
        let mut world = Self::new();
        world.client.start(world.now);
        world.run(server, secs(2));
        assert_eq!(world.client.state(), State::Bound);
        world
    }

    /// Carries out what the client wants, and lets `server` answer at once.
    fn settle(&mut self, server: &mut Server) {
        while let Some(effect) = self.client.poll() {
            match &effect {
                Effect::Udp(datagram) => {
                    let message = Message::decode(&mut Decoder::new(&datagram.payload)).unwrap();
                    assert_eq!(datagram.source.port(), 68);
                    assert_eq!(datagram.destination.port(), 67);
                    assert!(datagram.payload.len() >= 300);
                    assert_eq!(message.chaddr(), MAC);
                    self.said
                        .push((self.now - self.began, datagram.destination, message.clone()));
                    for answer in server.answer(&message) {
                        self.hear(&answer);
                    }
                }
                Effect::Probe(IpAddr::V4(address)) => {
                    if let Some(said) = self.link {
                        self.client.probed(self.now, *address, said);
                    }
                }
                _ => {}
            }
            self.seen.push(effect);
        }
    }

    fn hear(&mut self, payload: &[u8]) {
        let heard = Datagram {
            source: (SERVER, 67).into(),
            destination: (Ipv4Addr::BROADCAST, 68).into(),
            payload,
        };
        self.client.datagram(self.now, &heard);
    }

    /// Lets time pass.
    fn run(&mut self, server: &mut Server, span: Duration) {
        let end = self.now + span;
        self.settle(server);
        for _ in 0..10_000 {
            let Some(at) = self.client.poll_timeout().filter(|at| *at <= end) else {
                self.now = end;
                return;
            };
            self.now = at.max(self.now);
            self.client.handle_timeout(self.now);
            assert!(
                self.client.poll_timeout().is_none_or(|next| next > self.now),
                "{:?}",
                self.client.state()
            );
            self.settle(server);
        }
        panic!("the client does not rest");
    }

    fn kinds(&self) -> Vec<MessageType> {
        self.said
            .iter()
            .map(|(_, _, m)| m.opts().msg_type().unwrap())
            .collect()
    }

    fn last(&self) -> &Message {
        &self.said.last().unwrap().2
    }

    fn refused(&self, why: Refusal) -> u64 {
        self.client.refusals().of(why)
    }

    fn lost(&self) -> Vec<Loss> {
        let loss = |e: &Effect| {
            if let Effect::Lost { why, .. } = e {
                Some(*why)
            } else {
                None
            }
        };
        self.seen.iter().filter_map(loss).collect()
    }

    fn lease(&self) -> &Lease {
        self.client.lease().unwrap()
    }
}

fn option(message: &Message, code: OptionCode) -> Option<&DhcpOption> {
    message.opts().get(code)
}
