//! Faults on demand: cables, lost sessions, refused and slow logins, power.
//!
//! Owns what a control command does to the card. Must not parse commands.

use super::Qla4xxx;
use crate::midlayer::HostTemplate as _;
use crate::transport::{Class, FaultError};

impl Qla4xxx {
    fn port(&self, port: usize) -> Result<usize, FaultError> {
        if port < self.card.ports() {
            Ok(port)
        } else {
            Err(FaultError::NoPort(port))
        }
    }

    /// Pulls or plugs a cable.
    pub(super) fn set_cable(&mut self, port: usize, up: bool) -> Result<(), FaultError> {
        self.card.set_link(self.now, self.port(port)?, up);
        Ok(())
    }

    /// Tears a session's TCP connection.
    pub(super) fn drop_link(&mut self, sid: u32) -> Result<(), FaultError> {
        let at = self.sessions.get(&sid).and_then(|s| Some((s.host, s.ddb?)));
        let (port, ddb) = at.ok_or(FaultError::NoSession(sid))?;
        if self.card.drop_session(self.now, port, ddb) {
            Ok(())
        } else {
            Err(FaultError::NoSession(sid))
        }
    }

    /// Kills a port's firmware; the driver recovers.
    pub(crate) fn crash(&mut self, port: usize) -> Result<(), FaultError> {
        self.card.crash(self.now, self.port(port)?);
        Ok(())
    }

    /// Takes the card's power away and gives it back: the driver finds a card that has forgotten everything but its flash, as
    /// after a reboot. Sessions that were not in flash are gone; those in flash log in again under new numbers.
    pub(crate) fn power_cycle(&mut self, class: &mut Class) -> Result<(), FaultError> {
        let all: Vec<u32> = self.sessions.keys().copied().collect();
        let result = self
            .card
            .power_cycle(self.now)
            .map_err(|e| FaultError::Dead(e.to_string()));
        for host in &mut self.hosts {
            host.managing = None;
        }
        class.scsi.forget_commands(&mut class.env, self.name());
        for sid in all {
            self.drop_session(class, sid);
        }
        if result.is_ok() {
            for host in 0..self.hosts.len() {
                self.restart_host(class, host);
            }
        }
        result
    }

    fn restart_host(&mut self, class: &mut Class, host: usize) {
        let h = &mut self.hosts[host];
        h.ddbs.clear();
        h.discovering = false;
        h.build_list = None;
        let nodes = !h.flashnodes.is_empty();
        self.initialize_port(host);
        self.read_chap_list(host);
        self.reread_boot(class, host);
        if nodes {
            self.forget_flashnodes(class, host);
        }
        self.refresh_host(class, host);
        self.start_probe(class, host, false);
    }
}
