//! Sessions: the lean listing and one session in full.

use std::ops::ControlFlow;
use std::sync::Arc;

use driver_sys::netlink::params::{IscsiParam, Object, Values};
use driver_sys::sysfs::class::session::{Session as SysSession, SessionFields};
use driver_sys::sysfs::class::sessions::{session as read_session, sessions};
use driver_sys::sysfs::{Place as At, Reader, Root};

use super::super::fault;
use super::adapter::transport_name;
use super::lun;
use crate::address::{self, canonical};
use crate::backend::LunScope;
use crate::error::Result;
use crate::ids::HostNo;
use crate::model::{
    Connection, ConnectionStanding, Owner, Session, SessionBrief, SessionDetail, SessionKind,
};
use crate::params::{ParamValue, Params};
use crate::quirks::Driver;
use crate::registry::Living;

/// The kernel made it, from flash.
const CREATOR_KERNEL: i32 = -1;

/// Calls `each` for every session by session id.
pub(in super::super) fn each(
    root: &Root,
    each: &mut dyn FnMut(SessionBrief) -> ControlFlow<()>,
) -> Result<()> {
    walk(root, SessionFields::Brief, &mut |session| each(brief(session)))
}

/// Calls `each` for every session by session id, with what the detailed listing shows.
pub(in super::super) fn each_detail(
    root: &Root,
    each: &mut dyn FnMut(SessionDetail) -> ControlFlow<()>,
) -> Result<()> {
    walk(root, SessionFields::Detail, &mut |session| each(detail(session)))
}

fn walk(
    root: &Root,
    fields: SessionFields,
    each: &mut dyn FnMut(SysSession) -> ControlFlow<()>,
) -> Result<()> {
    for outcome in sessions(root, fields).map_err(|e| fault::sysfs(&e, "list sessions"))? {
        match outcome {
            Ok(session) => {
                if each(session).is_break() {
                    break;
                }
            }
            Err(e) if fault::is_gone(&e) => {}
            Err(error) => tracing::warn!(%error, "session left out"),
        }
    }
    Ok(())
}

fn owner(creator: Option<i32>) -> Owner {
    if creator == Some(CREATOR_KERNEL) {
        Owner::Flash
    } else {
        Owner::User
    }
}

fn brief(session: SysSession) -> SessionBrief {
    let (address, port) = match session.portals {
        Some(p) => (canonical(p.persistent.address.as_str()), p.persistent.port),
        None => (String::new(), 0),
    };
    SessionBrief {
        sid: session.sid,
        host: HostNo(session.host.host_no),
        transport: transport_name(&session.host.transport).to_owned(),
        target_name: session.target,
        address,
        port,
        tpgt: Some(session.tpgt),
        owner: owner(session.creator),
        held_by: owner(session.creator).to_string(),
        state: session.state.map(|s| s.to_string()),
    }
}

fn detail(mut session: SysSession) -> SessionDetail {
    let detail = session.detail.take();
    let (initiator, iface, connection_state) = detail.map_or((None, None, None), |d| {
        (d.initiatorname, d.ifacename, d.connection_state)
    });
    let current = session.portals.as_ref().map(|p| p.current.clone());
    let host = Arc::clone(&session.host);
    let brief = brief(session);
    let connection_state = connection_state.map(|s| s.to_string());
    SessionDetail {
        connection_standing: ConnectionStanding::of(
            brief.owner,
            brief.state.as_deref(),
            connection_state.as_deref(),
        ),
        brief,
        current_port: current.as_ref().map(|p| p.port),
        current_address: current.map(|p| canonical(p.address.as_str())),
        connection_state,
        initiator_name: initiator.or_else(|| host.initiatorname.clone()),
        iface,
        mac: host.hwaddress.clone(),
        port_address: host.ipaddress.as_ref().map(|a| canonical(a.as_str())),
        netdev: host.netdev.clone(),
    }
}

/// A session in full; `None` when it is gone.
pub(in super::super) fn one(root: &Root, sid: u32) -> Result<Option<Session>> {
    let tried = format!("read session {sid}");
    let (base, port) = match read_session(root, sid, SessionFields::Brief) {
        Ok(session) => {
            let port = Arc::clone(&session.host);
            (brief(session), port)
        }
        Err(e) if fault::is_gone(&e) => return Ok(None),
        Err(e) => return Err(fault::sysfs(&e, &tried)),
    };
    let path = format!("class/iscsi_session/session{sid}");
    let mut reader = Reader::new();
    let at = root.at(&path);
    let mut params = parameters(&mut reader, at, Object::Session);
    let boot = [IscsiParam::BootTarget, IscsiParam::BootRoot];
    let boot = boot.into_iter().any(|param| params.value(param).is_some());
    let recovery_timeout = params.value(IscsiParam::SessRecoveryTmo).map(ToString::to_string);
    let mut take = |param| params.remove(param).flatten();
    let mut text = |name: &str| reader.may::<String>(at, name).ok().flatten();
    let discovery = take(IscsiParam::DiscoverySess).and_then(|v| v.as_flag()) == Some(true);
    let number = |v: Option<ParamValue>| v.and_then(|v| v.as_number());
    let small = |v: Option<ParamValue>| number(v).and_then(|n| u32::try_from(n).ok());
    let string = |v: Option<ParamValue>| v.map(|v| v.to_string()).filter(|t| !t.is_empty());
    let state = text("state");
    let connection = connection(root, sid, base.owner, &base.transport, state.as_deref());
    let session = Session {
        sid,
        host: base.host,
        transport: Some(base.transport),
        owner: base.owner,
        held_by: base.held_by,
        held_since: None,
        kind: if discovery {
            SessionKind::Discovery
        } else if boot {
            SessionKind::Boot
        } else {
            SessionKind::Normal
        },
        flash_index: None,
        target_name: base.target_name,
        target_alias: string(take(IscsiParam::TargetAlias)),
        tpgt: base.tpgt,
        // Without a name of its own a session has its port's.
        initiator_name: string(take(IscsiParam::InitiatorName)).or_else(|| port.initiatorname.clone()),
        iface: string(take(IscsiParam::IfaceName)),
        mac: port.hwaddress.clone(),
        port_address: port.ipaddress.as_ref().map(|a| canonical(a.as_str())),
        netdev: port.netdev.clone(),
        isid: string(take(IscsiParam::Isid)),
        tsid: small(take(IscsiParam::Tsid)),
        state,
        target_state: text("target_state"),
        target_id: text("target_id").and_then(|t| t.parse().ok()),
        recovery_timeout: recovery_timeout.and_then(|t| if t == "off" { Some(-1) } else { t.parse().ok() }),
        chap_index: number(take(IscsiParam::ChapOutIdx))
            .and_then(|n| u16::try_from(n).ok())
            .filter(|n| *n != u16::MAX),
        chap_username: string(take(IscsiParam::Username)),
        chap_username_in: string(take(IscsiParam::UsernameIn)),
        max_connections: 1,
        throughput: None,
        connections: vec![connection],
        luns: lun::all(root, LunScope::Session(sid))?
            .into_iter()
            .map(|l| l.address)
            .collect(),
        params,
    };
    Ok(root.at(&path).exists().then_some(session))
}

/// Which life of its number a session is; `None` when there is none.
pub(in super::super) fn living(root: &Root, sid: u32) -> Option<Living> {
    let path = format!("class/iscsi_session/session{sid}");
    let at = root.at(&path);
    let before = at.identity()?;
    let target = Reader::new().text(at, "targetname").ok()?.to_owned();
    // Of one session both, not of two that follow one another.
    (at.identity()? == before).then(|| Living {
        life: before.into(),
        target,
    })
}

/// The session's connection; the drivers known have one.
fn connection(
    root: &Root,
    sid: u32,
    owner: Owner,
    transport: &str,
    session_state: Option<&str>,
) -> Connection {
    let path = format!("class/iscsi_connection/connection{sid}:0");
    let mut reader = Reader::new();
    let at = root.at(&path);
    let mut params = parameters(&mut reader, at, Object::Connection);
    let mut take = |param| params.remove(param).flatten();
    let string = |v: Option<ParamValue>| v.map(|v| v.to_string()).filter(|t| !t.is_empty());
    let port = |v: Option<ParamValue>| v.and_then(|v| v.to_string().parse::<u16>().ok());
    let length = |v: Option<ParamValue>| v.and_then(|v| v.as_number()).and_then(|n| u32::try_from(n).ok());
    let digest = |v: Option<ParamValue>| {
        v.and_then(|v| v.as_flag())
            .map(|on| if on { "crc32c" } else { "none" }.to_owned())
    };
    let (address, persistent) = (
        string(take(IscsiParam::ConnAddress)).map(|a| canonical(&a)),
        string(take(IscsiParam::PersistentAddress)).map(|a| canonical(&a)),
    );
    let (port_now, port_kept) = (
        port(take(IscsiParam::ConnPort)),
        port(take(IscsiParam::PersistentPort)),
    );
    let untold = Driver::of(transport)
        .redirect_untold
        .filter(|_| owner == Owner::Flash);
    let redirect = match untold {
        Some(why) => Err(why),
        None => redirected((address.as_deref(), port_now), (persistent.as_deref(), port_kept)),
    };
    let state = reader.may::<String>(at, "state").ok().flatten();
    // Older drivers tell only one of the two.
    let current = address.clone().or_else(|| persistent.clone());
    let kept = persistent.or(address);
    Connection {
        cid: 0,
        standing: ConnectionStanding::of(owner, session_state, state.as_deref()),
        state,
        redirected: redirect.ok(),
        redirected_unknown: redirect.err().map(str::to_owned),
        address: current,
        port: port_now.or(port_kept),
        persistent_address: kept,
        persistent_port: port_kept.or(port_now),
        local_address: string(take(IscsiParam::LocalIpaddr)).map(|a| canonical(&a)),
        local_port: port(take(IscsiParam::LocalPort)).filter(|p| *p != 0),
        header_digest: digest(take(IscsiParam::HdrdgstEn)),
        data_digest: digest(take(IscsiParam::DatadgstEn)),
        max_recv_dlength: length(take(IscsiParam::MaxRecvDlength)),
        max_xmit_dlength: length(take(IscsiParam::MaxXmitDlength)),
        params,
    }
}

type Place<'a> = (Option<&'a str>, Option<u16>);

/// Whether the portal in use is another than the one configured; why that cannot be told.
fn redirected(now: Place<'_>, kept: Place<'_>) -> std::result::Result<bool, &'static str> {
    let (Some(address), Some(configured)) = (now.0, kept.0) else {
        return Err("the driver tells one address only");
    };
    let same = address::same(address, configured)
        .ok_or("one of the two addresses is a name, which is not resolved here")?;
    let moved = now.1.zip(kept.1).is_some_and(|(now, kept)| now != kept);
    Ok(!same || moved)
}

/// All parameters that the kernel's table has for the object and sysfs shows; secrets are not read. The TSIH is read first: a driver
/// takes it over behind the other numbers of a login (`qla4xxx_copy_to_sess_conn_params`), so with it all the others are the login's.
fn parameters(reader: &mut Reader, at: At<'_>, object: Object) -> Params<IscsiParam> {
    let mut params = Params::new();
    let others = IscsiParam::ALL.iter().filter(|param| **param != IscsiParam::Tsid);
    for param in std::iter::once(&IscsiParam::Tsid).chain(others) {
        let Some(info) = param
            .info()
            .filter(|info| info.object == object && !info.is_secret())
        else {
            continue;
        };
        let Some(text) = info.attr().and_then(|attr| reader.text(at, attr).ok()) else {
            continue;
        };
        let value = match (info.values, text) {
            (_, "(null)" | "<NULL>" | "") => None,
            (Values::Flag, "0") => Some(ParamValue::Flag(false)),
            (Values::Flag, "1") => Some(ParamValue::Flag(true)),
            (Values::Number { .. }, number) => Some(
                number
                    .parse()
                    .map_or_else(|_| ParamValue::Text(number.to_owned()), ParamValue::Number),
            ),
            (_, text) => Some(ParamValue::Text(text.to_owned())),
        };
        params.insert(*param, value);
    }
    params
}
