//! Error handling: abort, reset of a unit, reset of a target, and the session when the target answers none of it.
//!
//! One function runs at a time, each with the time that user space has given it. Source: `libiscsi.c` (`iscsi_eh_abort`,
//! `iscsi_eh_device_reset`, `iscsi_eh_target_reset`, `iscsi_eh_session_reset`, `iscsi_eh_recover_target`, `iscsi_exec_task_mgmt_fn`,
//! `iscsi_tmf_timedout`, `iscsi_tmf_rsp`).

use std::time::{Duration, Instant};

use driver_sys::netlink::code::IscsiErr;
use iscsi::initiator::{TaskTag, TmfOutcome};
use iscsi::pdu::{Lun, TmfFunction, TmfResponseCode};

use super::library::Happened;
use super::session::State;
use super::{Driver, Libiscsi, commands, conn_failure};
use crate::midlayer::{Order, Tag, did, lun_bytes};
use crate::transport::Class;

/// What a function is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Abort,
    Lun,
    Target,
}

/// What error handling waits for.
pub(super) enum Eh {
    /// The answer to a function.
    Function {
        kind: Kind,
        tag: TaskTag,
        until: Instant,
    },
    /// A new login, or the end of the session.
    Relogin,
}

impl Eh {
    /// What commands end with that a function has ended.
    pub(super) fn host_byte(&self) -> u32 {
        match self {
            Self::Function {
                kind: Kind::Abort, ..
            } => did::ABORT,
            _ => did::ERROR,
        }
    }
}

impl Libiscsi {
    /// Ends one command (`iscsi_eh_abort`).
    pub(crate) fn eh_abort(&mut self, sid: u32, tag: Tag) -> Order {
        let Some(session) = self.sessions.get_mut(&sid) else {
            return Order::Failed;
        };
        if session.state != State::LoggedIn {
            return Order::Failed;
        }
        // It never reached the engine.
        if let Some(at) = session.pending.iter().position(|(own, _)| *own == tag) {
            if let Some((tag, command)) = session.pending.remove(at) {
                let done = commands::failed(tag, did::ABORT, command.data);
                self.happened.push_back((sid, Happened::Done(done)));
            }
            return Order::Done;
        }
        let Some((task, lun)) = session.running.get(&tag).map(|r| (r.task, r.lun)) else {
            return Order::Done;
        };
        if let Some(conn) = &mut session.conn {
            conn.eh_aborts += 1;
        }
        let limit = session.abort_timeout;
        self.function(
            sid,
            Kind::Abort,
            TmfFunction::ABORT_TASK,
            (lun, Some(task)),
            limit,
        )
    }

    /// Ends one command of which nobody wants to hear any more.
    pub(crate) fn eh_forget(&mut self, sid: u32, tag: Tag) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&sid) else {
            return;
        };
        session.pending.retain(|(own, _)| *own != tag);
        let running = session.running.get(&tag).map(|r| (r.task, r.lun));
        if let (Some((task, lun)), Some(engine)) = (running, session.open_engine()) {
            let lun = Lun(lun_bytes(lun));
            engine.task_management(now, TmfFunction::ABORT_TASK, lun, Some(task));
            self.touch(sid);
        }
    }

    /// Resets a unit (`iscsi_eh_device_reset`).
    pub(crate) fn eh_device_reset(&mut self, sid: u32, lun: u64) -> Order {
        let limit = self.sessions.get(&sid).map_or(0, |s| s.lu_reset_timeout);
        self.function(
            sid,
            Kind::Lun,
            TmfFunction::LOGICAL_UNIT_RESET,
            (lun, None),
            limit,
        )
    }

    /// Resets a target, or has its session log in again (`iscsi_eh_recover_target`).
    pub(crate) fn eh_target_reset(&mut self, sid: u32) -> Order {
        let limit = self.sessions.get(&sid).map_or(0, |s| s.tgt_reset_timeout);
        match self.function(
            sid,
            Kind::Target,
            TmfFunction::TARGET_WARM_RESET,
            (0, None),
            limit,
        ) {
            Order::Failed => self.session_reset(sid),
            order => order,
        }
    }

    /// `iscsi_exec_task_mgmt_fn`.
    fn function(
        &mut self,
        sid: u32,
        kind: Kind,
        function: TmfFunction,
        (lun, task): (u64, Option<TaskTag>),
        limit: i32,
    ) -> Order {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&sid) else {
            return Order::Failed;
        };
        if session.eh.is_some() {
            return Order::Failed;
        }
        let Some(engine) = session.open_engine() else {
            return Order::Failed;
        };
        let tag = engine.task_management(now, function, Lun(lun_bytes(lun)), task);
        let until = now + Duration::from_secs(u64::try_from(limit).unwrap_or(0));
        session.eh = Some(Eh::Function { kind, tag, until });
        self.touch(sid);
        Order::Sent
    }

    /// The session has to log in again; user space hears of it (`iscsi_eh_session_reset`).
    fn session_reset(&mut self, sid: u32) -> Order {
        let Some(session) = self.sessions.get_mut(&sid) else {
            return Order::Failed;
        };
        if matches!(session.state, State::Terminate | State::RecoveryFailed) || session.eh.is_some() {
            return Order::Failed;
        }
        session.eh = Some(Eh::Relogin);
        self.happened.push_back((sid, Happened::Reset));
        Order::Sent
    }

    /// The state of a session has changed: whoever waits for that looks at it (`wake_up(&session->ehwait)`).
    pub(super) fn woken(&mut self, sid: u32) {
        let Some(session) = self.sessions.get_mut(&sid) else {
            return;
        };
        let over = match (&session.eh, session.state) {
            (None, _) | (Some(Eh::Function { .. }), State::LoggedIn) => return,
            // What is left for a target is a new login.
            (
                Some(Eh::Function {
                    kind: Kind::Target, ..
                }),
                State::Failed | State::InRecovery | State::LoggingOut | State::Free,
            ) => {
                session.eh = Some(Eh::Relogin);
                return;
            }
            (Some(Eh::Function { .. }), _) => false,
            (Some(Eh::Relogin), State::LoggedIn) => true,
            (Some(Eh::Relogin), State::Terminate | State::RecoveryFailed) => false,
            (Some(Eh::Relogin), _) => return,
        };
        session.eh = None;
        self.happened.push_back((sid, Happened::Ordered(over)));
    }

    /// The sessions whose function was not answered in time.
    pub(super) fn late_functions(&self) -> Vec<u32> {
        let late = |eh: &Eh| matches!(eh, Eh::Function { until, .. } if *until <= self.now);
        let all = self.sessions.iter();
        all.filter(|(_, s)| s.eh.as_ref().is_some_and(late))
            .map(|(sid, _)| *sid)
            .collect()
    }
}

/// A function was answered, or was not sent. Commands that it has ended were reported before.
pub(super) fn tmf_done<D: Driver>(
    driver: &mut D,
    class: &mut Class,
    sid: u32,
    tag: TaskTag,
    outcome: TmfOutcome,
) {
    let lib = driver.lib_mut();
    let Some(session) = lib.sessions.get_mut(&sid) else {
        return;
    };
    let kind = match &session.eh {
        Some(Eh::Function { kind, tag: own, .. }) if *own == tag => *kind,
        _ => return,
    };
    session.eh = None;
    let done = outcome == TmfOutcome::Response(TmfResponseCode::COMPLETE);
    let order = match kind {
        Kind::Target if !done => lib.session_reset(sid),
        _ if done => Order::Done,
        _ => Order::Failed,
    };
    let host = session_host(driver, sid);
    match (order, host) {
        (Order::Sent, _) | (_, None) => {}
        (order, Some(host)) => class.scsi.ordered(&mut class.env, host, order == Order::Done),
    }
}

fn session_host<D: Driver>(driver: &D, sid: u32) -> Option<u32> {
    driver.lib().host_of(sid)
}

/// A function was not answered in time: the session has to log in again.
pub(super) fn timed_out<D: Driver>(driver: &mut D, class: &mut Class, sid: u32) {
    let Some(session) = driver.lib_mut().sessions.get_mut(&sid) else {
        return;
    };
    let target = match session.eh.take() {
        Some(Eh::Function { kind, .. }) => kind == Kind::Target,
        other => {
            session.eh = other;
            return;
        }
    };
    if target {
        session.eh = Some(Eh::Relogin);
    }
    conn_failure(driver, class, sid, IscsiErr::ScsiEhSessionRst);
    if !target && let Some(host) = session_host(driver, sid) {
        class.scsi.ordered(&mut class.env, host, false);
    }
}
