//! The port as its owner sees it.

use std::collections::VecDeque;
use std::time::Instant;

use driver_sys::netlink::Path;

use super::{
    Configured, Counters, Effect, InterfaceConfig, InterfaceStatus, Ping, PingEnd, PingId, PortConfig,
    PortStatus,
};

/// One port of an adapter.
pub struct Port {
    config: PortConfig,
    link: bool,
    effects: VecDeque<Effect>,
    counters: Counters,
}

impl Port {
    /// A port without interfaces; its link is taken to be up.
    #[must_use]
    pub fn new(config: PortConfig, now: Instant) -> Self {
        let _ = now;
        Self {
            config,
            link: true,
            effects: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// An interface gets this configuration, in the place of the one on its VLAN. One that does not differ disturbs nothing.
    pub fn configure(&mut self, now: Instant, interface: InterfaceConfig) -> Configured {
        let _ = (now, interface);
        Configured::Failed
    }

    /// What an earlier process left: an interface with its leases and neighbours. Nothing is asked for that is still good.
    pub fn resume(&mut self, now: Instant, interface: &InterfaceStatus) {
        let _ = (now, interface);
    }

    /// How far the interface on a VLAN is; `None`: there is none.
    #[must_use]
    pub fn configured(&self, vlan_id: u16) -> Option<Configured> {
        let _ = vlan_id;
        None
    }

    /// The kernel wants a path. It is always answered, by [`Effect::Path`] with the same handle.
    pub fn path_request(&mut self, now: Instant, path: Path) {
        let _ = now;
        self.counters.requests += 1;
        self.counters.failed += 1;
        self.effects.push_back(Effect::Path(Path { mac: [0; 6], ..path }));
    }

    /// The kernel says that the interface is down (`ISCSI_KEVENT_IF_DOWN`): leases are released, requests answered, interfaces go.
    pub fn down(&mut self, now: Instant) {
        let _ = now;
    }

    /// The ring's link came or went.
    pub fn link(&mut self, now: Instant, up: bool) {
        let _ = now;
        self.link = up;
    }

    /// An echo; ends with [`Effect::PingDone`].
    pub fn ping(&mut self, now: Instant, id: PingId, ping: Ping) {
        let _ = (now, ping);
        self.effects.push_back(Effect::PingDone {
            id,
            end: PingEnd::NoAddress,
            took: std::time::Duration::ZERO,
        });
    }

    /// A frame from the ring, whatever it is.
    pub fn frame(&mut self, now: Instant, frame: &[u8]) {
        let _ = (now, frame);
        self.counters.received += 1;
    }

    /// What is to be done, oldest first.
    pub fn poll(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When [`Port::handle_timeout`] is wanted at the latest.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        let _ = now;
    }

    /// What it shows.
    #[must_use]
    pub fn status(&self, now: Instant) -> PortStatus {
        let _ = now;
        PortStatus {
            host: self.config.host,
            mac: self.config.mac,
            mtu: self.config.mtu,
            link: self.link,
            interfaces: Vec::new(),
            pending: 0,
            counters: self.counters,
        }
    }
}
