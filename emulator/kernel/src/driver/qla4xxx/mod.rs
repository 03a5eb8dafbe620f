//! The qla4xxx driver: one card, its hosts, tables, mailboxes, flash nodes, rules and errnos.
//!
//! Knows the class by its services, and the card by [`isp4xxx::fw`]. The callbacks are in `transport` and `template`; the files
//! beside them do the work, by noun. A host is named by its port here; outside by its number. Source: Linux 6.1
//! `drivers/scsi/qla4xxx` (`ql4_os.c`, `ql4_init.c`, `ql4_bsg.c`, `ql4_attr.c`, `ql4_mbx.c`).

mod acb;
mod acb_table;
mod boot;
mod bsg;
mod chap;
mod chap_list;
mod ddb;
mod ddb_states;
mod ddb_table;
mod events;
mod fault;
mod flash;
mod flash_logins;
mod flashnode;
mod flashnodes;
mod host;
mod ifaces;
mod manage;
mod module;
mod pdu;
mod probe;
mod relogin;
mod sessions;
mod show;
mod stats;
mod task;
mod template;
mod transport;
mod user;
mod user_params;

use std::collections::BTreeMap;
use std::time::Instant;

use isp4xxx::fw::{Card, Command, MboxError, Reply};
use nix::errno::Errno;

use crate::config::Config;
use ddb::DdbEntry;
use host::Host;
use ifaces::RunningPing;
use task::Task;

/// The driver with its card.
pub(crate) struct Qla4xxx {
    config: Config,
    card: Card,
    now: Instant,
    /// By port.
    hosts: Vec<Host>,
    /// What the driver knows of each session.
    sessions: BTreeMap<u32, DdbEntry>,
    pings: Vec<RunningPing>,
    /// What the message that is being worked on waits for.
    task: Option<Task>,
}

impl Qla4xxx {
    /// The driver of a card that is on.
    pub(crate) fn new(config: Config, card: Card, now: Instant) -> Self {
        Self {
            config,
            card,
            now,
            hosts: Vec::new(),
            sessions: BTreeMap::new(),
            pings: Vec::new(),
            task: None,
        }
    }

    /// A mailbox command on a port.
    fn mbox(&mut self, port: usize, command: Command) -> Result<Reply, MboxError> {
        let answer = self.card.command(self.now, port, command);
        if let Err(error) = &answer {
            tracing::debug!(port, %error, "mailbox command refused");
        }
        answer
    }

    /// The port of a host.
    ///
    /// # Errors
    /// `ENODEV`: the driver has no such host.
    fn port_of(&self, no: u32) -> Result<usize, Errno> {
        let found = self.hosts.iter().position(|h| h.no == no);
        found.ok_or(Errno::ENODEV)
    }
}
