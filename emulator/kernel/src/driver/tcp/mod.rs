//! The iscsi_tcp driver: software iSCSI over sockets that user space has connected, a host for each session.
//!
//! Stands on the library of sessions ([`crate::libiscsi`]); its own are hosts, sockets and what it shows. Source: Linux 6.1
//! `iscsi_tcp.c`.

mod hosts;
mod module;
mod socket;
mod stats;
mod template;
mod transport;
mod visible;

use std::time::Instant;

use crate::libiscsi::{Driver, Libiscsi};

/// The driver.
pub(crate) struct Tcp {
    lib: Libiscsi,
    /// Hosts get numbers from here on.
    first_host: u32,
}

impl Tcp {
    /// The driver; its hosts are numbered from `first_host` on. `seed` is unpredictable.
    pub(crate) fn new(first_host: u32, seed: [u8; 32], now: Instant) -> Self {
        Self {
            lib: Libiscsi::new(seed, now),
            first_host,
        }
    }
}

impl Driver for Tcp {
    fn lib(&self) -> &Libiscsi {
        &self.lib
    }

    fn lib_mut(&mut self) -> &mut Libiscsi {
        &mut self.lib
    }
}
