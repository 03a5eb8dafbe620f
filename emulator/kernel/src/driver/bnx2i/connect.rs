//! Connecting: an endpoint is made and asks the network helper for its path.
//!
//! Source: `bnx2i_iscsi.c` (`bnx2i_ep_connect`), `cnic.c` (`cnic_cm_create`, `cnic_cm_connect`, `cnic_send_nlmsg`).

use std::time::{Duration, Instant};

use driver_sys::netlink::{Destination, Event};
use nix::errno::Errno;

use super::Bnx2i;
use super::endpoint::{Endpoint, EpState};
use super::sock::Sock;
use super::wait::Wait;
use crate::transport::{Class, Progress};

/// A path request that nobody hears is sent so often (`cnic_send_nlmsg`) …
const REQUESTS: u32 = 3;
/// … and waits so long after each.
const BETWEEN: Duration = Duration::from_millis(100);

impl Bnx2i {
    /// Connects through a host, or through the port that has a route.
    ///
    /// # Errors
    /// `ENODEV`: no such host. `EINVAL`: no route, or no family that the card knows. `EPERM`: the port is down or has no number
    /// left. `ENOSPC`: the chip has no context left. `ENODEV`: nobody has the L2 ring open. `ESRCH`: nobody listens to path requests.
    pub(super) fn connect(
        &mut self,
        class: &mut Class,
        host: Option<u32>,
        to: &Destination,
    ) -> Progress<u64> {
        match self.begin(class, host, to) {
            Ok(ep) => self.ask(class, ep, 0),
            Err(errno) => errno.into(),
        }
    }

    fn begin(&mut self, class: &mut Class, host: Option<u32>, to: &Destination) -> Result<u64, Errno> {
        let inet = match to {
            Destination::Inet(to) => Some(*to),
            Destination::Other { .. } => None,
        };
        let at = match host {
            Some(no) => self.port_of(no)?,
            None => inet
                .and_then(|to| self.check_route(to.ip()))
                .ok_or(Errno::EINVAL)?,
        };
        let used = self.endpoints.values().filter(|e| e.port == at).count();
        let port = &mut self.ports[at];
        if !port.ready() || !port.cids.any() {
            return Err(Errno::EPERM);
        }
        // The chip refuses a context (`bnx2i_process_ofld_cmpl`).
        if used >= usize::from(port.licensed) {
            return Err(Errno::ENOSPC);
        }
        let to = inet.ok_or(Errno::EINVAL)?;
        let cid = port.cids.take().ok_or(Errno::EPERM)?;
        let sock = Sock::new(to, port.vlan_id, port.mtu);
        let no = port.no;
        let ep = class.create_endpoint(no, Some(to));
        self.endpoints.insert(
            ep,
            Endpoint {
                port: at,
                cid,
                state: EpState::ConnectStart,
                since: self.now,
                sock: Some(sock),
                link: None,
                sid: None,
            },
        );
        Ok(ep)
    }

    /// Asks for the path; `sent` times that was done before.
    fn ask(&mut self, class: &mut Class, ep: u64, sent: u32) -> Progress<u64> {
        let asked = self.send_request(class, ep);
        match asked {
            Ok(()) => {
                if let Some(port) = self.endpoints.get(&ep).map(|e| e.port) {
                    self.ports[port].active.push(ep);
                    let no = self.ports[port].no;
                    class.refresh_host(self, no);
                }
                Ok(ep).into()
            }
            Err(Errno::ESRCH) => self.wait_for(Wait::Listener {
                ep,
                sent: sent + 1,
                at: self.now + BETWEEN,
            }),
            Err(errno) => {
                self.free_endpoint(class, ep);
                errno.into()
            }
        }
    }

    fn send_request(&self, class: &mut Class, ep: u64) -> Result<(), Errno> {
        let e = self.endpoints.get(&ep).ok_or(Errno::EINVAL)?;
        let sock = e.sock.as_ref().ok_or(Errno::EINVAL)?;
        let port = &self.ports[e.port];
        if !port.ring {
            return Err(Errno::ENODEV);
        }
        let event = Event::PathRequest {
            host_no: port.no,
            path: sock.request(e.cid),
        };
        if class.offload_mesg(port.no, &event) {
            Ok(())
        } else {
            Err(Errno::ESRCH)
        }
    }

    /// A path request that nobody heard: sent again, or given up.
    pub(super) fn ask_again(&mut self, class: &mut Class, ep: u64, sent: u32, at: Instant) -> Progress<u64> {
        if self.now < at {
            return self.wait_for(Wait::Listener { ep, sent, at });
        }
        if sent >= REQUESTS {
            self.free_endpoint(class, ep);
            return Errno::ESRCH.into();
        }
        self.ask(class, ep, sent)
    }
}
