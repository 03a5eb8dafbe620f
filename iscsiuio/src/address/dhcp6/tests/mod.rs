//! The client against a server of `dhcproto`'s making, in virtual time.

mod acquire;
mod lies;
mod properties;
mod renew;
mod server;

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use dhcproto::v6::{DhcpOption, Message, MessageType, OptionCode, Status};
use dhcproto::{Decodable, Decoder};

use super::{Client, Lease, State};
use crate::address::{Datagram, Effect, Loss, Probed, Refusal};
use server::Server;

const MAC: [u8; 6] = [2, 0, 0xc9, 1, 2, 3];
const IAID: u32 = 42;
const SOURCE: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 9);
const ADDRESS: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x50);
const OTHER: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x51);
const SERVER: [u8; 10] = [0, 3, 0, 1, 2, 0, 0, 0, 0, 1];
const IP: IpAddr = IpAddr::V6(ADDRESS);

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// A client, the time, and what was seen.
struct World {
    client: Client,
    began: Instant,
    now: Instant,
    link: Option<Probed>,
    /// Every message, and when.
    said: Vec<(Duration, Message)>,
    seen: Vec<Effect>,
}

impl World {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            client: Client::new(MAC, IAID, &[9; 32], now),
            began: now,
            now,
            link: Some(Probed::Free),
            said: Vec::new(),
            seen: Vec::new(),
        }
    }

    /// A world whose client asks, and has not been answered.
    fn asking(server: &mut Server, span: Duration) -> Self {
        let mut world = Self::new();
        world.client.start(world.now, SOURCE);
        world.run(server, span);
        world
    }

    /// A world whose client has a lease of `server`.
    fn bound(server: &mut Server) -> Self {
        let world = Self::asking(server, secs(2));
        assert_eq!(world.client.state(), State::Bound);
        world
    }

    fn settle(&mut self, server: &mut Server) {
        while let Some(effect) = self.client.poll() {
            match &effect {
                Effect::Udp(datagram) => {
                    let message = Message::decode(&mut Decoder::new(&datagram.payload)).unwrap();
                    assert_eq!(datagram.source, SocketAddr::from((SOURCE, 546)));
                    assert_eq!(datagram.destination, "[ff02::1:2]:547".parse().unwrap());
                    self.said.push((self.now - self.began, message.clone()));
                    for answer in server.answer(&message) {
                        self.hear(&answer);
                    }
                }
                Effect::Probe(IpAddr::V6(address)) => {
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
            source: "[fe80::1]:547".parse().unwrap(),
            destination: (SOURCE, 546).into(),
            payload,
        };
        self.client.datagram(self.now, &heard);
    }

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
        self.said.iter().map(|(_, m)| m.msg_type()).collect()
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

    fn since(&self, at: Option<Instant>) -> u64 {
        (at.unwrap() - self.began).as_secs()
    }
}

fn option(message: &Message, code: OptionCode) -> Option<&DhcpOption> {
    message.opts().get(code)
}

/// The address that a message of the client names.
fn named(message: &Message) -> Option<Ipv6Addr> {
    let Some(DhcpOption::IANA(ia)) = option(message, OptionCode::IANA) else {
        panic!("no association")
    };
    assert_eq!((ia.id, ia.t1, ia.t2), (IAID, 0, 0));
    match ia.opts.get(OptionCode::IAAddr) {
        Some(DhcpOption::IAAddr(told)) => Some(told.addr),
        _ => None,
    }
}
