//! A card, a network without delay, and targets of our own engine, all in virtual time.

use std::collections::BTreeMap;
use std::io::IoSlice;
use std::sync::{Arc, Mutex};

use iscsi::chap::{ChapAccount, ChapAlgorithm, ChapSecret};
use iscsi::pdu::LoginStatus;
use iscsi::target_node::{
    Admission, Authentication, Completion as TargetCompletion, Config, Connection, Directory,
    Event as TargetEvent, LoginAttempt, TargetRecord, TaskId,
};

use super::*;

/// What the targets at a portal are like. Changed between logins by the tests.
#[derive(Clone, Default)]
pub(super) struct Manners {
    pub(super) names: Vec<(String, Vec<String>)>,
    /// Who may log in: `(name, secret)`.
    pub(super) account: Option<(&'static str, &'static str)>,
    /// With what the target proves itself.
    pub(super) identity: Option<(&'static str, &'static str)>,
    pub(super) redirect: Option<(String, bool)>,
    pub(super) refuse: Option<LoginStatus>,
    /// Commands are taken and never answered.
    pub(super) silent: bool,
}

struct Portal(Mutex<Manners>);

impl Portal {
    fn get(&self) -> Manners {
        self.0.lock().unwrap().clone()
    }
}

fn account(name: &str, secret: &str) -> ChapAccount {
    ChapAccount {
        name: name.into(),
        secret: ChapSecret::new(secret.as_bytes().to_vec()).unwrap(),
    }
}

impl Directory for Portal {
    fn admit(&self, login: &LoginAttempt<'_>) -> Admission {
        let manners = self.get();
        if let Some(status) = manners.refuse {
            return Admission::Refuse(status);
        }
        if let Some((address, permanent)) = manners.redirect {
            return Admission::Redirect { address, permanent };
        }
        if login
            .target
            .is_some_and(|name| manners.names.iter().all(|(known, _)| known != name))
        {
            return Admission::Refuse(LoginStatus::NOT_FOUND);
        }
        Admission::Accept(match manners.account {
            Some(_) => Authentication::Chap(vec![ChapAlgorithm::Sha3_256, ChapAlgorithm::Md5]),
            None => Authentication::None,
        })
    }

    fn secret(&self, _login: &LoginAttempt<'_>, name: &str) -> Option<ChapSecret> {
        let (user, secret) = self.get().account?;
        (user == name).then(|| account(user, secret).secret)
    }

    fn identity(&self, _login: &LoginAttempt<'_>) -> Option<ChapAccount> {
        self.get().identity.map(|(name, secret)| account(name, secret))
    }

    fn targets(&self, _initiator: &str) -> Vec<TargetRecord> {
        let record = |(name, addresses): (String, Vec<String>)| TargetRecord { name, addresses };
        self.get().names.into_iter().map(record).collect()
    }
}

/// One accepted connection.
pub(super) struct Peer {
    pub(super) connection: Connection,
    portal: Arc<Portal>,
    pub(super) held: Vec<TaskId>,
}

/// Everything.
pub(super) struct World {
    pub(super) bench: Bench,
    portals: BTreeMap<SocketAddr, Arc<Portal>>,
    pub(super) peers: BTreeMap<LinkId, Peer>,
    pub(super) disk: Vec<u8>,
    pub(super) connects: Vec<SocketAddr>,
    pub(super) log: Vec<Event>,
    tsih: u16,
}

impl World {
    pub(super) fn new(bench: Bench) -> Self {
        Self {
            bench,
            portals: BTreeMap::new(),
            peers: BTreeMap::new(),
            disk: vec![0; 1 << 20],
            connects: Vec::new(),
            log: Vec::new(),
            tsih: 0,
        }
    }

    /// A world with a card in NON-AUTO CONNECT mode and one portal with one target.
    pub(super) fn plain() -> Self {
        let mut world = Self::new(Bench::ready(false));
        world.portal(
            "10.0.0.9:3260",
            Manners {
                names: vec![(TARGET.into(), vec![])],
                ..Manners::default()
            },
        );
        world
    }

    pub(super) fn portal(&mut self, at: &str, manners: Manners) {
        let portal = self
            .portals
            .entry(at.parse().unwrap())
            .or_insert_with(|| Arc::new(Portal(Mutex::default())));
        *portal.0.lock().unwrap() = manners;
    }

    pub(super) fn change(&mut self, at: &str, change: impl FnOnce(&mut Manners)) {
        change(&mut self.portals[&at.parse().unwrap()].0.lock().unwrap());
    }

    /// Nobody listens at the portal any more, and its connections are gone.
    pub(super) fn kill_portal(&mut self, at: &str) {
        let gone = self.portals.remove(&at.parse().unwrap()).unwrap();
        let links: Vec<LinkId> = self
            .peers
            .iter()
            .filter(|(_, peer)| Arc::ptr_eq(&peer.portal, &gone))
            .map(|(link, _)| *link)
            .collect();
        for link in links {
            self.peers.remove(&link);
            self.bench.card.closed(self.bench.now, link, LinkLoss::Reset);
        }
        self.run();
    }

    /// Lets everything happen that happens without time passing.
    pub(super) fn run(&mut self) {
        for _ in 0..10_000 {
            let mut busy = false;
            for effect in self.bench.effects() {
                busy = true;
                self.effect(effect);
            }
            for link in self.peers.keys().copied().collect::<Vec<_>>() {
                busy |= self.pump(link);
            }
            self.log.extend(self.bench.events());
            if !busy {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    /// Time passes, in steps of what the card asks for.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.bench.now + time;
        loop {
            let next = self
                .bench
                .card
                .poll_timeout()
                .filter(|at| *at <= end)
                .unwrap_or(end);
            self.bench.now = self.bench.now.max(next);
            self.bench.card.handle_timeout(self.bench.now);
            self.run();
            if self.bench.now >= end {
                return;
            }
        }
    }

    /// What was said since the last call.
    pub(super) fn said(&mut self) -> Vec<Event> {
        self.run();
        std::mem::take(&mut self.log)
    }

    pub(super) fn aens(&mut self) -> Vec<Aen> {
        let aen = |event| match event {
            Event::Aen(aen) => Some(aen),
            _ => None,
        };
        self.said().into_iter().filter_map(aen).collect()
    }

    /// Sets and opens a DDB, and lets the login happen.
    pub(super) fn login(&mut self, ddb: u16, entry: &dev_db_entry) {
        self.bench.ok(Command::SetDatabaseEntry {
            ddb,
            entry: Box::new(*entry),
        });
        self.bench.ok(Command::ConnOpen { ddb });
        self.run();
    }

    /// Logs in and forgets what was said.
    pub(super) fn logged_in(ddb: u16) -> Self {
        let mut world = Self::plain();
        world.login(ddb, &entry(TARGET));
        assert_eq!(world.bench.ddb(ddb).state, DdbState::SessionActive);
        world.said();
        world
    }

    pub(super) fn submit(&mut self, ddb: u16, write: bool, block: u32, buffer: Vec<u8>) -> IoTag {
        self.try_submit(ddb, write, block, buffer).unwrap()
    }

    /// `None` when the port takes no commands.
    pub(super) fn try_submit(&mut self, ddb: u16, write: bool, block: u32, buffer: Vec<u8>) -> Option<IoTag> {
        let mut cdb = [0; 16];
        cdb[0] = if write { 0x2A } else { 0x28 };
        cdb[2..6].copy_from_slice(&block.to_be_bytes());
        let blocks = (buffer.len() / 512) as u16;
        cdb[7..9].copy_from_slice(&blocks.to_be_bytes());
        let io = Io {
            ddb,
            lun: [0; 8],
            cdb,
            direction: if write { Direction::Write } else { Direction::Read },
            buffer: Box::new(buffer),
            attribute: TaskAttribute::Simple,
        };
        self.bench.card.submit_io(self.bench.now, 0, io).ok()
    }

    /// The completions that were reported.
    pub(super) fn dones(&mut self) -> Vec<IoDone> {
        let done = |event| match event {
            Event::IoDone(done) => Some(done),
            _ => None,
        };
        self.said().into_iter().filter_map(done).collect()
    }

    fn effect(&mut self, effect: Effect) {
        let now = self.bench.now;
        match effect {
            Effect::Connect { link, to, .. } => {
                self.connects.push(to);
                let Some(portal) = self.portals.get(&to).cloned() else {
                    self.bench.card.connect_failed(now, link, LinkLoss::Reset);
                    return;
                };
                self.tsih += 1;
                let config = Config {
                    tsih: self.tsih,
                    alias: Some("disk".into()),
                    ..Config::default()
                };
                let connection = Connection::new(config, portal.clone(), [self.tsih as u8; 32], now);
                self.peers.insert(
                    link,
                    Peer {
                        connection,
                        portal,
                        held: Vec::new(),
                    },
                );
                self.bench
                    .card
                    .connected(now, link, "10.0.0.2:40000".parse().unwrap());
            }
            Effect::Send { .. } => {}
            Effect::Close { link } => {
                self.peers.remove(&link);
            }
            Effect::Ping { ping, .. } => self.bench.card.ping_done(now, ping, PingStatus::Success),
        }
    }

    fn pump(&mut self, link: LinkId) -> bool {
        let now = self.bench.now;
        let mut busy = false;
        let card = &mut self.bench.card;
        let Some(peer) = self.peers.get_mut(&link) else {
            return false;
        };
        let out = flatten(|slices| card.write_slices(link, slices));
        card.sent(now, link, out.len());
        busy |= !out.is_empty();
        let mut rest = &out[..];
        while !rest.is_empty() {
            let slot = peer.connection.read_slot();
            let n = slot.len().min(rest.len());
            if n == 0 {
                break;
            }
            slot[..n].copy_from_slice(&rest[..n]);
            peer.connection.received(now, n);
            rest = &rest[n..];
        }
        busy |= serve(peer, &mut self.disk, now);
        let out = flatten(|slices| peer.connection.write_slices(slices));
        peer.connection.sent(now, out.len());
        busy |= !out.is_empty();
        let over = peer.connection.wants_close() && peer.connection.queued() == 0;
        let mut rest = &out[..];
        while !rest.is_empty() {
            let slot = card.read_slot(link);
            let n = slot.len().min(rest.len());
            if n == 0 {
                break;
            }
            slot[..n].copy_from_slice(&rest[..n]);
            card.received(now, link, n);
            rest = &rest[n..];
        }
        if over {
            self.peers.remove(&link);
            self.bench.card.closed(now, link, LinkLoss::PeerClosed);
            return true;
        }
        busy
    }
}

fn flatten<'a>(fill: impl FnOnce(&mut Vec<IoSlice<'a>>)) -> Vec<u8> {
    let mut slices = Vec::new();
    fill(&mut slices);
    slices.iter().flat_map(|slice| slice.iter().copied()).collect()
}

/// Carries out what the target engine asks: reads and writes of a small disk, everything else is a CHECK CONDITION.
fn serve(peer: &mut Peer, disk: &mut [u8], now: Instant) -> bool {
    let mut busy = false;
    while let Some(event) = peer.connection.poll_event() {
        busy = true;
        match event {
            TargetEvent::Command(command) if peer.portal.get().silent => peer.held.push(command.task),
            TargetEvent::Command(command) => {
                let cdb = command.cdb;
                let at = u32::from_be_bytes([cdb[2], cdb[3], cdb[4], cdb[5]]) as usize * 512;
                let len = usize::from(u16::from_be_bytes([cdb[7], cdb[8]])) * 512;
                let completion = match (cdb[0], disk.get_mut(at..at + len), command.data_out) {
                    (0x28, Some(room), _) => TargetCompletion {
                        status: 0,
                        sense: vec![],
                        data: Some(Box::new(room.to_vec())),
                        transfer: len as u64,
                    },
                    (0x2A, Some(room), Some(data)) => {
                        // A buffer that is no whole number of blocks brings a little more.
                        let data = data.into_vec();
                        let n = room.len().min(data.len());
                        room[..n].copy_from_slice(&data[..n]);
                        TargetCompletion {
                            transfer: len as u64,
                            ..TargetCompletion::status(0)
                        }
                    }
                    _ => TargetCompletion {
                        sense: SENSE.to_vec(),
                        ..TargetCompletion::status(2)
                    },
                };
                peer.connection.complete(command.task, completion);
            }
            TargetEvent::TaskManagement(function) => {
                peer.connection.complete_task_management(
                    now,
                    function.id,
                    iscsi::pdu::TmfResponseCode::COMPLETE,
                );
            }
            _ => {}
        }
    }
    busy
}

/// ILLEGAL REQUEST, invalid field in CDB.
pub(super) const SENSE: [u8; 18] = [0x70, 0, 5, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x24, 0, 0, 0, 0, 0];
