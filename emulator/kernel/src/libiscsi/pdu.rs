//! PDUs of user space: login, text, logout, NOP-Out, and what comes back.
//!
//! Source: `libiscsi.c` (`iscsi_conn_send_pdu`, `iscsi_alloc_mgmt_task`, `iscsi_prep_mgmt_task`), `scsi_transport_iscsi.c`
//! (`iscsi_recv_pdu`).

use driver_sys::netlink::code::IscsiErr;
use iscsi::pdu::{BHS_LEN, Opcode, OpcodeByte};
use nix::errno::Errno;

use super::session::{LOGIN_SEGMENT, State};
use super::{Driver, conn_failure};
use crate::transport::Class;

/// Sends a PDU of user space (`iscsi_conn_send_pdu`).
///
/// # Errors
/// `EPERM`, whatever forbids it.
pub(crate) fn send_pdu<D: Driver>(driver: &mut D, sid: u32, header: &[u8], data: &[u8]) -> Result<(), Errno> {
    let lib = driver.lib_mut();
    let now = lib.now;
    let header: &[u8; BHS_LEN] = header.try_into().map_err(|_| Errno::EPERM)?;
    let session = lib.sessions.get_mut(&sid).ok_or(Errno::EPERM)?;
    let state = session.state;
    let conn = session.conn.as_mut().filter(|conn| conn.bound);
    let conn = conn.ok_or(Errno::EPERM)?;
    if state == State::Terminate {
        return Err(Errno::EPERM);
    }
    let opcode = OpcodeByte(header[0]).opcode();
    let allowed = match opcode {
        Opcode::LOGIN_REQUEST | Opcode::TEXT_REQUEST => data.len() <= LOGIN_SEGMENT.unsigned_abs() as usize,
        _ => state == State::LoggedIn && data.is_empty(),
    };
    let engine = conn.engine.as_deref_mut().filter(|_| allowed);
    let engine = engine.ok_or(Errno::EPERM)?;
    engine
        .submit_pdu(now, header, data)
        .inspect_err(|why| tracing::debug!(sid, %why, "a PDU of user space is not sent"))
        .map_err(|_| Errno::EPERM)?;
    if opcode == Opcode::LOGOUT_REQUEST {
        session.state = State::LoggingOut;
        lib.woken(sid);
    }
    lib.touch(sid);
    Ok(())
}

/// A PDU for user space. A kernel that finds nobody to take it drops the connection.
pub(super) fn received<D: Driver>(
    driver: &mut D,
    class: &mut Class,
    sid: u32,
    header: [u8; BHS_LEN],
    data: Vec<u8>,
) {
    if !class.recv_pdu(sid, header, data) {
        conn_failure(driver, class, sid, IscsiErr::ConnFailed);
    }
}
