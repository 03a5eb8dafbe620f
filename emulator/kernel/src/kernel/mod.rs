//! The emulated kernel itself: one card, its hosts, their sessions, and the messages between them and user space.
//!
//! A state machine without sockets: [`Kernel`] is called with packets, writes and the time, and leaves what is to be sent in
//! a queue. Source: Linux 6.1 `scsi_transport_iscsi.c`, `drivers/scsi/qla4xxx`.

mod blocking;
mod boot;
mod bsg;
mod chap;
mod events;
mod fault;
mod flash_logins;
mod flashnodes;
mod host;
mod ifaces;
mod netlink;
mod out;
mod owner;
mod pdu;
mod probe;
mod recovery;
mod scsi;
mod sessions;
mod sg;
mod stats;
mod store;
mod timers;
mod tree_dirs;
mod user;
mod user_params;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::io;
use std::time::Instant;

use isp4xxx::fw::{Card, Command, IoTag, MboxError, Reply};

pub(crate) use bsg::BsgRequest;
pub(crate) use fault::FaultError;
use host::Host;
pub(crate) use out::{ClientId, Out};
use owner::IoOwner;

use crate::config::Config;
use crate::transport::ev;
use crate::transport::session::{Endpoint, Session};
use crate::tree::Tree;

/// The address that identifies the transport, as a 6.1 kernel shows one.
const TRANSPORT_HANDLE: u64 = 0xffff_ffff_c04c_d5a0;

/// The emulated kernel.
pub(crate) struct Kernel {
    config: Config,
    tree: Tree,
    card: Card,
    now: Instant,
    hosts: Vec<Host>,
    sessions: BTreeMap<u32, Session>,
    endpoints: BTreeMap<u64, Endpoint>,
    last_sid: u32,
    rx: VecDeque<netlink::Rx>,
    busy: Option<netlink::Busy>,
    out: VecDeque<Out>,
    io: HashMap<(usize, IoTag), IoOwner>,
    cancelled: BTreeSet<ClientId>,
    disks: BTreeSet<u32>,
    sgs: BTreeSet<u32>,
    last_diskseq: u64,
    pings: Vec<ifaces::RunningPing>,
    /// Netlink groups that somebody listens to, as a bit mask.
    pub(crate) listeners: u32,
}

impl Kernel {
    /// Loads the driver: hosts appear, the card's ports are initialized, logins begin.
    pub(crate) fn load(config: Config, tree: Tree, card: Card, now: Instant) -> io::Result<Self> {
        let mut kernel = Self {
            config,
            tree,
            card,
            now,
            hosts: Vec::new(),
            sessions: BTreeMap::new(),
            endpoints: BTreeMap::new(),
            last_sid: 0,
            rx: VecDeque::new(),
            busy: None,
            out: VecDeque::new(),
            io: HashMap::new(),
            cancelled: BTreeSet::new(),
            disks: BTreeSet::new(),
            sgs: BTreeSet::new(),
            last_diskseq: 0,
            pings: Vec::new(),
            listeners: 0,
        };
        kernel.make_fixed_tree()?;
        for port in 0..kernel.card.ports() {
            kernel.attach_host(port)?;
        }
        kernel.settle(now);
        Ok(kernel)
    }

    /// Whether every host has finished its probe.
    pub(crate) fn ready(&self) -> bool {
        self.hosts.iter().all(|h| h.stage == probe::Stage::Running)
    }

    /// The card, for the shell that moves its bytes.
    pub(crate) fn card_mut(&mut self) -> &mut Card {
        &mut self.card
    }

    /// Leaves something to be sent behind what is there already.
    pub(crate) fn push(&mut self, out: Out) {
        self.out.push_back(out);
    }

    /// The next thing to be sent.
    pub(crate) fn poll_out(&mut self) -> Option<Out> {
        self.out.pop_front()
    }

    /// A client is gone: nothing is sent to it any more. Netlink requests that it has sent are carried out all the same: in a real
    /// kernel the sender waits inside of `iscsi_if_rx` for its turn, and a signal that kills it does not take it out of there.
    pub(crate) fn client_gone(&mut self, client: ClientId) {
        self.cancelled.insert(client);
        for session in self.sessions.values_mut() {
            session.waiting.retain(|w| w.client != client);
        }
        if !self
            .io
            .values()
            .any(|o| matches!(o, IoOwner::Sg { waiting, .. } if waiting.client == client))
            && !self.hosts.iter().any(|h| h.recovery.holds_client(client))
        {
            self.cancelled.remove(&client);
        }
    }

    /// Lets everything that has happened take its course: events of the card, the netlink queue, waiting steps.
    pub(crate) fn settle(&mut self, now: Instant) {
        self.now = now;
        // Each round may cause another; the bound only guards against a card that never falls silent.
        for _ in 0..10_000 {
            let mut quiet = true;
            while let Some((port, event)) = self.card.poll_event() {
                quiet = false;
                self.card_event(port, event);
            }
            quiet &= !self.advance_probes();
            quiet &= !self.advance_netlink();
            quiet &= !self.advance_recovery();
            quiet &= !self.advance_scans();
            if quiet {
                break;
            }
        }
        for event in self.tree.take_uevents() {
            self.out.push_back(Out::Uevent(event.bytes));
        }
    }

    /// A mailbox command on a host's port.
    fn mbox(&mut self, host: usize, command: Command) -> Result<Reply, MboxError> {
        let port = self.hosts.get(host).map_or(host, |h| h.port);
        let answer = self.card.command(self.now, port, command);
        if let Err(error) = &answer {
            tracing::debug!(host, %error, "mailbox command refused");
        }
        answer
    }

    /// Multicasts an event of the transport class; `false` when nobody listens.
    fn multicast(&mut self, packet: Vec<u8>) -> bool {
        self.out.push_back(Out::Group(ev::GROUP_ISCSID, packet));
        self.listeners & (1 << (ev::GROUP_ISCSID - 1)) != 0
    }

    /// A failure of the tree's disk is logged; the kernel goes on.
    fn tree_done(&self, what: &str, result: io::Result<()>) {
        if let Err(error) = result {
            tracing::error!(%error, what, "cannot write the sysfs tree");
        }
    }

    /// The host with this number.
    fn host_index(&self, no: u32) -> Option<usize> {
        self.hosts.iter().position(|h| h.no == no)
    }
}
