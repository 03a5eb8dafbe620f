//! What the attributes of sessions, connections, hosts and interfaces are called, and whom the class asks for their values.
//!
//! Names come from the parameter tables; which of them a transport shows, and what they read, is the driver's to say. Must not touch
//! the tree. Source: `scsi_transport_iscsi.c` (`iscsi_session_attrs`, `iscsi_conn_attrs`, `iscsi_host_attrs`,
//! `iscsi_session_attr_is_visible`).

use driver_sys::netlink::IfaceCode;
use driver_sys::netlink::params::{HostParam, IfaceParam, IscsiParam, NetParam, Object, Param as _};

use super::session::Session;
use super::{Class, IfaceKind, LowLevelDriver};

/// Names with their values.
pub(super) type Values = Vec<(&'static str, String)>;

/// What only its owner reads in a file; a kernel answers EACCES (`iscsi_session_attr(…, 1)`), for the indices of CHAP entries too.
const SECRET: [&str; 4] = ["password", "password_in", "username", "username_in"];

/// Whether an attribute is its owner's alone.
pub(super) fn is_secret(name: &str) -> bool {
    SECRET.contains(&name)
}

fn visible(driver: &dyn LowLevelDriver, object: Object) -> Vec<(&'static str, IscsiParam)> {
    let of_object = |p: &IscsiParam| p.info().is_some_and(|info| info.object == object);
    IscsiParam::all()
        .iter()
        .copied()
        .filter(|p| of_object(p) && driver.param_is_visible(*p))
        .filter_map(|p| Some((p.attr()?, p)))
        .collect()
}

/// The attributes of a session that the driver answers for.
pub(super) fn session(class: &Class, driver: &mut dyn LowLevelDriver, sid: u32) -> Values {
    visible(driver, Object::Session)
        .into_iter()
        .filter_map(|(name, param)| Some((name, driver.get_session_param(class, sid, param).ok()?)))
        .collect()
}

/// The attributes of a session that the class answers for.
pub(super) fn private(s: &Session, target_id: Option<u32>) -> Values {
    vec![
        ("creator", s.creator.to_string()),
        ("recovery_tmo", seconds(s.recovery_tmo)),
        ("state", s.state.name().into()),
        (
            "target_id",
            target_id.map_or_else(|| "-1".into(), |id| id.to_string()),
        ),
        ("target_state", s.target_state.name().into()),
    ]
}

/// How a recovery timeout reads.
pub(super) fn seconds(timeout: i32) -> String {
    if timeout == -1 {
        "off".into()
    } else {
        timeout.to_string()
    }
}

/// The attributes of a connection that the driver answers for: address and port are its endpoint's while it has one.
pub(super) fn conn(
    class: &Class,
    driver: &mut dyn LowLevelDriver,
    sid: u32,
    cid: u32,
    ep: Option<u64>,
) -> Values {
    visible(driver, Object::Connection)
        .into_iter()
        .filter_map(|(name, param)| {
            let of_endpoint = matches!(param, IscsiParam::ConnAddress | IscsiParam::ConnPort);
            let value = match ep.filter(|_| of_endpoint) {
                Some(ep) => driver
                    .get_ep_param(class, ep, param)
                    .or_else(|_| driver.get_conn_param(class, sid, cid, param)),
                None => driver.get_conn_param(class, sid, cid, param),
            };
            Some((name, value.ok()?))
        })
        .collect()
}

/// The attributes of a host.
pub(super) fn host(class: &Class, driver: &mut dyn LowLevelDriver, host: u32) -> Values {
    let shown = HostParam::all().iter().copied();
    shown
        .filter_map(|param| {
            let name = param.attr().filter(|_| driver.host_param_is_visible(param))?;
            Some((name, driver.get_host_param(class, host, param).ok()?))
        })
        .collect()
}

/// The attributes of an interface: those of its family and those of both that the driver answers for.
pub(super) fn iface(class: &Class, driver: &mut dyn LowLevelDriver, host: u32, iface: IfaceKind) -> Values {
    let family = match iface {
        IfaceKind::V4 => Object::Ipv4Iface,
        IfaceKind::V6(_) => Object::Ipv6Iface,
    };
    let shared_or_own = |p: &NetParam| {
        p.info()
            .is_some_and(|info| info.object == family || info.object == Object::Iface)
    };
    let net = NetParam::all().iter().copied().filter(shared_or_own);
    let of_network = net.filter_map(|p| Some((p.attr()?, IfaceCode::Net(p))));
    let iscsi = IfaceParam::all().iter().copied();
    let of_iscsi = iscsi.filter_map(|p| Some((p.attr()?, IfaceCode::Iscsi(p))));
    of_network
        .chain(of_iscsi)
        .filter_map(|(name, param)| Some((name, driver.get_iface_param(class, host, iface, param).ok()?)))
        .collect()
}
