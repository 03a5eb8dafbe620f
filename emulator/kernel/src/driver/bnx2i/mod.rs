//! The bnx2i driver with cnic below it: ports of a NetXtreme II card, their endpoints, path requests to the network helper.
//!
//! Knows the class by its services. The TCP engine of the card is [`chip`]. The callbacks are in `transport`; the files beside it do the
//! work, by noun. A port is named by its place here; outside by its host's number. Source: Linux 6.1 `drivers/scsi/bnx2i`
//! (`bnx2i_iscsi.c`, `bnx2i_init.c`, `bnx2i_hwi.c`), `drivers/net/ethernet/broadcom/cnic.c`.

mod chip;
mod cids;
mod connect;
mod disconnect;
mod endpoint;
mod netdev;
mod path;
mod poll;
mod port;
mod route;
mod show;
mod sock;
mod stop;
mod transport;
mod visible;
mod wait;

use std::collections::BTreeMap;
use std::time::Instant;

use nix::errno::Errno;

use crate::config::OffloadPort;
use chip::Chip;
use endpoint::Endpoint;
use port::Port;
use wait::Wait;

/// The driver with its card.
pub(crate) struct Bnx2i {
    ports: Vec<Port>,
    chip: Chip,
    /// By the class's number.
    endpoints: BTreeMap<u64, Endpoint>,
    /// What the message that is being worked on waits for.
    wait: Option<Wait>,
    /// The driver's bugs are wanted.
    quirks: bool,
    now: Instant,
}

impl Bnx2i {
    /// The driver of ports that have power and a cable.
    pub(crate) fn new(ports: &[OffloadPort], quirks: bool, now: Instant) -> Self {
        Self {
            ports: ports.iter().map(Port::new).collect(),
            chip: Chip::default(),
            endpoints: BTreeMap::new(),
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
