//! Faults on demand: cables, lost sessions, crashes, power. What they do to the hardware is its driver's.

use std::time::Instant;

use super::{FaultError, Kernel, LowLevelDriver};
use crate::transport::Class;

impl Kernel {
    /// Pulls or plugs a cable.
    ///
    /// # Errors
    /// There is no such port.
    pub(crate) fn set_link(&mut self, now: Instant, port: usize, up: bool) -> Result<(), FaultError> {
        let host = self.class.host_of_port(port).ok_or(FaultError::NoPort(port))?;
        self.on_host(now, host, |driver, class| driver.set_link(class, host, up))
    }

    /// Takes the network device of a port down, or up.
    ///
    /// # Errors
    /// There is no such port, or it has no device.
    pub(crate) fn set_netdev(&mut self, now: Instant, port: usize, up: bool) -> Result<(), FaultError> {
        let host = self.class.host_of_port(port).ok_or(FaultError::NoPort(port))?;
        self.on_host(now, host, |driver, class| driver.set_netdev(class, host, up))
    }

    fn on_host(
        &mut self,
        now: Instant,
        host: u32,
        act: impl FnOnce(&mut dyn LowLevelDriver, &mut Class) -> Result<(), FaultError>,
    ) -> Result<(), FaultError> {
        self.at(now);
        let handle = self.class.handle_of(host);
        let driver = handle.and_then(|handle| self.drivers.by_handle(handle));
        act(driver.ok_or(FaultError::NoCard)?, &mut self.class)?;
        self.settle(now);
        Ok(())
    }

    /// Tears a session's TCP connection.
    ///
    /// # Errors
    /// There is no such session, or it has none.
    pub(crate) fn drop_session(&mut self, now: Instant, sid: u32) -> Result<(), FaultError> {
        self.at(now);
        let host = self.class.session(sid).map(|s| s.host);
        let handle = host.and_then(|host| self.class.handle_of(host));
        let driver = handle.and_then(|handle| self.drivers.by_handle(handle));
        let driver = driver.ok_or(FaultError::NoSession(sid))?;
        driver.tear_session(&mut self.class, sid)?;
        self.settle(now);
        Ok(())
    }

    /// Kills a port's firmware; the driver recovers.
    ///
    /// # Errors
    /// There is no such port.
    pub(crate) fn crash(&mut self, now: Instant, port: usize) -> Result<(), FaultError> {
        self.at(now);
        self.drivers.card()?.crash(port)?;
        self.settle(now);
        Ok(())
    }

    /// Takes the card's power away and gives it back.
    ///
    /// # Errors
    /// There is no card, or it does not start any more.
    pub(crate) fn power_cycle(&mut self, now: Instant) -> Result<(), FaultError> {
        self.at(now);
        let result = self.drivers.card()?.power_cycle(&mut self.class);
        self.settle(now);
        result
    }
}
