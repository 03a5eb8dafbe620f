//! The L2 rings of hosts, as the sockets see them.
//!
//! Must not know frames. Source: `cnic.c` (`cnic_uio_open`, `cnic_uio_close`).

use std::time::Instant;

use super::Kernel;

impl Kernel {
    /// Somebody opens the L2 ring of a host; whether he may.
    pub(crate) fn ring_open(&mut self, now: Instant, host: u32) -> bool {
        self.at(now);
        let handle = self.class.handle_of(host);
        let driver = handle.and_then(|handle| self.drivers.by_handle(handle));
        driver.is_some_and(|driver| driver.ring_open(&mut self.class, host))
    }

    /// Whoever had the L2 ring of a host open is gone.
    pub(crate) fn ring_closed(&mut self, host: u32) {
        let handle = self.class.handle_of(host);
        if let Some(driver) = handle.and_then(|handle| self.drivers.by_handle(handle)) {
            driver.ring_closed(&mut self.class, host);
        }
    }

    /// Whether frames move over the L2 ring of a host.
    pub(crate) fn ring_runs(&mut self, host: u32) -> bool {
        let handle = self.class.handle_of(host);
        let driver = handle.and_then(|handle| self.drivers.by_handle(handle));
        driver.is_some_and(|driver| driver.ring_runs(host))
    }

    /// The host of a port: ports count from 0 over all hosts.
    pub(crate) fn host_of_port(&self, port: usize) -> Option<u32> {
        self.class.host_of_port(port)
    }
}
