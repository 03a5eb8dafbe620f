//! Sessions and connections come and go, as user space asks for them.
//!
//! Source: `libiscsi.c` (`iscsi_session_setup`, `iscsi_session_teardown`, `iscsi_conn_setup`, `iscsi_conn_teardown`,
//! `iscsi_conn_bind`).

use std::net::SocketAddr;

use emu_net::hardware::LinkId;
use iscsi::initiator::{Initiator, RelayConfig};

use super::session::{Conn, LOGIN_SEGMENT, Session, State};
use super::state::length;
use super::{Driver, Libiscsi, poll};
use crate::transport::Class;

/// A session on a host; `scsi_cmds` is what [`super::max_scsi_cmds`] allows (`iscsi_session_setup`).
pub(crate) fn session_setup<D: Driver>(
    driver: &mut D,
    class: &mut Class,
    (host, target_id): (u32, u32),
    (scsi_cmds, queue_depth): (u32, u32),
    initial_cmdsn: u32,
) -> u32 {
    let sid = class.next_sid();
    let session = Session::new(host, scsi_cmds, queue_depth, initial_cmdsn);
    driver.lib_mut().sessions.insert(sid, session);
    class.add_session(driver, host, sid, target_id);
    sid
}

/// A session without connections goes (`iscsi_session_teardown`).
pub(crate) fn session_teardown<D: Driver>(driver: &mut D, class: &mut Class, sid: u32) {
    // What ended with its connection is told before nobody can be asked whose it was.
    poll(driver, class);
    class.remove_session(driver, sid);
    driver.lib_mut().forget(sid);
}

/// A connection of a session; the library has one for each (`iscsi_conn_setup`).
pub(crate) fn conn_setup<D: Driver>(driver: &mut D, class: &mut Class, sid: u32, cid: u32) -> bool {
    let session = driver.lib_mut().sessions.get_mut(&sid);
    let Some(session) = session.filter(|s| s.conn.is_none()) else {
        return false;
    };
    session.conn = Some(Conn::new());
    class.add_conn(driver, sid, cid);
    true
}

/// A connection goes. That of the leading one is the end of recovery (`iscsi_conn_teardown`).
pub(crate) fn conn_teardown<D: Driver>(driver: &mut D, class: &mut Class, sid: u32) {
    let lib = driver.lib_mut();
    lib.release(sid);
    lib.fail_pending(sid);
    class.remove_conn(sid);
    let Some(session) = lib.sessions.get_mut(&sid) else {
        return;
    };
    let leading = session.conn.take().is_some_and(|conn| conn.leading);
    if leading {
        session.state = State::Terminate;
        lib.woken(sid);
    }
}

impl Libiscsi {
    /// A driver takes the endpoint away from a connection: it goes over no link any more, and nothing is sent until it is bound again
    /// (`iscsi_conn_unbind`).
    pub(crate) fn unbind(&mut self, sid: u32) {
        let Some(session) = self.sessions.get_mut(&sid) else {
            return;
        };
        if session.state == State::LoggedIn {
            session.state = State::Failed;
        }
        self.release(sid);
    }

    /// A connection goes over a link from now on, which is connected or about to be; login PDUs pass (`iscsi_conn_bind`).
    pub(crate) fn conn_bind(
        &mut self,
        sid: u32,
        link: LinkId,
        (local, peer): (Option<SocketAddr>, Option<SocketAddr>),
        leading: bool,
    ) {
        let seed = self.seed();
        let now = self.now;
        self.release(sid);
        let Some(session) = self.sessions.get_mut(&sid) else {
            return;
        };
        let Some(conn) = session.conn.as_mut() else { return };
        let config = RelayConfig {
            cmd_sn: session.cmd_sn,
            max_recv_data_segment: length(conn.max_recv_dlength, LOGIN_SEGMENT.unsigned_abs()),
            seed,
        };
        conn.leading |= leading;
        conn.bound = true;
        conn.started = false;
        conn.engine = Some(Box::new(Initiator::relay(config, now)));
        conn.link = Some(link);
        (conn.local, conn.peer) = (local, peer);
        self.links.insert(link, sid);
    }
}
