//! A link with a port, its peers, weather and a clock of its own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use driver_sys::netlink::{Path, PathAddrs};

use super::{Crowd, Peer, Router, Server};
use crate::port::{Configured, Effect, InterfaceConfig, Ipv4Source, Port, PortConfig, Vlan};
use crate::random::Random;

/// What stands where the answer's MAC address will: never handed back. (A kernel sends zeros.)
const JUNK: [u8; 6] = [0x0a, 1, 2, 3, 4, 5];

/// The port's MAC address.
const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];
/// How long a frame takes.
const TRAVEL: Duration = Duration::from_micros(100);

/// What becomes of frames on their way to the port.
pub(crate) struct Weather {
    random: Random,
    /// Of a hundred frames so many are lost, and so many come twice.
    pub(crate) lost: u64,
    pub(crate) twice: u64,
    /// Up to so long a frame takes more than others.
    pub(crate) late: Duration,
}

/// One port and who else is on its link.
pub(crate) struct Rig {
    pub(crate) port: Port,
    pub(crate) peers: Vec<Peer>,
    pub(crate) crowds: Vec<Crowd>,
    pub(crate) servers: Vec<Server>,
    pub(crate) routers: Vec<Router>,
    pub(crate) weather: Weather,
    start: Instant,
    pub(crate) now: Instant,
    /// Frames on their way to the port, by arrival.
    air: BTreeMap<(Instant, u64), Vec<u8>>,
    carried: u64,
    /// Every frame the port sent.
    pub(crate) sent: Vec<Vec<u8>>,
    /// Every answer to a path request, and when.
    pub(crate) paths: Vec<(Duration, Path)>,
    /// Other effects.
    pub(crate) effects: Vec<(Duration, Effect)>,
}

impl Rig {
    pub(crate) fn new(mtu: u16) -> Self {
        let now = Instant::now();
        let config = PortConfig {
            host: 3,
            mac: MAC,
            mtu,
            seed: [7; 32],
        };
        let random = Random::new(&[9; 32], b"weather");
        Self {
            port: Port::new(config, now),
            peers: Vec::new(),
            crowds: Vec::new(),
            servers: Vec::new(),
            routers: Vec::new(),
            weather: Weather {
                random,
                lost: 0,
                twice: 0,
                late: Duration::ZERO,
            },
            start: now,
            now,
            air: BTreeMap::new(),
            carried: 0,
            sent: Vec::new(),
            paths: Vec::new(),
            effects: Vec::new(),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.now - self.start
    }

    /// Carries out what the port wants now.
    fn serve(&mut self) {
        while let Some(effect) = self.port.poll() {
            let at = self.elapsed();
            match effect {
                Effect::Send(frame) => self.carry(frame),
                Effect::Path(path) => self.paths.push((at, path)),
                other => self.effects.push((at, other)),
            }
        }
    }

    fn carry(&mut self, frame: Vec<u8>) {
        let millis = i64::try_from(self.elapsed().as_millis()).expect("a short test");
        let mut answers: Vec<_> = self
            .peers
            .iter_mut()
            .flat_map(|p| p.frame(millis, &frame))
            .collect();
        answers.extend(self.crowds.iter().filter_map(|crowd| crowd.frame(&frame)));
        answers.extend(self.routers.iter().filter_map(|router| router.frame(&frame)));
        answers.extend(self.servers.iter_mut().filter_map(|server| server.frame(&frame)));
        self.sent.push(frame);
        for answer in answers {
            self.arrive(answer);
        }
    }

    /// A frame sets out for the port.
    pub(crate) fn arrive(&mut self, frame: Vec<u8>) {
        let Weather {
            random,
            lost,
            twice,
            late,
        } = &mut self.weather;
        if random.next() % 100 < *lost {
            return;
        }
        let copies = if random.next() % 100 < *twice { 2 } else { 1 };
        for _ in 0..copies {
            let at = self.now + TRAVEL + random.between(Duration::ZERO, *late);
            self.carried += 1;
            self.air.insert((at, self.carried), frame.clone());
        }
    }

    /// Lets time pass.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        let mut turns = 0;
        loop {
            self.serve();
            let frame = self.air.first_key_value().map(|((at, _), _)| *at);
            let timer = self.port.poll_timeout();
            let Some(at) = frame.into_iter().chain(timer).min().filter(|at| *at <= end) else {
                break;
            };
            turns += 1;
            assert!(turns < 1_000_000, "it never rests");
            self.now = self.now.max(at);
            if frame == Some(at) {
                let (_, frame) = self.air.pop_first().expect("it was there");
                self.port.frame(self.now, &frame);
            } else {
                self.port.handle_timeout(self.now);
            }
        }
        self.now = self.now.max(end);
    }

    /// Lets what is under way arrive.
    pub(crate) fn settle(&mut self) {
        self.run(Duration::from_millis(5));
    }

    /// An interface that has its addresses; what was sent for them is forgotten.
    pub(crate) fn ready(&mut self, interface: InterfaceConfig) -> Configured {
        let vlan_id = interface.vlan.map_or(0, |v| v.id);
        self.port.configure(self.now, interface);
        self.run(Duration::from_secs(5));
        self.sent.clear();
        self.effects.clear();
        self.port.configured(vlan_id).expect("it was just made")
    }

    /// The frame of somebody who says that an IPv4 address is his.
    pub(crate) fn claim(address: &str) -> Vec<u8> {
        let own: std::net::Ipv4Addr = address.parse().expect("an address");
        let them = [2, 0, 0, 0, 0xaa, 1];
        let start: [&[u8]; 4] = [&[255; 6], &them, &[8, 6], &[0, 1, 8, 0, 6, 4, 0, 1]];
        let rest: [&[u8]; 4] = [&them, &own.octets(), &[0; 6], &own.octets()];
        [start.concat(), rest.concat()].concat()
    }

    /// Asks for a path.
    pub(crate) fn ask(&mut self, handle: u64, vlan_id: u16, to: &str) {
        self.port.path_request(self.now, request(handle, vlan_id, to));
        self.settle();
    }

    /// The answers to a request.
    pub(crate) fn answers(&self, handle: u64) -> Vec<Path> {
        self.paths
            .iter()
            .filter(|(_, p)| p.handle == handle)
            .map(|(_, p)| *p)
            .collect()
    }
}

/// A request as the kernel makes it.
pub(crate) fn request(handle: u64, vlan_id: u16, to: &str) -> Path {
    let addrs = PathAddrs::to(to.parse().expect("an address"));
    Path {
        handle,
        mac: JUNK,
        mac_old: [0; 6],
        addrs,
        vlan_id,
        pmtu: 1500,
    }
}

/// An interface without addresses.
pub(crate) fn bare(vlan: Option<Vlan>) -> InterfaceConfig {
    InterfaceConfig {
        vlan,
        mtu: None,
        v4: Ipv4Source::Off,
        v6: Default::default(),
        link_local: Default::default(),
        router: Default::default(),
    }
}

/// An interface with a fixed IPv4 address.
pub(crate) fn fixed4(
    vlan: Option<Vlan>,
    address: &str,
    prefix: u8,
    gateway: Option<&str>,
) -> InterfaceConfig {
    let v4 = Ipv4Source::Static {
        address: address.parse().expect("an address"),
        prefix,
        gateway: gateway.map(|g| g.parse().expect("an address")),
    };
    InterfaceConfig { v4, ..bare(vlan) }
}
