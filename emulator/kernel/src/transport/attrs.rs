//! What the attributes of sessions, connections, hosts and interfaces are called, and whom the class asks for their values.
//!
//! Names come from the parameter tables; which of them a transport shows, and what they read, is the driver's to say. Must not touch
//! the tree. Source: `scsi_transport_iscsi.c` (`iscsi_session_attrs`, `iscsi_conn_attrs`, `iscsi_host_attrs`,
//! `iscsi_session_attr_is_visible`).

use driver_sys::netlink::IfaceCode;
use driver_sys::netlink::params::{HostParam, IfaceParam, IscsiParam, NetParam, Object};
use nix::errno::Errno;

use super::session::Session;
use super::{Class, IfaceKind, LowLevelDriver};

/// Names with their values.
pub(super) type Values = Vec<(&'static str, String)>;
/// Names with their values; without one an attribute is there and refuses to be read.
pub(super) type Shown = Vec<(&'static str, Option<String>)>;

/// An attribute that its driver cannot answer for yet is there all the same; one that it does not know is not.
fn shown(name: &'static str, value: Result<String, Errno>) -> Option<(&'static str, Option<String>)> {
    match value {
        Ok(value) => Some((name, Some(value))),
        Err(Errno::ENOTCONN) => Some((name, None)),
        Err(_) => None,
    }
}

/// What a file keeps for its owner by its mode; a kernel shows the mode to everybody and answers EACCES (`iscsi_session_attr(…, 1)`),
/// for the indices of CHAP entries, too, which are no secret.
const SECRET: [IscsiParam; 4] = [
    IscsiParam::Username,
    IscsiParam::UsernameIn,
    IscsiParam::Password,
    IscsiParam::PasswordIn,
];

/// Whether an attribute of a session is its owner's alone.
pub(super) fn is_secret(name: &str) -> bool {
    SECRET.iter().any(|param| param.attr() == Some(name))
}

fn visible(driver: &dyn LowLevelDriver, object: Object) -> Vec<(&'static str, IscsiParam)> {
    IscsiParam::ALL
        .iter()
        .filter(|p| p.info().is_some_and(|row| row.object == object))
        .filter(|p| driver.param_is_visible(**p))
        .filter_map(|p| Some((p.attr()?, *p)))
        .collect()
}

/// The attributes of a session that the driver answers for, the TSIH behind the others.
pub(super) fn session(class: &Class, driver: &mut dyn LowLevelDriver, sid: u32) -> Shown {
    let (tsih, others): (Vec<_>, Vec<_>) = visible(driver, Object::Session)
        .into_iter()
        .partition(|(_, param)| *param == IscsiParam::Tsid);
    others
        .into_iter()
        .chain(tsih)
        .filter_map(|(name, param)| shown(name, driver.get_session_param(class, sid, param)))
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
) -> Shown {
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
            shown(name, value)
        })
        .collect()
}

/// The attributes of a host.
pub(super) fn host(class: &Class, driver: &mut dyn LowLevelDriver, host: u32) -> Shown {
    let visible = HostParam::ALL
        .iter()
        .filter(|p| driver.host_param_is_visible(**p));
    let visible: Vec<_> = visible.filter_map(|p| Some((p.attr()?, *p))).collect();
    visible
        .into_iter()
        .filter_map(|(name, param)| shown(name, driver.get_host_param(class, host, param)))
        .collect()
}

/// The attributes of an interface: those of its family and those of both that the driver answers for.
pub(super) fn iface(class: &Class, driver: &mut dyn LowLevelDriver, host: u32, iface: IfaceKind) -> Values {
    let family = match iface {
        IfaceKind::V4 => Object::Ipv4Iface,
        IfaceKind::V6(_) => Object::Ipv6Iface,
    };
    let of_family = |p: &&NetParam| {
        p.info()
            .is_some_and(|row| row.object == family || row.object == Object::Iface)
    };
    let of_network = NetParam::ALL
        .iter()
        .filter(of_family)
        .filter_map(|p| Some((p.attr()?, IfaceCode::Net(*p))));
    let of_iscsi = IfaceParam::ALL
        .iter()
        .filter_map(|p| Some((p.attr()?, IfaceCode::Iscsi(*p))));
    of_network
        .chain(of_iscsi)
        .filter_map(|(name, param)| Some((name, driver.get_iface_param(class, host, iface, param).ok()?)))
        .collect()
}
