//! The library of one driver: its sessions, their links, what has happened to them; and what a driver has to be for it.
//!
//! Must not know what an event means; the files beside it do.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use driver_sys::netlink::code::IscsiErr;
use emu_net::hardware::{Effect, LinkId};
use iscsi::chap::Nonces;
use iscsi::initiator::{DropReason, Event, Initiator};

use super::host::HostTexts;
use super::session::{Conn, Session};
use super::{commands, eh, failure, pdu};
use crate::midlayer::{Completed, Tag};
use crate::transport::{Class, LowLevelDriver};

/// A driver that stands on the library.
pub(crate) trait Driver: LowLevelDriver + Sized {
    /// Its library.
    fn lib(&self) -> &Libiscsi;

    /// Its library.
    fn lib_mut(&mut self) -> &mut Libiscsi;

    /// The code that user space is told when a connection is lost.
    fn conn_error(&self, why: DropReason) -> IscsiErr {
        failure::code(why)
    }
}

/// Something that has happened to a session.
pub(super) enum Happened {
    /// The engine says so.
    Engine(Event),
    /// A command ended without the engine.
    Done(Completed),
    /// Error handling is over.
    Ordered(bool),
    /// Error handling wants a new login.
    Reset,
}

/// The library.
pub(crate) struct Libiscsi {
    pub(super) now: Instant,
    pub(super) sessions: BTreeMap<u32, Session>,
    pub(super) links: BTreeMap<LinkId, u32>,
    pub(super) effects: VecDeque<Effect>,
    pub(super) hosts: BTreeMap<u32, HostTexts>,
    pub(super) happened: VecDeque<(u32, Happened)>,
    /// Sessions whose engines may have something to tell.
    pub(super) touched: BTreeSet<u32>,
    nonces: Nonces,
    last_link: u64,
    last_tag: u32,
}

impl Libiscsi {
    /// No session yet. `seed` is unpredictable.
    pub(crate) fn new(seed: [u8; 32], now: Instant) -> Self {
        Self {
            now,
            sessions: BTreeMap::new(),
            links: BTreeMap::new(),
            effects: VecDeque::new(),
            hosts: BTreeMap::new(),
            happened: VecDeque::new(),
            touched: BTreeSet::new(),
            nonces: Nonces::new(seed),
            last_link: 0,
            last_tag: 0,
        }
    }

    /// The time.
    pub(crate) fn clock(&mut self, now: Instant) {
        self.now = now;
    }

    /// A name for a link that was never used.
    pub(crate) fn new_link(&mut self) -> LinkId {
        self.last_link += 1;
        LinkId(self.last_link)
    }

    /// Leaves an order to whoever moves the bytes.
    pub(crate) fn order(&mut self, effect: Effect) {
        self.effects.push_back(effect);
    }

    /// The session of a link.
    pub(crate) fn session_of(&self, link: LinkId) -> Option<u32> {
        self.links.get(&link).copied()
    }

    /// The host of a session.
    pub(crate) fn host_of(&self, sid: u32) -> Option<u32> {
        self.sessions.get(&sid).map(|s| s.host)
    }

    /// The only session of a host, for drivers with a host for each.
    pub(crate) fn session_on(&self, host: u32) -> Option<u32> {
        let mut all = self.sessions.iter();
        all.find(|(_, s)| s.host == host).map(|(sid, _)| *sid)
    }

    /// Whether a session's connection goes over a link, or did when it was lost.
    pub(crate) fn is_bound(&self, sid: u32) -> bool {
        let conn = self.sessions.get(&sid).and_then(|s| s.conn.as_ref());
        conn.is_some_and(|conn| conn.bound)
    }

    /// Where the link of a session's connection begins and ends; none while it has none.
    pub(crate) fn addresses(&self, sid: u32) -> Option<(SocketAddr, SocketAddr)> {
        let conn = self.sessions.get(&sid)?.conn.as_ref()?;
        conn.link?;
        conn.local.zip(conn.peer)
    }

    /// How many commands a new unit of a session takes at once (`cmd_per_lun`).
    pub(crate) fn queue_depth(&self, sid: u32) -> u32 {
        self.sessions.get(&sid).map_or(1, |s| s.queue_depth)
    }

    /// Forgets a session that the class has removed.
    pub(super) fn forget(&mut self, sid: u32) {
        self.sessions.remove(&sid);
        self.touched.remove(&sid);
        self.happened.retain(|(of, _)| *of != sid);
    }

    pub(super) fn seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        for word in seed.chunks_exact_mut(4) {
            word.copy_from_slice(&self.nonces.number().to_ne_bytes());
        }
        seed
    }

    pub(super) fn new_tag(&mut self) -> Tag {
        self.last_tag = self.last_tag.wrapping_add(1);
        Tag(self.last_tag)
    }

    pub(super) fn conn_mut(&mut self, sid: u32) -> Option<&mut Conn> {
        self.sessions.get_mut(&sid)?.conn.as_mut()
    }

    pub(super) fn engine_mut(&mut self, sid: u32) -> Option<&mut Initiator> {
        self.conn_mut(sid)?.engine.as_deref_mut()
    }

    /// The engine of a session has been given something: what it says goes out, what happened is looked at.
    pub(super) fn touch(&mut self, sid: u32) {
        self.touched.insert(sid);
        let link = self
            .sessions
            .get(&sid)
            .and_then(|s| s.conn.as_ref())
            .and_then(|c| c.link);
        if let Some(link) = link {
            self.effects.push_back(Effect::Send { link });
        }
    }

    fn next(&mut self) -> Option<(u32, Happened)> {
        if let Some(first) = self.happened.pop_front() {
            return Some(first);
        }
        while let Some(sid) = self.touched.first().copied() {
            if let Some(event) = self.engine_mut(sid).and_then(Initiator::poll_event) {
                return Some((sid, Happened::Engine(event)));
            }
            self.touched.remove(&sid);
            self.feed(sid);
        }
        None
    }
}

/// Takes what has happened to the sessions of a driver to the class; `true` when something had.
pub(crate) fn poll<D: Driver>(driver: &mut D, class: &mut Class) -> bool {
    let mut moved = false;
    while let Some((sid, happened)) = driver.lib_mut().next() {
        moved = true;
        match happened {
            Happened::Engine(Event::TaskDone { tag, outcome, buffer }) => {
                commands::task_done(driver, class, sid, tag, outcome, buffer);
            }
            Happened::Engine(Event::Pdu { header, data }) => pdu::received(driver, class, sid, header, data),
            Happened::Engine(Event::TmfDone { tag, outcome }) => {
                eh::tmf_done(driver, class, sid, tag, outcome);
            }
            Happened::Engine(Event::Dropped(why)) => failure::dropped(driver, class, sid, why),
            // A relayed engine says nothing else.
            Happened::Engine(_) => {}
            Happened::Reset => failure::conn_failure(driver, class, sid, IscsiErr::ScsiEhSessionRst),
            Happened::Done(done) => {
                if let Some(host) = driver.lib().host_of(sid) {
                    class.scsi.done(&mut class.env, host, done);
                }
            }
            Happened::Ordered(ok) => {
                if let Some(host) = driver.lib().host_of(sid) {
                    class.scsi.ordered(&mut class.env, host, ok);
                }
            }
        }
    }
    moved
}

/// Time has come, for the class's part of it.
pub(crate) fn timer<D: Driver>(driver: &mut D, class: &mut Class) {
    let late = driver.lib().late_functions();
    for sid in late {
        eh::timed_out(driver, class, sid);
    }
}
