//! Faults on demand: cables, lost sessions, refused and slow logins, power.
//!
//! Owns what a control command does to the card. Must not parse commands.

use std::time::Instant;

use super::Kernel;

/// Why a fault was not injected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FaultError {
    /// No such port.
    #[error("no port {0}")]
    NoPort(usize),
    /// No such session, or it is not logged in.
    #[error("no session {0} that is logged in")]
    NoSession(u32),
    /// The flash does not read any more.
    #[error("the card stays dead: {0}")]
    Dead(String),
}

impl Kernel {
    /// Pulls or plugs a cable.
    pub(crate) fn set_link(&mut self, now: Instant, port: usize, up: bool) -> Result<(), FaultError> {
        if port >= self.card.ports() {
            return Err(FaultError::NoPort(port));
        }
        self.card.set_link(now, port, up);
        self.settle(now);
        Ok(())
    }

    /// Tears a session's TCP connection.
    pub(crate) fn drop_session(&mut self, now: Instant, sid: u32) -> Result<(), FaultError> {
        let at = self
            .sessions
            .get(&sid)
            .and_then(|s| Some((self.hosts[s.host].port, s.ddb?)));
        let (port, ddb) = at.ok_or(FaultError::NoSession(sid))?;
        if !self.card.drop_session(now, port, ddb) {
            return Err(FaultError::NoSession(sid));
        }
        self.settle(now);
        Ok(())
    }

    /// Kills a port's firmware; the driver recovers.
    pub(crate) fn crash(&mut self, now: Instant, port: usize) -> Result<(), FaultError> {
        if port >= self.card.ports() {
            return Err(FaultError::NoPort(port));
        }
        self.card.crash(now, port);
        self.settle(now);
        Ok(())
    }

    /// Takes the card's power away and gives it back: the driver finds a card that has forgotten everything but its flash, as
    /// after a reboot. Sessions that were not in flash are gone; those in flash log in again under new numbers.
    pub(crate) fn power_cycle(&mut self, now: Instant) -> Result<(), FaultError> {
        self.now = now;
        let all: Vec<u32> = self.sessions.keys().copied().collect();
        let result = self
            .card
            .power_cycle(now)
            .map_err(|e| FaultError::Dead(e.to_string()));
        self.io.clear();
        self.end_recoveries();
        for sid in all {
            self.destroy_session(sid);
        }
        if result.is_ok() {
            for host in 0..self.hosts.len() {
                self.restart_host(host);
            }
        }
        self.settle(now);
        result
    }

    fn restart_host(&mut self, host: usize) {
        let h = &mut self.hosts[host];
        h.ddbs.clear();
        h.discovering = false;
        h.build_list = None;
        let nodes: Vec<u16> = h.flashnodes.keys().copied().collect();
        self.initialize_port(host);
        self.reread_boot(host);
        if !nodes.is_empty() {
            self.forget_flashnodes(host);
        }
        self.refresh_host(host);
        self.start_probe(host, false);
    }
}
