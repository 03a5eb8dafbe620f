//! A little SCSI midlayer: hosts, targets, scans, the objects of logical units, commands that wait, recovery from errors.
//!
//! Knows a driver by [`HostTemplate`] alone and a target by the number of its session. Must not know sessions, messages or any
//! driver. Source: Linux 6.1 `drivers/scsi/scsi_scan.c`, `scsi_sysfs.c`, `scsi_lib.c`, `scsi_error.c`, `sd.c`, `sg.c`.

mod attrs;
mod cache;
mod capacity;
mod commands;
mod counts;
mod device;
pub(crate) mod did;
mod eh;
mod host;
mod owner;
mod recovery;
mod scan;
mod scanning;
mod scans;
mod sense;
mod sg;
mod store;
mod target;
mod template;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::Instant;

pub(crate) use eh::Advance;
pub(crate) use host::host_objects;
pub(crate) use recovery::Reach;
use recovery::Recovery;
pub(crate) use scan::lun_bytes;
pub(crate) use scans::Ticket;
pub(crate) use sg::Waiting;
pub(crate) use store::{Stored, parse_number};
pub(crate) use template::{Command, Completed, Direction, Ending, HostTemplate, Order, Tag};

use crate::env::ClientId;
use host::Host;
use owner::IoOwner;
use target::Target;

/// The mid layer.
pub(crate) struct MidLayer {
    hosts: BTreeMap<u32, Host>,
    targets: BTreeMap<u32, Target>,
    /// Running commands by host and tag.
    io: HashMap<(u32, Tag), IoOwner>,
    cancelled: BTreeSet<ClientId>,
    disks: BTreeSet<u32>,
    sgs: BTreeSet<u32>,
    last_diskseq: u64,
    uncounted: counts::Uncounted,
    /// Targets whose scan has ended since the transport asked last.
    scanned: Vec<u32>,
    sockets: PathBuf,
    group: Option<nix::unistd::Gid>,
}

impl MidLayer {
    /// No host yet. The sg sockets of units appear in `sockets` and are `group`'s to use.
    pub(crate) fn new(sockets: PathBuf, group: Option<nix::unistd::Gid>) -> Self {
        Self {
            hosts: BTreeMap::new(),
            targets: BTreeMap::new(),
            io: HashMap::new(),
            cancelled: BTreeSet::new(),
            disks: BTreeSet::new(),
            sgs: BTreeSet::new(),
            last_diskseq: 0,
            uncounted: counts::Uncounted::default(),
            scanned: Vec::new(),
            sockets,
            group,
        }
    }

    /// A client is gone: nothing is sent to it any more.
    pub(crate) fn client_gone(&mut self, client: ClientId) {
        self.cancelled.insert(client);
        for target in self.targets.values_mut() {
            target.waiting.retain(|w| w.client != client);
        }
        let of_client = |o: &IoOwner| matches!(o, IoOwner::Sg { waiting, .. } if waiting.client == client);
        if !self.io.values().any(of_client) && !self.hosts.values().any(|h| h.recovery.holds_client(client)) {
            self.cancelled.remove(&client);
        }
    }

    /// When something is due at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let waiting = self
            .targets
            .values()
            .flat_map(|t| t.waiting.iter().map(|w| w.until));
        let running = self.io.values().filter_map(IoOwner::until);
        let recoveries = self.hosts.values().filter_map(|h| h.recovery.deadline());
        let counts = self.uncounted.due();
        waiting.chain(running).chain(recoveries).chain(counts).min()
    }
}
