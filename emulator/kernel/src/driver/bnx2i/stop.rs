//! Ports that go down and come up, cables that are pulled and plugged.
//!
//! A device that goes down tells the helper, drops its sessions, and waits for their endpoints to go; what is left then is torn down. A
//! cable that is pulled only keeps new connections away: those that stand stall until somebody's patience ends. Source: `cnic.c`
//! (`cnic_netdev_event`, `cnic_ulp_stop_one`), `bnx2i_init.c` (`bnx2i_stop`, `bnx2i_chip_cleanup`, `bnx2i_start`), `bnx2i_hwi.c`
//! (`bnx2i_indicate_netevent`, `bnx2i_get_link_state`).

use std::time::{Duration, Instant};

use driver_sys::netlink::Event;
use driver_sys::netlink::code::IscsiErr;

use super::Bnx2i;
use super::endpoint::EpState;
use crate::libiscsi;
use crate::transport::Class;

/// Between two looks at how many endpoints are left (`wait_delay` of a port that knew it was going down).
const LOOKS: Duration = Duration::from_secs(1);

/// A port that goes down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stop {
    /// Endpoints that were there at the last look.
    left: usize,
    /// The next one.
    pub(super) at: Instant,
}

impl Bnx2i {
    /// Pulls or plugs the cable of a port.
    pub(super) fn set_carrier(&mut self, class: &mut Class, port: usize, carrier: bool) {
        let p = &mut self.ports[port];
        if p.carrier == carrier {
            return;
        }
        p.carrier = carrier;
        let links: Vec<_> = self
            .endpoints
            .values()
            .filter(|e| e.port == port)
            .filter_map(|e| e.link)
            .collect();
        for link in links {
            self.engine.chip.stall(self.now, link, !carrier);
        }
        self.refresh_netdev(class, port);
    }

    /// Takes the network device of a port down, or up again.
    pub(super) fn set_device(&mut self, class: &mut Class, port: usize, up: bool) {
        let p = &mut self.ports[port];
        if up {
            if !p.up && p.stop.is_none() {
                p.up = true;
            }
            self.refresh_netdev(class, port);
            return;
        }
        if !p.up || p.stop.is_some() {
            return;
        }
        let no = p.no;
        if p.ring {
            class.offload_mesg(no, &Event::IfDown { host_no: no });
        }
        let left = self.endpoints.values().filter(|e| e.port == port).count();
        let at = self.now + LOOKS;
        self.ports[port].stop = Some(Stop { left, at });
        self.drop_sessions(class, port);
        self.advance_stop(class, port);
        self.refresh_netdev(class, port);
    }

    /// The sessions of a port hear that their connections failed (`bnx2i_drop_session`).
    fn drop_sessions(&mut self, class: &mut Class, port: usize) {
        let host = self.ports[port].no;
        let of_host = |sid: &&u32| self.engine.lib.host_of(**sid) == Some(host);
        let sids: Vec<u32> = self.targets.keys().filter(of_host).copied().collect();
        for sid in sids {
            libiscsi::conn_failure(self, class, sid, IscsiErr::ConnFailed);
        }
    }

    /// Takes a port that goes down as far as it goes.
    pub(super) fn advance_stop(&mut self, class: &mut Class, port: usize) {
        let Some(stop) = self.ports[port].stop else {
            return;
        };
        let left = self.endpoints.values().filter(|e| e.port == port).count();
        if left > 0 && left != stop.left {
            let at = self.now + LOOKS;
            self.ports[port].stop = Some(Stop { left, at });
            return;
        }
        if left > 0 && self.now < stop.at {
            return;
        }
        self.clean_up(port);
        let p = &mut self.ports[port];
        p.stop = None;
        p.up = false;
        let no = p.no;
        class.refresh_host(self, no);
    }

    /// What nobody took down himself (`bnx2i_chip_cleanup`).
    fn clean_up(&mut self, port: usize) {
        for e in self.endpoints.values_mut().filter(|e| e.port == port) {
            e.state = EpState::Idle;
            e.sock = None;
            if let Some(link) = e.link.take() {
                self.engine.chip.close(link);
            }
        }
        self.ports[port].active.clear();
    }
}
