//! Going wrong on demand.

use std::net::SocketAddr;
use std::sync::PoisonError;
use std::time::Instant;

use emu_net::reactor::Reactor;
use iscsi::pdu::LoginStatus;

use super::actor::Target;
use super::client::Tamper;
use crate::fault::Fault;

/// What goes out instead of a PDU: an opcode that no target sends, lengths that claim 16 MiB, noise.
const GARBAGE: [u8; 1024] = [0xa7; 1024];
/// Where a PDU is cut off: inside its header.
const CUT: usize = 20;

impl Target {
    /// Goes wrong in the way asked for, from now on.
    ///
    /// # Errors
    /// Why the fault cannot be had (a unit that is not there, a portal that does not open again).
    pub fn fault(&mut self, reactor: &mut Reactor, now: Instant, fault: &Fault) -> Result<(), String> {
        tracing::info!(%fault, "fault");
        match fault {
            Fault::Clear => self.clear(reactor, now)?,
            Fault::RefuseLogins(status) => {
                let [class, detail] = status.to_be_bytes();
                self.with_policy(|policy| policy.refuse = Some(LoginStatus::new(class, detail)));
            }
            Fault::Redirect(to, permanent) => {
                self.with_policy(|policy| policy.redirect = Some((*to, *permanent)));
            }
            Fault::RedirectDiscovery(to, permanent) => {
                self.with_policy(|policy| policy.redirect_discovery = Some((*to, *permanent)));
            }
            Fault::SendTargetsZone(zone) => self.with_policy(|policy| policy.zone = Some(zone.clone())),
            Fault::DelayReplies(time) => self.world.delay = Some(*time).filter(|time| !time.is_zero()),
            Fault::DropSessions => {
                let ids: Vec<u64> = self.clients.keys().copied().collect();
                for id in ids {
                    self.turn_out(reactor, now, id);
                }
            }
            Fault::RequestLogout(seconds) => self.for_each(reactor, now, |core| {
                core.connection.request_logout(now, *seconds);
            }),
            Fault::AnnounceDrop => self.for_each(reactor, now, |core| {
                core.connection.announce_drop(now, 0);
            }),
            Fault::AnnounceConnectionDrop => self.for_each(reactor, now, |core| {
                core.connection.announce_connection_drop(now, 0);
            }),
            Fault::Silent => {
                self.silent = true;
                self.for_each(reactor, now, |core| core.tamper = Tamper::Silent);
            }
            Fault::Garbage => self.for_each(reactor, now, |core| {
                core.tamper = Tamper::Instead(GARBAGE.to_vec(), false);
            }),
            Fault::CloseMidPdu => self.for_each(reactor, now, |core| core.tamper = Tamper::Cut(CUT)),
            Fault::LoseReply => self.for_each(reactor, now, |core| core.lose_reply = true),
            Fault::RejectAbort => self.for_each(reactor, now, |core| core.connection.keep_next_task()),
            Fault::BadDigest => self.for_each(reactor, now, |core| core.connection.corrupt_next_data()),
            Fault::Portal(at, true) => {
                self.portals.turn(reactor, *at, true)?;
            }
            Fault::Portal(at, false) => self.pull(reactor, now, *at)?,
            Fault::Group(group, state) => {
                if !self.world.device.set_access(*group, *state) {
                    return Err(format!("there is no portal group {group}"));
                }
            }
            Fault::Portals(true) => self.portals.reopen(reactor).map_err(|error| error.to_string())?,
            Fault::Portals(false) => self.portals.close(reactor),
            Fault::Lun(number, true) => {
                let unit = self
                    .world
                    .shelf
                    .remove(number)
                    .ok_or("this unit was not taken away")?;
                self.world
                    .device
                    .add(*number, unit)
                    .map_err(|_| "no such number")?;
            }
            Fault::Lun(number, false) => {
                let unit = self.take_unit(reactor, now, *number)?;
                self.world.shelf.insert(*number, unit);
            }
        }
        Ok(())
    }

    /// Closes one portal and drops what came through it, as a pulled cable does.
    fn pull(&mut self, reactor: &mut Reactor, now: Instant, at: SocketAddr) -> Result<(), String> {
        let portal = self.portals.turn(reactor, at, false)?;
        let through = self.clients.iter().filter(|(_, client)| client.portal == portal);
        let ids: Vec<u64> = through.map(|(id, _)| *id).collect();
        for id in ids {
            self.turn_out(reactor, now, id);
        }
        Ok(())
    }

    fn clear(&mut self, reactor: &mut Reactor, now: Instant) -> Result<(), String> {
        self.silent = false;
        self.world.delay = None;
        self.with_policy(|policy| {
            policy.refuse = None;
            policy.redirect = None;
            policy.redirect_discovery = None;
            policy.zone = None;
        });
        let groups: Vec<u16> = self
            .world
            .device
            .ports()
            .groups()
            .map(|(group, _)| group)
            .collect();
        for group in groups {
            let configured = self.access.iter().find(|(named, _)| *named == group);
            let state = configured.map(|(_, state)| *state).unwrap_or_default();
            self.world.device.set_access(group, state);
        }
        let shelf: Vec<_> = self.world.shelf.drain().collect();
        for (number, unit) in shelf {
            self.world
                .device
                .add(number, unit)
                .map_err(|_| "no such number")?;
        }
        if self.stopping.is_none() {
            self.portals.reopen(reactor).map_err(|error| error.to_string())?;
        }
        self.for_each(reactor, now, |core| {
            core.lose_reply = false;
            if matches!(core.tamper, Tamper::Silent | Tamper::Cut(_) | Tamper::Instead(..)) {
                core.tamper = Tamper::None;
            }
            core.delayed.iter_mut().for_each(|(at, ..)| *at = now);
        });
        Ok(())
    }

    fn with_policy(&self, change: impl FnOnce(&mut super::directory::Policy)) {
        change(&mut self.policy.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
