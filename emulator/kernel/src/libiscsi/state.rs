//! A connection starts, stops, comes back or is given up.
//!
//! Source: `libiscsi.c` (`iscsi_conn_start`, `iscsi_conn_stop`, `iscsi_session_recovery_timedout`).

use std::time::Duration;

use driver_sys::netlink::code::StopFlag;
use emu_net::hardware::Effect;
use iscsi::digest::Digest;
use iscsi::initiator::{Event, Start, Timeouts};
use iscsi::negotiate::Params;
use nix::errno::Errno;

use super::library::Happened;
use super::session::{Conn, Session, State};
use super::{Driver, Libiscsi, stats};
use crate::transport::Class;

/// What takes the place of a timeout of zero where there may be none.
const DEFAULT_TIMEOUT: i32 = 5;
/// The library has its own clock for task management.
const NEVER: Duration = Duration::from_secs(24 * 3600);

/// The login is over: full feature phase, commands flow (`iscsi_conn_start`).
///
/// # Errors
/// `EPERM` for a connection that is not bound, `EINVAL` for bursts that cannot be.
pub(crate) fn conn_start<D: Driver>(driver: &mut D, class: &mut Class, sid: u32) -> Result<(), Errno> {
    let lib = driver.lib_mut();
    let now = lib.now;
    let session = lib.sessions.get_mut(&sid).ok_or(Errno::EINVAL)?;
    let unsolicited = session.imm_data_en != 0 || session.initial_r2t_en == 0;
    if unsolicited && session.first_burst > session.max_burst {
        return Err(Errno::EINVAL);
    }
    let params = negotiated(session);
    let fast_abort = session.fast_abort != 0;
    let conn = session.conn.as_mut().ok_or(Errno::EINVAL)?;
    if conn.ping_timeout != 0 && conn.recv_timeout == 0 {
        conn.recv_timeout = DEFAULT_TIMEOUT;
    }
    if conn.recv_timeout != 0 && conn.ping_timeout == 0 {
        conn.ping_timeout = DEFAULT_TIMEOUT;
    }
    let start = Start {
        params,
        exp_stat_sn: conn.exp_statsn,
        timeouts: timeouts(conn),
        fast_abort,
    };
    let engine = conn.engine.as_deref_mut().ok_or(Errno::EPERM)?;
    if !conn.started {
        // What fails here is told as the loss of the connection.
        engine.start(now, start);
    }
    conn.started = true;
    conn.stopped = None;
    session.state = State::LoggedIn;
    lib.touch(sid);
    lib.woken(sid);
    class.unblock_session(driver, sid);
    Ok(())
}

/// A length that user space has set, or what it would be without negotiation.
pub(super) fn length(value: i32, default: u32) -> u32 {
    match u32::try_from(value) {
        Ok(value) if value > 0 => value.min(0x00ff_ffff),
        _ => default,
    }
}

/// What user space has negotiated.
fn negotiated(session: &Session) -> Params {
    let mut params = Params::default();
    let Some(conn) = &session.conn else { return params };
    let digest = |on: i32| if on == 0 { Digest::None } else { Digest::Crc32c };
    params.header_digest = digest(conn.hdrdgst_en);
    params.data_digest = digest(conn.datadgst_en);
    params.max_recv_data_segment = length(conn.max_recv_dlength, params.max_recv_data_segment);
    params.max_xmit_data_segment = length(conn.max_xmit_dlength, params.max_xmit_data_segment);
    params.initial_r2t = session.initial_r2t_en != 0;
    params.immediate_data = session.imm_data_en != 0;
    params.first_burst = u32::try_from(session.first_burst).unwrap_or(0);
    params.max_burst = length(session.max_burst, params.max_burst);
    params.max_outstanding_r2t = session.max_r2t.into();
    params.data_pdu_in_order = session.pdu_inorder_en != 0;
    params.data_sequence_in_order = session.dataseq_inorder_en != 0;
    params
}

/// The liveness of a connection as its parameters have it (`iscsi_check_transport_timeouts`).
pub(super) fn timeouts(conn: &Conn) -> Timeouts {
    let seconds = |value: i32| Duration::from_secs(u64::try_from(value).unwrap_or(0));
    let interval = Some(seconds(conn.recv_timeout)).filter(|time| !time.is_zero());
    Timeouts {
        noop_interval: interval,
        noop_timeout: seconds(conn.ping_timeout),
        task_management: NEVER,
        ..Timeouts::default()
    }
}

/// A connection stops, for recovery or for good: its link goes, what runs fails (`iscsi_conn_stop`).
pub(crate) fn conn_stop<D: Driver>(driver: &mut D, class: &mut Class, sid: u32, flag: StopFlag) {
    let lib = driver.lib_mut();
    let Some(session) = lib.sessions.get_mut(&sid) else {
        return;
    };
    let Some(conn) = session.conn.as_mut() else { return };
    let before = conn.stopped;
    if before == Some(StopFlag::Term) {
        lib.release(sid);
        return;
    }
    if flag == StopFlag::Term {
        session.state = State::Terminate;
    } else if before != Some(StopFlag::Recover) {
        session.state = State::InRecovery;
    }
    conn.stopped = Some(flag);
    conn.started = false;
    let block =
        flag == StopFlag::Recover && session.state == State::InRecovery && before != Some(StopFlag::Recover);
    if flag == StopFlag::Recover {
        (conn.hdrdgst_en, conn.datadgst_en) = (0, 0);
    }
    lib.release(sid);
    lib.fail_pending(sid);
    lib.woken(sid);
    if block {
        class.block_session(driver, sid);
    }
}

/// The class has given up on a session (`iscsi_session_recovery_timedout`).
pub(crate) fn recovery_timedout<D: Driver>(driver: &mut D, sid: u32) {
    let lib = driver.lib_mut();
    if let Some(session) = lib.sessions.get_mut(&sid)
        && session.state != State::LoggedIn
    {
        session.state = State::RecoveryFailed;
        lib.woken(sid);
    }
}

impl Libiscsi {
    /// The link of a connection goes, and its engine; what ran on it has ended.
    pub(super) fn release(&mut self, sid: u32) {
        let now = self.now;
        let Some(session) = self.sessions.get_mut(&sid) else {
            return;
        };
        let Some(conn) = session.conn.as_mut() else { return };
        if let Some(link) = conn.link.take() {
            self.links.remove(&link);
            self.effects.push_back(Effect::Close { link });
        }
        conn.bound = false;
        (conn.local, conn.peer) = (None, None);
        let Some(mut engine) = conn.engine.take() else {
            return;
        };
        conn.exp_statsn = engine.exp_stat_sn();
        engine.drop_connection(now);
        session.cmd_sn = engine.cmd_sn();
        stats::add(&mut conn.past, &engine.counters());
        self.touched.remove(&sid);
        while let Some(event) = engine.poll_event() {
            // Only commands have somebody who waits for them.
            if matches!(event, Event::TaskDone { .. }) {
                self.happened.push_back((sid, Happened::Engine(event)));
            }
        }
    }

    /// Fault injection: tears the link of a session; `false` when it has none.
    pub(crate) fn tear(&mut self, sid: u32) -> bool {
        let link = self.conn_mut(sid).and_then(|conn| conn.link.take());
        let Some(link) = link else { return false };
        self.links.remove(&link);
        self.effects.push_back(Effect::Close { link });
        let now = self.now;
        if let Some(engine) = self.engine_mut(sid) {
            engine.closed(now, iscsi::LinkLoss::Reset);
        }
        self.touched.insert(sid);
        true
    }
}
