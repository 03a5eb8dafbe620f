//! The network helper of adapters that log in from user space, as a program asks it: over its own varlink interface.
//!
//! Owns where it listens, and what its silence means. Must not know adapters, nor how the helper works. Source: its interface
//! `io.hbactl.iscsiuio`; varlink.org, "Service"; open-iscsi `iscsiuio` (the control socket, [`driver_sys::uip::NAME`]).

mod call;
mod listening;

use std::io;
use std::net::IpAddr;

use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::code;
use driver_sys::uip;
use serde::Deserialize;
use serde_json::json;

use super::within::within;
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Result, Status};
use crate::ids::HostNo;
use crate::model::{Helper, HelperPort, HelperPresence, HelperTotals, PingStatus};
use crate::step::Step;
use call::{Fault, call};

/// The interface, and the name of its socket.
const INTERFACE: &str = "io.hbactl.iscsiuio";

#[derive(Deserialize)]
struct Ports {
    ports: Vec<HelperPort>,
    totals: HelperTotals,
}

#[derive(Deserialize)]
struct Pong {
    status: String,
}

/// What the helper tells of itself.
pub(super) fn report(endpoint: &Endpoint, deadline: Deadline) -> Result<Helper> {
    let tried = "ask the network helper for its ports";
    match ask::<Ports>(endpoint, "GetPorts", json!({}), deadline, tried) {
        Ok(Ports { ports, totals }) => Ok(Helper {
            presence: HelperPresence::Running,
            ports,
            totals: Some(totals),
        }),
        Err(Fault::Nobody) => Ok(Helper::silent(presence(endpoint))),
        Err(Fault::Refused) => Ok(Helper::silent(HelperPresence::NotPermitted)),
        Err(other) => Err(failed(other, tried)),
    }
}

/// One ping from the interface on a VLAN of a port.
pub(super) fn ping(
    endpoint: &Endpoint,
    host: HostNo,
    vlan: u16,
    address: IpAddr,
    size: u32,
    deadline: Deadline,
) -> Result<PingStatus> {
    let tried = format!("ping {address}");
    let parameters = json!({"host": host.0, "vlan": vlan, "address": address.to_string(), "size": size});
    match ask::<Pong>(endpoint, "Ping", parameters, deadline, &tried) {
        Ok(pong) => Ok(status(&pong.status)),
        Err(Fault::Nobody) => Err(Error::helper_absent(presence(endpoint), &tried)),
        Err(Fault::Refused) => Err(Error::helper_absent(HelperPresence::NotPermitted, &tried)),
        Err(Fault::Answered(name)) if name == "NoSuchInterface" => Err(Error::new(Kind::NotFound, tried)
            .answered(format!(
                "the network helper has no interface on {} of {host}",
                vlan_text(vlan)
            ))
            .hint(
                Step::IfaceList
                    .then(" shows those it has; one comes up with the first login that names it, or by ")
                    .then(Step::OpenIscsiPing),
            )),
        Err(Fault::Answered(name)) if name == "NotReady" => Err(Error::new(Kind::Failed, tried)
            .answered(format!(
                "the interface on {} of {host} has no address yet",
                vlan_text(vlan)
            ))
            .with_status(Status::Again)
            .hint(Step::IfaceShow.then(" tells how far it is"))),
        Err(other) => Err(failed(other, &tried)),
    }
}

fn vlan_text(vlan: u16) -> String {
    match vlan {
        0 => "the untagged network".to_owned(),
        id => format!("VLAN {id}"),
    }
}

/// The kernel's word for how a ping ended.
fn status(word: &str) -> PingStatus {
    let known = (0..=9).find(|raw| code::PingStatus::from_raw(*raw).kernel_name() == Some(word));
    known.map_or(PingStatus::Unknown(u32::MAX), PingStatus::from_code)
}

fn ask<T: for<'de> Deserialize<'de>>(
    endpoint: &Endpoint,
    method: &str,
    parameters: serde_json::Value,
    deadline: Deadline,
    tried: &str,
) -> std::result::Result<T, Fault> {
    let dir = endpoint.helper_dir();
    let method = format!("{INTERFACE}.{method}");
    // On a thread of its own: connecting to a socket whose owner does not accept has no limit.
    let done = within(deadline, tried, move || {
        call(&dir, INTERFACE, &method, &parameters, deadline.remaining())
    });
    let answer = done.map_err(|_| Fault::Late)??;
    serde_json::from_value(answer).map_err(|e| Fault::Nonsense(e.to_string()))
}

fn failed(fault: Fault, tried: &str) -> Error {
    let failed = |answer: String| Error::new(Kind::Failed, tried).answered(answer);
    match fault {
        Fault::Late => Error::timeout(tried, "the network helper (iscsiuio)"),
        Fault::Io(error) => failed(format!("the network helper's socket: {error}")),
        Fault::Nonsense(why) => failed(format!("the network helper answered what cannot be read: {why}"))
            .hint("the helper and this program may be of different versions"),
        Fault::Answered(name) => failed(format!("the network helper answered {name}")),
        Fault::Nobody | Fault::Refused => Error::helper_absent(HelperPresence::NotRunning, tried),
    }
}

/// What it means that nobody serves the interface. Nobody is connected to for the question: that would start a helper which systemd
/// listens for.
fn presence(endpoint: &Endpoint) -> HelperPresence {
    match endpoint {
        Endpoint::Host if listening::abstract_socket(uip::NAME).unwrap_or(false) => HelperPresence::Foreign,
        Endpoint::Host | Endpoint::Dir(_) => HelperPresence::NotRunning,
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Self::Nobody,
            io::ErrorKind::PermissionDenied => Self::Refused,
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Late,
            _ => Self::Io(error),
        }
    }
}

#[cfg(test)]
mod tests;
