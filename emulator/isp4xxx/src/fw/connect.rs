//! From CONN_OPEN to a session and back: connect, login, redirect, failure, logout, automatic relogin.
//!
//! Owns the transitions of a DDB's state and the AENs they cause. Who logs in again: in NON-AUTO CONNECT mode the driver (it
//! arms its timer on state 6 and sends SET_DATABASE_ENTRY and CONN_OPEN once time2wait plus a second have passed); in AUTO
//! CONNECT mode the firmware, after the same wait, until a logout. Sources: `ql4_init.c` `qla4xxx_flash_ddb_change`,
//! `qla4xxx_arm_relogin_timer`; `ql4_mbx.c` `qla4xxx_conn_open`, `qla4xxx_session_logout_ddb`; RFC 7143 11.9, 11.13.5, 14.

use std::net::SocketAddr;
use std::time::Duration;

use driver_sys::hw::ddb::DdbState;
use driver_sys::hw::mailbox::LogoutOptions;
use iscsi::LinkLoss;
use iscsi::initiator::Counters;

use super::port::{Ctx, Port};
use super::session::{Session, SessionEvent};
use super::stats::plus;
use super::{Aen, Effect, Event, LinkId, LoginFailure, MboxError, discovery, login};

/// Most redirects one login follows.
const MAX_HOPS: u8 = 8;

impl Port {
    /// CONN_OPEN.
    pub(super) fn conn_open(&mut self, cx: &mut Ctx<'_>, index: u16) -> Result<(), MboxError> {
        self.ddbs.may_open(cx.now, index)?;
        let to = self.ddbs.get(index).and_then(|ddb| ddb.portal());
        let Some(to) = to else {
            return Err(MboxError::command(format!("DDB {index} holds no target address")));
        };
        if !self.link_up {
            return Err(MboxError::command(format!("port {} has no link", self.number)));
        }
        if self.acb.source_for(to.ip()).is_none() {
            return Err(MboxError::command(format!(
                "port {} has no usable address to reach {to} from",
                self.number
            )));
        }
        self.open(cx, index);
        Ok(())
    }

    /// Starts connecting. Trouble is reported as a failed login.
    pub(super) fn open(&mut self, cx: &mut Ctx<'_>, index: u16) {
        match self.ddbs.get(index).and_then(|ddb| ddb.portal()) {
            Some(to) => self.connect(cx, index, to, 0),
            None => self.fail(cx, index, LoginFailure::BadEntry, None),
        }
    }

    fn connect(&mut self, cx: &mut Ctx<'_>, index: u16, to: SocketAddr, hops: u8) {
        let Some(source) = self.acb.source_for(to.ip()) else {
            self.fail(cx, index, LoginFailure::NoAddress, None);
            return;
        };
        let Some(ddb) = self.ddbs.get(index) else {
            return;
        };
        let discovery = ddb.is_discovery();
        let name = self.initiator_name();
        let spec = match login::spec(self, ddb, cx.rom, cx.chap, &name, cx.out.random()) {
            Ok(spec) => spec,
            Err(failure) => {
                self.fail(cx, index, failure, None);
                return;
            }
        };
        let link = cx.out.new_link(self.number, index);
        let session = Session::new(spec, index, link, to, hops, cx.now);
        if let Some(ddb) = self.ddbs.get_mut(index) {
            ddb.retry_at = None;
            ddb.wait_until = None;
            ddb.state = if discovery {
                DdbState::Discovery
            } else {
                DdbState::LoginInProcess
            };
            if let Some(old) = ddb.session.replace(Box::new(session)) {
                cx.out.close_link(old.link());
            }
        }
        self.stats.connects += 1;
        cx.out.effect(Effect::Connect {
            port: self.number,
            link,
            to,
            source: Some(source),
        });
    }

    /// The shell connected the link.
    pub(super) fn connected(&mut self, cx: &mut Ctx<'_>, index: u16, link: LinkId, local: SocketAddr) {
        if let Some(session) = self.session_of(index, link) {
            session.connected(cx.now, local);
            self.digest(cx, index);
        }
    }

    /// The link is gone, or never came about.
    pub(super) fn link_lost(&mut self, cx: &mut Ctx<'_>, index: u16, link: LinkId, why: LinkLoss) {
        cx.out.forget_link(link);
        if let Some(session) = self.session_of(index, link) {
            session.closed(cx.now, why);
            self.settle(cx, index);
        }
    }

    /// Bytes came in.
    pub(super) fn received(&mut self, cx: &mut Ctx<'_>, index: u16, link: LinkId, n: usize) {
        if let Some(session) = self.session_of(index, link) {
            let ipv6 = session.is_ipv6();
            session.received(cx.now, n);
            let mss = self.mss(ipv6);
            self.stats.received(ipv6, n, mss);
            self.digest(cx, index);
        }
    }

    /// Bytes went out.
    pub(super) fn sent(&mut self, cx: &mut Ctx<'_>, index: u16, link: LinkId, n: usize) {
        if let Some(session) = self.session_of(index, link) {
            let ipv6 = session.is_ipv6();
            session.sent(cx.now, n);
            let mss = self.mss(ipv6);
            self.stats.sent(ipv6, n, mss);
            self.digest(cx, index);
        }
    }

    /// The session of a DDB if it uses this link.
    pub(super) fn session_of(&mut self, index: u16, link: LinkId) -> Option<&mut Session> {
        let session = self.ddbs.get_mut(index)?.session.as_deref_mut()?;
        (session.link() == link).then_some(session)
    }

    /// Takes in everything a session has to say, and has the shell send what it wrote. The shell itself pumps after it
    /// brought bytes or a connection.
    pub(super) fn settle(&mut self, cx: &mut Ctx<'_>, index: u16) {
        self.digest(cx, index);
        if let Some(session) = self.ddbs.get_mut(index).and_then(|ddb| ddb.session.as_mut())
            && session.wants_pump()
        {
            cx.out.effect(Effect::Send { link: session.link() });
        }
    }

    fn digest(&mut self, cx: &mut Ctx<'_>, index: u16) {
        while let Some(event) = self.session_event(index) {
            match event {
                SessionEvent::LoggedIn => self.logged_in(cx, index),
                SessionEvent::Found(found) => {
                    discovery::store(self, cx, index, &found);
                    if let Some(session) = self.ddbs.get_mut(index).and_then(|ddb| ddb.session.as_mut()) {
                        session.logout(cx.now);
                    }
                }
                SessionEvent::Redirected { to, permanent } => self.redirected(cx, index, to, permanent),
                SessionEvent::Ended { failure, time2wait } => self.end(cx, index, failure, time2wait),
                SessionEvent::LoggedOut => self.logged_out(cx, index),
                SessionEvent::Front(event) => {
                    self.stats.note(&event);
                    cx.out.event(self.number, event);
                }
            }
        }
    }

    fn session_event(&mut self, index: u16) -> Option<SessionEvent> {
        self.ddbs.get_mut(index)?.session.as_mut()?.poll()
    }

    fn logged_in(&mut self, cx: &mut Ctx<'_>, index: u16) {
        let uptime = self.uptime(cx.now);
        let Some(ddb) = self.ddbs.get_mut(index) else {
            return;
        };
        let discovery = ddb.is_discovery();
        if let Some(session) = ddb.session.as_mut() {
            login::show_negotiated(&mut ddb.live, session);
            if discovery {
                session.send_targets(cx.now);
            }
        }
        if discovery {
            return;
        }
        self.auto_pending.retain(|pending| *pending != index);
        self.log.note(uptime, index, DdbState::SessionActive.raw(), 0);
        self.change_state(cx, index, DdbState::SessionActive, 0);
    }

    fn redirected(&mut self, cx: &mut Ctx<'_>, index: u16, to: SocketAddr, permanent: bool) {
        let Some(ddb) = self.ddbs.get_mut(index) else {
            return;
        };
        let hops = ddb.session.as_ref().map_or(0, |session| session.hops());
        if permanent {
            ddb.moved = Some(to);
        }
        login::show_redirect(&mut ddb.live, to);
        self.cut(cx, index);
        if hops >= MAX_HOPS {
            self.fail(cx, index, LoginFailure::Protocol, None);
        } else {
            self.connect(cx, index, to, hops + 1);
        }
    }

    /// A session or login is over against our will.
    pub(super) fn end(
        &mut self,
        cx: &mut Ctx<'_>,
        index: u16,
        failure: LoginFailure,
        time2wait: Option<Duration>,
    ) {
        self.cut(cx, index);
        let ended = self.ddbs.get_mut(index).is_some_and(|ddb| {
            // A permanent redirect that leads nowhere is not followed for ever.
            if ddb.state != DdbState::SessionActive {
                ddb.moved = None;
            }
            std::mem::take(&mut ddb.relogin_after_logout) || std::mem::take(&mut ddb.free_after_logout)
        });
        if ended {
            // It was being logged out anyway.
            self.logged_out(cx, index);
        } else {
            self.fail(cx, index, failure, time2wait);
        }
    }

    fn fail(&mut self, cx: &mut Ctx<'_>, index: u16, failure: LoginFailure, time2wait: Option<Duration>) {
        let uptime = self.uptime(cx.now);
        let auto = self.auto_connect;
        let Some(ddb) = self.ddbs.get_mut(index) else {
            return;
        };
        let was_login = ddb.state != DdbState::SessionActive;
        let pause = time2wait.map_or(ddb.pause(), |given| given + Duration::from_secs(1));
        ddb.wait_until = Some(cx.now + pause);
        ddb.retry_at = auto.then_some(cx.now + pause);
        self.auto_pending.retain(|pending| *pending != index);
        self.log
            .note(uptime, index, DdbState::SessionFailed.raw(), failure.code());
        self.stats.failed(failure);
        tracing::debug!(port = self.number, ddb = index, ?failure, "session failed");
        if was_login {
            cx.out.aen(self.number, Aen::LoginFailed { ddb: index, failure });
        }
        self.change_state(cx, index, DdbState::SessionFailed, failure.code());
    }

    /// CONN_CLOSE_SESS_LOGOUT.
    pub(super) fn logout(
        &mut self,
        cx: &mut Ctx<'_>,
        index: u16,
        options: LogoutOptions,
    ) -> Result<(), MboxError> {
        let now = cx.now;
        let Some(ddb) = self.ddbs.get_mut(index) else {
            return Err(MboxError::not_logged_in(index));
        };
        let retrying = ddb.retry_at.take().is_some();
        let active = ddb.state == DdbState::SessionActive;
        let Some(session) = ddb.session.as_mut() else {
            if !retrying {
                return Err(MboxError::not_logged_in(index));
            }
            ddb.free_after_logout = options.contains(LogoutOptions::FREE_DDB);
            self.logged_out(cx, index);
            return Ok(());
        };
        if active && session.logging_out() {
            return Err(MboxError::command(format!("DDB {index} is logging out already")));
        }
        ddb.free_after_logout = options.contains(LogoutOptions::FREE_DDB);
        ddb.relogin_after_logout = options.contains(LogoutOptions::RELOGIN);
        if active {
            session.logout(now);
            self.settle(cx, index);
        } else {
            self.cut(cx, index);
            self.logged_out(cx, index);
        }
        Ok(())
    }

    /// A logout is over: the entry has no connection (or is free).
    pub(super) fn logged_out(&mut self, cx: &mut Ctx<'_>, index: u16) {
        self.cut(cx, index);
        let Some(ddb) = self.ddbs.get_mut(index) else {
            return;
        };
        let free = std::mem::take(&mut ddb.free_after_logout);
        let relogin = std::mem::take(&mut ddb.relogin_after_logout);
        ddb.live = ddb.configured.clone();
        ddb.past = Counters::default();
        if relogin && !free {
            ddb.retry_at = Some(cx.now + ddb.pause());
        }
        self.auto_pending.retain(|pending| *pending != index);
        let uptime = self.uptime(cx.now);
        self.log
            .note(uptime, index, DdbState::NoConnectionActive.raw(), 0);
        self.change_state(cx, index, DdbState::NoConnectionActive, 0);
        if free {
            self.ddbs.free(index);
        }
    }

    /// Takes the session away from a DDB: its link is closed, what ran on it is completed.
    pub(super) fn cut(&mut self, cx: &mut Ctx<'_>, index: u16) {
        let Some(ddb) = self.ddbs.get_mut(index) else {
            return;
        };
        let Some(session) = ddb.session.take() else {
            return;
        };
        let moved = session.counters();
        ddb.past = plus(&ddb.past, &moved);
        self.stats.absorb(&moved);
        cx.out.close_link(session.link());
        for event in session.abandon(cx.now) {
            self.report(cx, event);
        }
    }

    fn report(&mut self, cx: &mut Ctx<'_>, event: Event) {
        self.stats.note(&event);
        cx.out.event(self.number, event);
    }
}
