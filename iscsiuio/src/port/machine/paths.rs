//! Path requests on their way.

use std::net::IpAddr;
use std::time::Instant;

use driver_sys::netlink::Path;

use super::super::requests::{self, Request, Waits};
use super::super::{Effect, InterfaceConfig, Vlan};
use super::Port;
use crate::stack::{Answer, Mac, NoWay, Way};

/// How a request goes on.
enum Step {
    Answer {
        vlan_id: u16,
        destination: IpAddr,
        way: Way,
        mac: Mac,
    },
    Refuse,
    Wait(Waits),
}

impl Port {
    /// A neighbour that was asked for is there, or is not.
    pub(super) fn neighbour(&mut self, now: Instant, vlan_id: u16, next_hop: IpAddr) {
        self.changed = true;
        let waits = Waits::Neighbour { vlan_id, next_hop };
        for request in self.requests.take(|r| r.waits == waits) {
            // The way may be another by now; a neighbour that was silent just now is not asked again.
            self.advance(now, request);
        }
    }

    /// Takes a request as far as it goes now.
    pub(super) fn advance(&mut self, now: Instant, request: Request) {
        match self.step(now, &request.path) {
            Step::Answer {
                vlan_id,
                destination,
                way,
                mac,
            } => {
                let Some(interface) = self.interfaces.get(&vlan_id) else {
                    return self.refuse(&request.path);
                };
                let pmtu = interface.path_mtu(now, destination, &way, request.path.pmtu);
                let path = requests::answer(&request.path, way.source, mac, interface.config.vlan, pmtu);
                self.counters.resolved += 1;
                self.effects.push_back(Effect::Path(path));
            }
            Step::Refuse => self.refuse(&request.path),
            Step::Wait(waits) => self.requests.push(Request { waits, ..request }),
        }
    }

    fn step(&mut self, now: Instant, path: &Path) -> Step {
        let Some(destination) = path.dst() else {
            return Step::Refuse;
        };
        if !self.link {
            return Step::Wait(Waits::Interface);
        }
        let (vlan_id, way) = match self.choose(path.vlan_id & 0x0fff, destination, path.src()) {
            Some(Ok(chosen)) => chosen,
            Some(Err(why)) => {
                tracing::info!(host = self.config.host, %destination, vlan = path.vlan_id, "no path: {why}");
                return Step::Refuse;
            }
            None => return Step::Wait(Waits::Interface),
        };
        let Some(interface) = self.interfaces.get_mut(&vlan_id) else {
            return Step::Refuse;
        };
        match interface.resolve(now, way.next_hop) {
            Answer::At(mac) => Step::Answer {
                vlan_id,
                destination,
                way,
                mac,
            },
            Answer::Asked => Step::Wait(Waits::Neighbour {
                vlan_id,
                next_hop: way.next_hop,
            }),
            Answer::Nobody => {
                let next_hop = way.next_hop;
                tracing::info!(host = self.config.host, %destination, %next_hop, vlan = vlan_id, "no path: nobody answers");
                Step::Refuse
            }
        }
    }

    /// The kernel's route leads over a VLAN on which there is no interface: the untagged one's configuration holds there too.
    ///
    /// So it is with the peer, whose interfaces need not name the VLAN that the network device's route already does
    /// (`ctldev_handle`, "legacy VLAN support").
    pub(super) fn inherit(&mut self, now: Instant, wanted: u16) {
        let vlan = Vlan {
            id: wanted & 0x0fff,
            priority: 0,
        };
        if vlan.id == 0 || self.interfaces.contains_key(&vlan.id) {
            return;
        }
        let Some(untagged) = self.interfaces.get(&0) else {
            return;
        };
        let config = InterfaceConfig {
            vlan: Some(vlan),
            ..untagged.config.clone()
        };
        tracing::info!(
            host = self.config.host,
            vlan = vlan.id,
            "the untagged interface's configuration holds on this VLAN"
        );
        self.configure(now, config);
        self.inherited.insert(vlan.id);
    }

    /// The interface and the way for a destination; `None`: addresses are being acquired.
    ///
    /// The kernel names the VLAN when its own route leads there over one (`cnic_get_route`). It knows nothing of a VLAN that only the
    /// adapter has: 0 is any, an interface on whose link the destination is before one that has a router.
    pub(super) fn choose(
        &self,
        wanted: u16,
        destination: IpAddr,
        source: Option<IpAddr>,
    ) -> Option<Result<(u16, Way), NoWay>> {
        let candidates = self
            .interfaces
            .iter()
            .filter(|(id, _)| wanted == 0 || **id == wanted);
        let mut found = Err(NoWay::Address);
        let mut acquiring = false;
        for (&id, interface) in candidates {
            match interface.way(destination, source) {
                Some(Ok(way)) if !way.routed => return Some(Ok((id, way))),
                Some(Ok(way)) => found = found.or(Ok((id, way))),
                Some(Err(why)) if why != NoWay::Address => found = found.or(Err(why)),
                Some(Err(_)) => {}
                None => acquiring = true,
            }
        }
        (found.is_ok() || !acquiring).then_some(found)
    }

    /// Answers that there is no path.
    pub(super) fn refuse(&mut self, path: &Path) {
        self.counters.failed += 1;
        self.effects.push_back(Effect::Path(requests::refusal(path)));
    }

    pub(super) fn refuse_all(&mut self) {
        for request in self.requests.take(|_| true) {
            self.refuse(&request.path);
        }
    }
}
