//! Interfaces of ports whose addresses the network helper keeps: the kernel has no objects for them.
//!
//! Owns how they are named: by family, and for the number the VLAN ID, 0 for untagged frames. Must not know how the helper is asked.

use std::net::IpAddr;

use crate::ids::{Family, HostNo, IfaceId};
use crate::model::{Helper, HelperInterface, Iface};
use crate::params::Params;

/// The interfaces of a port. Where the helper has none, or tells nothing, there is the one that a login would bring up, with the address
/// that the driver tells of its connections.
pub(super) fn of(host: HostNo, helper: Option<&Helper>, in_use: Option<&str>) -> Vec<Iface> {
    let port = helper.and_then(|helper| helper.port(host.0));
    let mut all: Vec<Iface> = port
        .iter()
        .flat_map(|port| &port.interfaces)
        .flat_map(|interface| rows(host, interface))
        .collect();
    for iface in &mut all {
        iface.mtu = port.map(|port| port.mtu.into());
    }
    if all.is_empty() {
        let address = in_use.and_then(|text| text.parse::<IpAddr>().ok());
        let address = address.filter(|address| !address.is_unspecified());
        let family = address.map_or(Family::Ipv4, Family::of);
        let mut iface = bare(host, family, 0);
        iface.enabled = address.map(|_| true);
        iface.address = address.map(|address| address.to_string());
        all.push(iface);
    }
    all.sort_by_key(Iface::id);
    all
}

/// The address that a port has by its helper: that of its first interface with one that is used.
pub(in crate::ops) fn kept_address(host: HostNo, helper: Option<&Helper>) -> Option<String> {
    let used = |iface: Iface| {
        iface
            .address
            .filter(|_| iface.address_state.as_deref() == Some(VALID))
    };
    of(host, helper, None).into_iter().find_map(used)
}

/// As drivers that have interfaces of their own say it.
const VALID: &str = "Valid";

/// One for each family that is on; for an interface that has neither, one that is off.
fn rows(host: HostNo, interface: &HelperInterface) -> Vec<Iface> {
    let families = [(Family::Ipv4, &interface.ipv4), (Family::Ipv6, &interface.ipv6)];
    let mut rows: Vec<Iface> = families
        .into_iter()
        .filter(|(_, source)| *source != "off")
        .map(|(family, _)| row(host, family, interface))
        .collect();
    if rows.is_empty() {
        let mut off = row(host, Family::Ipv4, interface);
        off.enabled = Some(false);
        rows.push(off);
    }
    rows
}

fn row(host: HostNo, family: Family, interface: &HelperInterface) -> Iface {
    let ours = |text: &str| text.parse::<IpAddr>().is_ok_and(|a| Family::of(a) == family);
    let mut part = interface.clone();
    part.addresses.retain(|a| ours(&a.address));
    part.routers.retain(|a| ours(a));
    part.leases.retain(|lease| ours(&lease.address));
    part.neighbours.retain(|n| ours(&n.address));
    // One that is used before one that is not, a global one before that of the link.
    let best = part
        .addresses
        .iter()
        .min_by_key(|a| (a.duplicate, is_link_local(&a.address)));
    let mut iface = bare(host, family, interface.vlan.into());
    iface.enabled = Some(true);
    iface.address = best.map(|a| a.address.clone());
    iface.address_state = Some(match best {
        Some(address) if address.duplicate => "duplicate".to_owned(),
        Some(_) => VALID.to_owned(),
        None => interface.state.clone(),
    });
    iface.helper = Some(part);
    iface
}

fn is_link_local(text: &str) -> bool {
    matches!(text.parse(), Ok(IpAddr::V6(address)) if address.is_unicast_link_local())
}

fn bare(host: HostNo, family: Family, num: u32) -> Iface {
    Iface::from_params(IfaceId { host, family, num }, Params::new())
}

#[cfg(test)]
mod tests;
