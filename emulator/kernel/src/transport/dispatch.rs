//! What each message asks of the class and of the transport that it names.
//!
//! The only file that takes requests: it looks up what one names, calls the driver and gives back what came of it. Bytes are
//! `driver_sys`'s; so is how much of a message that lies the kernel sees. Must not know any driver. Source: `scsi_transport_iscsi.c`
//! (`iscsi_if_recv_msg` and what it calls).

use driver_sys::netlink::code::StopFlag;
use driver_sys::netlink::params::IscsiParam;
use driver_sys::netlink::{Attr, ChapPage, Destination, Event, Heard, Pdu, Request, Return};
use nix::errno::Errno;

use super::args::{Params, Ping};
use super::session::ConnState;
use super::verdict::Verdict;
use super::{Class, LowLevelDriver};

/// Carries out a message to a transport.
pub(super) fn receive(
    class: &mut Class,
    driver: &mut dyn LowLevelDriver,
    portid: u32,
    heard: Heard,
) -> Verdict {
    let fault = heard.fault;
    if let Some(errno) = fault
        && !comes_later(&heard.request)
    {
        return errno.into();
    }
    match heard.request {
        Request::CreateSession {
            initial_cmdsn,
            cmds_max,
            queue_depth,
        } => {
            let made = driver.create_session(class, None, cmds_max, queue_depth, initial_cmdsn);
            created(class, portid, made).into()
        }
        Request::CreateBoundSession { endpoint, .. } if class.endpoint_named(driver, endpoint).is_err() => {
            Errno::EINVAL.into()
        }
        Request::CreateBoundSession {
            endpoint,
            initial_cmdsn,
            cmds_max,
            queue_depth,
        } => {
            let made = driver.create_session(class, Some(endpoint), cmds_max, queue_depth, initial_cmdsn);
            created(class, portid, made).into()
        }
        Request::DestroySession { sid } | Request::DestroySessionAsync { sid } => {
            match class.session_of(driver, sid).map(|s| s.conn.is_some()) {
                Err(errno) => errno.into(),
                Ok(true) => Errno::EBUSY.into(),
                Ok(false) => driver.destroy_session(class, sid).into(),
            }
        }
        Request::UnbindSession { sid } => {
            let found = class.session_of(driver, sid).map(|s| s.sid);
            found.map(|sid| class.unbind_session(driver, sid)).into()
        }
        Request::CreateConn { sid, cid } => create_conn(class, driver, sid, cid).into(),
        Request::DestroyConn { sid, cid } => {
            let found = class.conn_of(driver, sid, cid);
            found
                .map(|(sid, cid)| driver.destroy_conn(class, sid, cid))
                .into()
        }
        Request::BindConn {
            sid,
            cid,
            endpoint,
            is_leading,
        } => bind_conn(class, driver, (sid, cid), endpoint, is_leading).into(),
        Request::StartConn { sid, cid } => start_conn(class, driver, sid, cid).into(),
        Request::StopConn { sid, cid, flag, .. } => stop_conn(class, driver, sid, cid, flag).into(),
        Request::SendPdu { sid, cid, pdu } => send_pdu(class, driver, (sid, cid), &pdu, fault).into(),
        Request::SetParam { sid, cid, attr } => set_param(class, driver, sid, cid, &attr).into(),
        Request::EpConnect { non_blocking, to } => ep_connect(class, driver, None, &to, non_blocking),
        Request::EpConnectThroughHost {
            host_no,
            non_blocking,
            to,
        } => ep_connect(class, driver, Some(host_no), &to, non_blocking),
        Request::EpPoll { endpoint, .. } if class.endpoint_named(driver, endpoint).is_err() => {
            Errno::EINVAL.into()
        }
        Request::EpPoll { endpoint, timeout_ms } => {
            Verdict::of(driver.ep_poll(class, endpoint, timeout_ms), Return::Code)
        }
        Request::EpDisconnect { endpoint } => ep_disconnect(class, driver, endpoint),
        Request::TgtDscvr {
            method,
            host_no,
            enable,
            to,
        } => driver.tgt_dscvr(class, host_no, method, enable, &to).into(),
        Request::SetHostParam { host_no, attr } => {
            let list = if fault.is_some() {
                &[]
            } else {
                std::slice::from_ref(&attr)
            };
            driver
                .set_host_param(class, host_no, Params::new(list, fault))
                .into()
        }
        Request::PathUpdate { host_no, path } => driver.set_path(class, host_no, &path).into(),
        Request::GetStats { sid, cid } => get_stats(class, driver, sid, cid),
        Request::GetHostStats { host_no } => match driver.get_host_stats(class, host_no) {
            Ok(stats) => class.answer_all(driver, &Event::HostStats { host_no, stats }),
            Err(errno) => errno.into(),
        },
        Request::SetIfaceParams { host_no, attrs } => driver
            .set_iface_param(class, host_no, Params::new(&attrs, fault))
            .into(),
        Request::Ping {
            host_no,
            iface_num,
            iface_type,
            payload_size,
            id,
            to,
        } => {
            let ping = Ping {
                iface_num,
                iface_type,
                size: payload_size,
                pid: id,
                to,
            };
            driver.send_ping(class, host_no, &ping).into()
        }
        Request::GetChap {
            host_no,
            num_entries,
            start,
        } => get_chap(class, driver, host_no, start, num_entries),
        Request::SetChap { host_no, attrs } => {
            driver.set_chap(class, host_no, Params::new(&attrs, fault)).into()
        }
        Request::DeleteChap { host_no, index } => driver.delete_chap(class, host_no, index).into(),
        Request::NewFlashnode { host_no, portal_type } => driver
            .new_flashnode(class, host_no, portal_type.as_slice())
            .map(|index| Return::Flashnode { index })
            .into(),
        Request::SetFlashnodeParams {
            host_no,
            index,
            attrs,
        } => driver
            .set_flashnode_param(class, host_no, index, Params::new(&attrs, fault))
            .into(),
        Request::DelFlashnode { host_no, index } => driver.del_flashnode(class, host_no, index).into(),
        Request::LoginFlashnode { host_no, index } => driver.login_flashnode(class, host_no, index).into(),
        Request::LogoutFlashnode { host_no, index } => driver.logout_flashnode(class, host_no, index).into(),
        Request::LogoutFlashnodeSid { host_no, sid } => {
            driver.logout_flashnode_sid(class, host_no, sid).into()
        }
        Request::GetParam { .. } | Request::Unknown { .. } => Errno::ENOSYS.into(),
    }
}

/// Whether something else is looked at before the payload: the object that is named, or whether the driver takes such a request.
const fn comes_later(request: &Request) -> bool {
    matches!(
        request,
        Request::SendPdu { .. }
            | Request::SetHostParam { .. }
            | Request::SetIfaceParams { .. }
            | Request::SetChap { .. }
            | Request::SetFlashnodeParams { .. }
    )
}

/// A result that is given back in the answer, not as an error of the request.
fn retcode(result: Result<(), Errno>) -> Return {
    Return::Code(result.err().map_or(0, |errno| -(errno as i32)))
}

fn created(class: &mut Class, portid: u32, made: Option<u32>) -> Result<Return, Errno> {
    let sid = made.ok_or(Errno::ENOMEM)?;
    class.set_creator(sid, portid as i32);
    Ok(Return::Session {
        sid,
        host_no: class.session(sid).map_or(0, |s| s.host),
    })
}

fn create_conn(
    class: &mut Class,
    driver: &mut dyn LowLevelDriver,
    sid: u32,
    cid: u32,
) -> Result<Return, Errno> {
    let sid = class.session_of(driver, sid)?.sid;
    if driver.create_conn(class, sid, cid) {
        Ok(Return::Conn { sid, cid })
    } else {
        Err(Errno::ENOMEM)
    }
}

fn bind_conn(
    class: &mut Class,
    driver: &mut dyn LowLevelDriver,
    (sid, cid): (u32, u32),
    ep: u64,
    leading: bool,
) -> Result<Return, Errno> {
    let (sid, cid) = class.conn_of(driver, sid, cid)?;
    if class.is_cleaning(sid) {
        return Ok(retcode(Err(Errno::ENOTCONN)));
    }
    let bound = driver.bind_conn(class, sid, cid, ep, leading);
    if bound.is_ok() {
        class.set_conn_state(sid, ConnState::Bound);
        if !driver.has_endpoints() {
            class.refresh_session(driver, sid);
        } else if class.endpoint_named(driver, ep).is_ok() {
            class.bind(driver, sid, ep);
        } else {
            return Err(Errno::ENOTCONN);
        }
    }
    Ok(retcode(bound))
}

fn start_conn(
    class: &mut Class,
    driver: &mut dyn LowLevelDriver,
    sid: u32,
    cid: u32,
) -> Result<Return, Errno> {
    let (sid, cid) = class.conn_of(driver, sid, cid)?;
    let started = if class.is_cleaning(sid) {
        Err(Errno::ENOTCONN)
    } else {
        driver.start_conn(class, sid, cid)
    };
    if started.is_ok() {
        class.set_conn_state(sid, ConnState::Up);
    }
    class.refresh_session(driver, sid);
    Ok(retcode(started))
}

fn stop_conn(
    class: &mut Class,
    driver: &mut dyn LowLevelDriver,
    sid: u32,
    cid: u32,
    flag: StopFlag,
) -> Result<(), Errno> {
    let (sid, cid) = class.conn_of(driver, sid, cid)?;
    if let Some(ep) = class.endpoint_of(sid) {
        driver.end_endpoint(class, ep);
    }
    // The kernel's own cleanup has stopped it for recovery already.
    if flag != StopFlag::Term && class.is_cleaning(sid) {
        class.end_cleaning(sid);
        return Ok(());
    }
    match flag {
        StopFlag::Recover => class.set_conn_state(sid, ConnState::Failed),
        StopFlag::Term => class.set_conn_state(sid, ConnState::Down),
        StopFlag::Suspend | StopFlag::Unknown(_) => return Ok(()),
    }
    driver.stop_conn(class, sid, cid, flag);
    if flag == StopFlag::Recover {
        class.end_cleaning(sid);
    }
    class.refresh_session(driver, sid);
    Ok(())
}

fn send_pdu(
    class: &mut Class,
    driver: &mut dyn LowLevelDriver,
    (sid, cid): (u32, u32),
    pdu: &Pdu,
    fault: Option<Errno>,
) -> Result<Return, Errno> {
    let (sid, cid) = class.conn_of(driver, sid, cid)?;
    if class.is_cleaning(sid) {
        return Ok(retcode(Err(Errno::ENOTCONN)));
    }
    fault.map_or(Ok(()), Err)?;
    let bhs = pdu.header.as_slice().get(..48).unwrap_or_default();
    Ok(retcode(driver.send_pdu(
        class,
        sid,
        cid,
        bhs,
        pdu.data.as_slice(),
    )))
}

fn set_param(
    class: &mut Class,
    driver: &mut dyn LowLevelDriver,
    sid: u32,
    cid: u32,
    attr: &Attr<IscsiParam>,
) -> Result<(), Errno> {
    let (sid, cid) = class.conn_of(driver, sid, cid)?;
    let text = attr.value.to_c_bytes();
    if attr.param == IscsiParam::SessRecoveryTmo {
        class.set_recovery_tmo(sid, leading_number(&String::from_utf8_lossy(text)) as i32);
        return Ok(());
    }
    if !class.takes_params(sid) {
        return Err(Errno::ENOTCONN);
    }
    driver.set_param(class, sid, cid, attr.param, text)?;
    class.refresh_session(driver, sid);
    Ok(())
}

fn ep_connect(
    class: &mut Class,
    driver: &mut dyn LowLevelDriver,
    host: Option<u32>,
    to: &Destination,
    non_blocking: bool,
) -> Verdict {
    let connected = driver.ep_connect(class, host, to, non_blocking);
    Verdict::of(connected, |handle| Return::Endpoint { handle })
}

fn ep_disconnect(class: &mut Class, driver: &mut dyn LowLevelDriver, ep: u64) -> Verdict {
    let bound = match class.endpoint_named(driver, ep) {
        Ok(found) => found.sid,
        Err(errno) => return errno.into(),
    };
    if let Some(sid) = bound {
        class.set_conn_state(sid, ConnState::Failed);
    }
    let gone = driver.ep_disconnect(class, ep);
    if let Some(sid) = bound {
        class.refresh_session(driver, sid);
    }
    gone.into()
}

fn get_stats(class: &mut Class, driver: &mut dyn LowLevelDriver, sid: u32, cid: u32) -> Verdict {
    let Ok((sid, cid)) = class.conn_of(driver, sid, cid) else {
        return Errno::EEXIST.into();
    };
    let stats = driver.get_stats(class, sid, cid);
    class.answer_all(driver, &Event::Stats { sid, cid, stats })
}

fn get_chap(
    class: &mut Class,
    driver: &mut dyn LowLevelDriver,
    host_no: u32,
    start: u16,
    room: u32,
) -> Verdict {
    match driver.get_chap(class, host_no, start, room) {
        Ok(records) => {
            let page = ChapPage {
                host_no,
                start,
                records,
                room,
            };
            class.answer_all(driver, &Event::Chap { page })
        }
        Err(errno) => errno.into(),
    }
}

impl Class {
    /// Answers everybody who listens, in the place of an answer to the sender.
    fn answer_all(&mut self, driver: &dyn LowLevelDriver, event: &Event) -> Verdict {
        if self.multicast(driver.handle(), event) {
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
