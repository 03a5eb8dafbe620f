//! A link with a port, its peers and a clock of its own.

use std::time::{Duration, Instant};

use driver_sys::netlink::{Path, PathAddrs};

use super::Peer;
use crate::port::{Configured, Effect, InterfaceConfig, Ipv4Source, Port, PortConfig, Vlan};

pub(crate) const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];

/// One port and who else is on its link. Frames take a tenth of a millisecond.
pub(crate) struct Rig {
    pub(crate) port: Port,
    pub(crate) peers: Vec<Peer>,
    start: Instant,
    pub(crate) now: Instant,
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
        Self {
            port: Port::new(config, now),
            peers: Vec::new(),
            start: now,
            now,
            sent: Vec::new(),
            paths: Vec::new(),
            effects: Vec::new(),
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.now - self.start
    }

    /// Carries out what the port wants until nothing is to be done, at this time.
    pub(crate) fn settle(&mut self) {
        while let Some(effect) = self.port.poll() {
            let at = self.elapsed();
            match effect {
                Effect::Send(frame) => self.carry(&frame),
                Effect::Path(path) => self.paths.push((at, path)),
                other => self.effects.push((at, other)),
            }
        }
    }

    fn carry(&mut self, frame: &[u8]) {
        self.sent.push(frame.to_vec());
        let millis = i64::try_from(self.elapsed().as_millis()).expect("a short test");
        let answers: Vec<_> = self
            .peers
            .iter_mut()
            .flat_map(|peer| peer.frame(millis, frame))
            .collect();
        self.now += Duration::from_micros(100);
        for answer in answers {
            self.port.frame(self.now, &answer);
        }
    }

    /// Lets time pass, timers first.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        self.settle();
        while let Some(at) = self.port.poll_timeout().filter(|at| *at <= end) {
            assert!(
                at + Duration::from_secs(1) > self.now,
                "a timer that is never served"
            );
            self.now = self.now.max(at);
            self.port.handle_timeout(self.now);
            self.settle();
        }
        self.now = self.now.max(end);
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
    let addrs = match to.parse().expect("an address") {
        std::net::IpAddr::V4(dst) => PathAddrs::V4 {
            src: [0; 4].into(),
            dst,
        },
        std::net::IpAddr::V6(dst) => PathAddrs::V6 {
            src: [0; 16].into(),
            dst,
        },
    };
    Path {
        handle,
        mac: [0; 6],
        mac_old: [0; 6],
        addrs,
        vlan_id,
        pmtu: 1500,
    }
}

/// An interface with a fixed IPv4 address.
pub(crate) fn fixed4(
    vlan: Option<Vlan>,
    address: &str,
    prefix: u8,
    gateway: Option<&str>,
) -> InterfaceConfig {
    InterfaceConfig {
        vlan,
        mtu: None,
        v4: Ipv4Source::Static {
            address: address.parse().expect("an address"),
            prefix,
            gateway: gateway.map(|g| g.parse().expect("an address")),
        },
        v6: Default::default(),
        link_local: Default::default(),
        router: Default::default(),
    }
}
