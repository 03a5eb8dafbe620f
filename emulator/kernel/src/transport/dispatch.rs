//! What each message asks of the class and of the transport that it names.
//!
//! The only file that reads requests: it takes a message apart, looks up what it names, calls the driver and writes what came of it
//! into the answer. Must not know any driver. Source: `scsi_transport_iscsi.c` (`iscsi_if_recv_msg` and what it calls).

use driver_sys::netlink::params::IscsiParam;
use nix::errno::Errno;

use super::driver::{Ping, Progress};
use super::ev::{Message, event, uevent};
use super::session::ConnState;
use super::{Class, LowLevelDriver};

/// What became of a message.
pub(super) enum Verdict {
    /// Answer the sender.
    Answer(Result<(), Errno>),
    /// The answer was multicast already.
    Silent,
    /// The driver goes on with it.
    Wait,
}

impl From<Result<(), Errno>> for Verdict {
    fn from(result: Result<(), Errno>) -> Self {
        Self::Answer(result)
    }
}

impl From<Progress> for Verdict {
    fn from(progress: Progress) -> Self {
        match progress {
            Progress::Done(result) => Self::Answer(result),
            Progress::Waits => Self::Wait,
        }
    }
}

/// `STOP_CONN_TERM`.
const STOP_CONN_TERM: u32 = 1;
/// `STOP_CONN_RECOVER`.
const STOP_CONN_RECOVER: u32 = 3;
/// A page: no text is longer.
const PAGE: usize = 4096;
/// Bytes of `struct sockaddr`.
const SOCKADDR: usize = 16;
/// Bytes of `struct iscsi_path`.
const PATH: usize = 64;
/// Bytes of `iscsi_chap_rec`.
const CHAP_RECORD: usize = 524;

/// Carries out a message to a transport.
pub(super) fn receive(
    class: &mut Class,
    driver: &mut dyn LowLevelDriver,
    portid: u32,
    m: &mut Message,
) -> Verdict {
    let host = m.arg(0);
    match m.kind {
        uevent::CREATE_SESSION => create_session(class, driver, portid, m, None).into(),
        uevent::CREATE_BOUND_SESSION => match class.endpoint_named(driver, m.arg64(0)) {
            Ok(_) => create_session(class, driver, portid, m, Some(m.arg64(0))).into(),
            Err(errno) => errno.into(),
        },
        uevent::DESTROY_SESSION | uevent::DESTROY_SESSION_ASYNC => {
            let sid = m.arg(0);
            match class.session_of(driver, sid).map(|s| s.conn.is_some()) {
                Err(errno) => errno.into(),
                Ok(true) => Errno::EBUSY.into(),
                Ok(false) => driver.destroy_session(class, sid).into(),
            }
        }
        uevent::UNBIND_SESSION => {
            let found = class.session_of(driver, m.arg(0)).map(|s| s.sid);
            found.map(|sid| class.unbind_session(driver, sid)).into()
        }
        uevent::CREATE_CONN => create_conn(class, driver, m).into(),
        uevent::DESTROY_CONN => {
            let found = class.conn_of(driver, m.arg(0), m.arg(1));
            found
                .map(|(sid, cid)| driver.destroy_conn(class, sid, cid))
                .into()
        }
        uevent::BIND_CONN => bind_conn(class, driver, m).into(),
        uevent::START_CONN => start_conn(class, driver, m).into(),
        uevent::STOP_CONN => stop_conn(class, driver, m).into(),
        uevent::SEND_PDU => send_pdu(class, driver, m).into(),
        uevent::SET_PARAM => set_param(class, driver, m).into(),
        uevent::EP_CONNECT => ep_connect(class, driver, m, None, m.arg(0)).into(),
        uevent::EP_CONNECT_THROUGH_HOST => ep_connect(class, driver, m, Some(host), m.arg(1)).into(),
        uevent::EP_POLL => {
            let polled = match class.endpoint_named(driver, m.arg64(0)) {
                Ok(_) => driver.ep_poll(class, m.arg64(0), m.arg(2)),
                Err(errno) => Err(errno),
            };
            polled.map(|code| m.answer(0, code as u32)).into()
        }
        uevent::EP_DISCONNECT => ep_disconnect(class, driver, m.arg64(0)).into(),
        uevent::TGT_DSCVR if m.payload.len() < SOCKADDR => Errno::EINVAL.into(),
        uevent::TGT_DSCVR => driver
            .tgt_dscvr(class, m.arg(1), m.arg(0), m.arg(2), &m.payload)
            .into(),
        uevent::SET_HOST_PARAM => driver
            .set_host_param(class, host, m.arg(1), m.arg(2), &m.payload)
            .into(),
        // The length of the path is looked at before the driver's lack of it.
        uevent::PATH_UPDATE if m.payload.len() < PATH => Errno::EINVAL.into(),
        uevent::PATH_UPDATE => driver.set_path(class, host, &m.payload).into(),
        uevent::GET_STATS => get_stats(class, driver, m),
        uevent::GET_HOST_STATS => match driver.get_host_stats(class, host) {
            Ok(counters) => class.multicast_answer(driver, m, &[host], &counters),
            Err(errno) => errno.into(),
        },
        uevent::SET_IFACE_PARAMS => driver.set_iface_param(class, host, &m.payload).into(),
        uevent::PING if m.payload.len() < SOCKADDR => Errno::EINVAL.into(),
        uevent::PING => {
            let ping = Ping {
                iface_num: m.arg(1),
                iface_type: m.arg(2),
                size: m.arg(3),
                pid: m.arg(4),
                to: &m.payload,
            };
            driver.send_ping(class, host, &ping).into()
        }
        uevent::GET_CHAP => get_chap(class, driver, m),
        uevent::SET_CHAP => driver.set_chap(class, host, &m.payload).into(),
        uevent::DELETE_CHAP => driver.delete_chap(class, host, m.arg16(4)).into(),
        uevent::NEW_FLASHNODE => driver
            .new_flashnode(class, host, &m.payload)
            .map(|index| m.answer(0, index))
            .into(),
        uevent::SET_FLASHNODE_PARAMS => driver
            .set_flashnode_param(class, host, m.arg(1), &m.payload)
            .into(),
        uevent::DEL_FLASHNODE => driver.del_flashnode(class, host, m.arg(1)).into(),
        uevent::LOGIN_FLASHNODE => driver.login_flashnode(class, host, m.arg(1)).into(),
        uevent::LOGOUT_FLASHNODE => driver.logout_flashnode(class, host, m.arg(1)).into(),
        uevent::LOGOUT_FLASHNODE_SID => driver.logout_flashnode_sid(class, host, m.arg(1)).into(),
        _ => Errno::ENOSYS.into(),
    }
}

impl From<Errno> for Verdict {
    fn from(errno: Errno) -> Self {
        Self::Answer(Err(errno))
    }
}

/// A result that is given back in the answer, not as an error of the request.
fn retcode(m: &mut Message, result: Result<(), Errno>) {
    m.answer(0, result.err().map_or(0, |errno| (-(errno as i32)) as u32));
}

fn create_session(
    class: &mut Class,
    driver: &mut dyn LowLevelDriver,
    portid: u32,
    m: &mut Message,
    ep: Option<u64>,
) -> Result<(), Errno> {
    // `c_session` begins with the sequence number, `c_bound_session` with the endpoint's handle.
    let at = if ep.is_some() { 2 } else { 0 };
    let (cmdsn, cmds_max, depth) = (m.arg(at), m.arg16(4 * at + 4), m.arg16(4 * at + 6));
    let sid = driver
        .create_session(class, ep, cmds_max, depth, cmdsn)
        .ok_or(Errno::ENOMEM)?;
    class.set_creator(sid, portid as i32);
    m.answer(0, sid);
    m.answer(1, class.session(sid).map_or(0, |s| s.host));
    Ok(())
}

fn create_conn(class: &mut Class, driver: &mut dyn LowLevelDriver, m: &mut Message) -> Result<(), Errno> {
    let cid = m.arg(1);
    let sid = class.session_of(driver, m.arg(0))?.sid;
    if !driver.create_conn(class, sid, cid) {
        return Err(Errno::ENOMEM);
    }
    m.answer(0, sid);
    m.answer(1, cid);
    Ok(())
}

fn bind_conn(class: &mut Class, driver: &mut dyn LowLevelDriver, m: &mut Message) -> Result<(), Errno> {
    let (sid, cid) = class.conn_of(driver, m.arg(0), m.arg(1))?;
    let (ep, leading) = (m.arg64(1), m.arg(4) != 0);
    if class.is_cleaning(sid) {
        retcode(m, Err(Errno::ENOTCONN));
        return Ok(());
    }
    let bound = driver.bind_conn(class, sid, cid, ep, leading);
    if bound.is_ok() {
        class.set_conn_state(sid, ConnState::Bound);
        class.bind(driver, sid, ep);
    }
    retcode(m, bound);
    Ok(())
}

fn start_conn(class: &mut Class, driver: &mut dyn LowLevelDriver, m: &mut Message) -> Result<(), Errno> {
    let (sid, cid) = class.conn_of(driver, m.arg(0), m.arg(1))?;
    let started = if class.is_cleaning(sid) {
        Err(Errno::ENOTCONN)
    } else {
        driver.start_conn(class, sid, cid)
    };
    if started.is_ok() {
        class.set_conn_state(sid, ConnState::Up);
    }
    retcode(m, started);
    class.refresh_session(driver, sid);
    Ok(())
}

fn stop_conn(class: &mut Class, driver: &mut dyn LowLevelDriver, m: &Message) -> Result<(), Errno> {
    let (sid, cid) = class.conn_of(driver, m.arg(0), m.arg(1))?;
    let flag = m.arg(4);
    if let Some(ep) = class.endpoint_of(sid) {
        class.destroy_endpoint(ep);
    }
    class.end_cleaning(sid);
    match flag {
        STOP_CONN_RECOVER => class.set_conn_state(sid, ConnState::Failed),
        STOP_CONN_TERM => class.set_conn_state(sid, ConnState::Down),
        _ => return Ok(()),
    }
    driver.stop_conn(class, sid, cid, flag);
    class.refresh_session(driver, sid);
    Ok(())
}

fn send_pdu(class: &mut Class, driver: &mut dyn LowLevelDriver, m: &mut Message) -> Result<(), Errno> {
    let (sid, cid) = class.conn_of(driver, m.arg(0), m.arg(1))?;
    let (header, data) = (m.arg(2) as usize, m.arg(3) as usize);
    if class.is_cleaning(sid) {
        retcode(m, Err(Errno::ENOTCONN));
        return Ok(());
    }
    let rest = m.payload.get(header..).ok_or(Errno::EINVAL)?;
    let data = rest.get(..data).ok_or(Errno::EINVAL)?;
    // A header is read in full, however long the message says it is.
    let bhs = m.payload.get(..48).unwrap_or_default();
    let sent = driver.send_pdu(class, sid, cid, bhs, data);
    retcode(m, sent);
    Ok(())
}

fn set_param(class: &mut Class, driver: &mut dyn LowLevelDriver, m: &Message) -> Result<(), Errno> {
    let (number, len) = (m.arg(2), m.arg(3) as usize);
    if len > m.payload.len() || len > PAGE {
        return Err(Errno::EINVAL);
    }
    let (sid, cid) = class.conn_of(driver, m.arg(0), m.arg(1))?;
    let text = driver_sys::hw::until_nul(&m.payload);
    if text.len() > len {
        return Err(Errno::EINVAL);
    }
    if number == u32::from(IscsiParam::SessRecoveryTmo.raw()) {
        class.set_recovery_tmo(sid, leading_number(&String::from_utf8_lossy(text)) as i32);
        return Ok(());
    }
    if !class.takes_params(sid) {
        return Err(Errno::ENOTCONN);
    }
    let number = u16::try_from(number).map_err(|_| Errno::ENOSYS)?;
    driver.set_param(class, sid, cid, IscsiParam::from_raw(number), text)?;
    class.refresh_session(driver, sid);
    Ok(())
}

fn ep_connect(
    class: &mut Class,
    driver: &mut dyn LowLevelDriver,
    m: &mut Message,
    host: Option<u32>,
    non_blocking: u32,
) -> Result<(), Errno> {
    if m.payload.len() < SOCKADDR {
        return Err(Errno::EINVAL);
    }
    let ep = driver.ep_connect(class, host, &m.payload, non_blocking != 0)?;
    m.answer64(ep);
    Ok(())
}

fn ep_disconnect(class: &mut Class, driver: &mut dyn LowLevelDriver, ep: u64) -> Result<(), Errno> {
    let bound = class.endpoint_named(driver, ep)?.sid;
    if let Some(sid) = bound {
        class.set_conn_state(sid, ConnState::Failed);
    }
    driver.ep_disconnect(class, ep)?;
    if let Some(sid) = bound {
        class.refresh_session(driver, sid);
    }
    Ok(())
}

fn get_stats(class: &mut Class, driver: &mut dyn LowLevelDriver, m: &Message) -> Verdict {
    let Ok((sid, cid)) = class.conn_of(driver, m.arg(0), m.arg(1)) else {
        return Errno::EEXIST.into();
    };
    let stats = driver.get_stats(class, sid, cid);
    class.multicast_answer(driver, m, &[sid, cid], &stats)
}

fn get_chap(class: &mut Class, driver: &mut dyn LowLevelDriver, m: &Message) -> Verdict {
    let (host, asked, from) = (m.arg(0), m.arg(1), m.arg16(8));
    match driver.get_chap(class, host, from, asked) {
        Ok(page) => {
            debug_assert_eq!(page.records.len(), asked as usize * CHAP_RECORD);
            let u = [host, page.valid, u32::from(from)];
            class.multicast_answer(driver, m, &u, &page.records)
        }
        Err(errno) => errno.into(),
    }
}

impl Class {
    /// Answers everybody who listens, in the place of an answer to the sender.
    fn multicast_answer(
        &mut self,
        driver: &dyn LowLevelDriver,
        m: &Message,
        u: &[u32],
        payload: &[u8],
    ) -> Verdict {
        let packet = event(u32::from(m.kind), driver.handle(), u, &[], payload);
        if self.multicast(packet) {
            Verdict::Silent
        } else {
            Errno::ESRCH.into()
        }
    }
}

/// The number a text begins with, as `sscanf("%d")` reads it; 0 without one.
pub(crate) fn leading_number(text: &str) -> i64 {
    let t = text.trim_start();
    let (sign, digits) = match t.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, t),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse::<i64>().map_or(0, |v| sign * v)
}
