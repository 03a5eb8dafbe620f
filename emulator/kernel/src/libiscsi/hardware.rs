//! The library's half of a link: bytes from and to the engine of the session that it belongs to.
//!
//! Must not know what they mean. A link that no session has takes and gives nothing.

use std::io::IoSlice;
use std::net::SocketAddr;
use std::time::Instant;

use emu_net::hardware::{Effect, Hardware, LinkId};
use iscsi::LinkLoss;
use iscsi::initiator::Initiator;

use super::Libiscsi;

impl Libiscsi {
    fn engine(&self, link: LinkId) -> Option<&Initiator> {
        let sid = self.links.get(&link)?;
        self.sessions.get(sid)?.conn.as_ref()?.engine.as_deref()
    }

    /// The engine of a link, and its session is looked at afterwards.
    fn touched(&mut self, link: LinkId) -> Option<&mut Initiator> {
        let sid = *self.links.get(&link)?;
        self.touched.insert(sid);
        self.engine_mut(sid)
    }

    /// A link is gone, without anybody's having closed it.
    fn lose(&mut self, now: Instant, link: LinkId, why: LinkLoss) {
        if let Some(engine) = self.touched(link) {
            engine.closed(now, why);
        }
        if let Some(sid) = self.links.remove(&link)
            && let Some(conn) = self.conn_mut(sid)
        {
            conn.link = None;
        }
    }
}

impl Hardware for Libiscsi {
    fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    fn connected(&mut self, _: Instant, link: LinkId, local: SocketAddr) {
        if let Some(sid) = self.session_of(link)
            && let Some(conn) = self.conn_mut(sid)
        {
            conn.local = Some(local);
        }
    }

    fn connect_failed(&mut self, now: Instant, link: LinkId, why: LinkLoss) {
        self.lose(now, link, why);
    }

    fn read_slot(&mut self, link: LinkId) -> &mut [u8] {
        match self.session_of(link).and_then(|sid| self.engine_mut(sid)) {
            Some(engine) => engine.read_slot(),
            None => &mut [],
        }
    }

    fn received(&mut self, now: Instant, link: LinkId, n: usize) {
        if let Some(engine) = self.touched(link) {
            engine.received(now, n);
        }
    }

    fn closed(&mut self, now: Instant, link: LinkId, why: LinkLoss) {
        self.lose(now, link, why);
    }

    fn write_slices<'a>(&'a self, link: LinkId, out: &mut Vec<IoSlice<'a>>) {
        if let Some(engine) = self.engine(link) {
            engine.write_slices(out);
        }
    }

    fn sent(&mut self, now: Instant, link: LinkId, n: usize) {
        if let Some(engine) = self.session_of(link).and_then(|sid| self.engine_mut(sid)) {
            engine.sent(now, n);
        }
    }

    fn wants_close(&self, link: LinkId) -> bool {
        self.engine(link).is_none_or(Initiator::wants_close)
    }
}
