//! The bnx2i driver with cnic below it: ports of a NetXtreme II card, their endpoints, path requests to the network helper.
//!
//! Knows the class by its services, and stands on the library of sessions ([`crate::libiscsi`]). The TCP engine of the card is [`chip`]. The callbacks are in `transport`; the files beside it do the
//! work, by noun. A port is named by its place here; outside by its host's number. Source: Linux 6.1 `drivers/scsi/bnx2i`
//! (`bnx2i_iscsi.c`, `bnx2i_init.c`, `bnx2i_hwi.c`), `drivers/net/ethernet/broadcom/cnic.c`.

mod chip;
mod cids;
mod connect;
mod conns;
mod disconnect;
mod endpoint;
mod engine;
mod netdev;
mod path;
mod poll;
mod port;
mod route;
mod sessions;
mod show;
mod sizes;
mod sock;
mod stats;
mod stop;
mod template;
mod transport;
mod visible;
mod wait;

use std::collections::BTreeMap;
use std::time::Instant;

use driver_sys::netlink::code::IscsiErr;
use iscsi::initiator::DropReason;
use nix::errno::Errno;

use crate::config::OffloadPort;
use crate::libiscsi::{Driver, Libiscsi};
use endpoint::Endpoint;
use engine::Engine;
use port::Port;
use wait::Wait;

/// The driver with its card.
pub(crate) struct Bnx2i {
    ports: Vec<Port>,
    engine: Engine,
    /// By the class's number.
    endpoints: BTreeMap<u64, Endpoint>,
    /// The target's number of each session.
    targets: BTreeMap<u32, u32>,
    /// What the message that is being worked on waits for.
    wait: Option<Wait>,
    /// The driver's bugs are wanted.
    quirks: bool,
    now: Instant,
}

impl Bnx2i {
    /// The driver of ports that have power and a cable. `seed` is unpredictable.
    pub(crate) fn new(ports: &[OffloadPort], quirks: bool, seed: [u8; 32], now: Instant) -> Self {
        Self {
            ports: ports.iter().map(Port::new).collect(),
            engine: Engine::new(Libiscsi::new(seed, now)),
            endpoints: BTreeMap::new(),
            targets: BTreeMap::new(),
            wait: None,
            quirks,
            now,
        }
    }

    /// The port of a host.
    ///
    /// # Errors
    /// `ENODEV`: the driver has no such host.
    fn port_of(&self, no: u32) -> Result<usize, Errno> {
        let found = self.ports.iter().position(|p| p.no == no);
        found.ok_or(Errno::ENODEV)
    }
}

impl Driver for Bnx2i {
    fn lib(&self) -> &Libiscsi {
        &self.engine.lib
    }

    fn lib_mut(&mut self) -> &mut Libiscsi {
        &mut self.engine.lib
    }

    // The driver has one code for whatever its chip reports (`bnx2i_recovery_que_add_conn`); the library's own clock has another.
    fn conn_error(&self, why: DropReason) -> IscsiErr {
        match why {
            DropReason::NopTimeout => IscsiErr::NopTimedout,
            _ => IscsiErr::ConnFailed,
        }
    }
}
