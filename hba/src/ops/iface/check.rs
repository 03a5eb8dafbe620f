//! What the parameters of an interface come to together: addresses that cannot work with their mask, gateway or neighbours, lengths that
//! contradict each other. One table of checks for whoever stages, who is told, and whoever applies, who is refused what cannot work.
//!
//! Source: RFC 1122 §3.2.1.3, RFC 3021, IEEE 802.1Q, RFC 7143 §13.13–13.14.

use std::net::Ipv4Addr;

use crate::ids::Family;
use crate::model::Iface;
use crate::params::{IfaceCode, IfaceParam, NetParam, ParamValue};

/// Something about an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remark {
    /// What.
    pub(super) text: String,
    /// Whether nothing can work like this.
    pub(super) fatal: bool,
}

/// The interface as it will be when what is staged is applied.
struct Coming<'i>(&'i Iface);

impl Coming<'_> {
    fn value(&self, param: IfaceCode) -> Option<&ParamValue> {
        let staged = self.0.staged.get(param).map(|s| &s.staged);
        staged.or_else(|| self.0.params.value(param))
    }

    fn net(&self, param: NetParam) -> Option<&ParamValue> {
        self.value(IfaceCode::Net(param))
    }

    /// An address that is one.
    fn ipv4(&self, param: NetParam) -> Option<Ipv4Addr> {
        let address: Ipv4Addr = self.net(param)?.as_text()?.parse().ok()?;
        (!address.is_unspecified()).then_some(address)
    }

    fn number(&self, param: IfaceCode) -> Option<u64> {
        self.value(param).and_then(ParamValue::as_number)
    }

    fn is_on(&self, param: NetParam) -> bool {
        self.net(param).and_then(ParamValue::as_flag) == Some(true)
    }

    fn dhcp(&self) -> bool {
        self.net(NetParam::Ipv4Bootproto).and_then(ParamValue::as_text) == Some("dhcp")
    }

    fn address(&self) -> Option<String> {
        let param = crate::params::address_of(self.0.family);
        let text = self.value(param)?.as_text()?;
        let unset = text.parse::<std::net::IpAddr>().is_ok_and(|a| a.is_unspecified());
        (!unset && !text.is_empty()).then(|| text.to_owned())
    }
}

/// What is to be said of an interface as it will be.
pub(super) fn remarks(iface: &Iface) -> Vec<Remark> {
    let coming = Coming(iface);
    let mut all = Vec::new();
    if iface.family == Family::Ipv4 && !coming.dhcp() {
        addresses(&coming, &mut all);
    }
    vlan(&coming, &mut all);
    lengths(&coming, &mut all);
    all
}

/// Other interfaces that will have the same address.
pub(super) fn twins(iface: &Iface, others: &[Iface]) -> Vec<Remark> {
    let Some(address) = Coming(iface).address() else {
        return Vec::new();
    };
    let same = others
        .iter()
        .filter(|o| o.id() != iface.id() && o.enabled != Some(false));
    same.filter(|o| Coming(o).address().as_deref() == Some(address.as_str()))
        .map(|o| Remark {
            text: format!(
                "{} has the address {address} too: on one network only one of them is reached",
                o.name
            ),
            fatal: false,
        })
        .collect()
}

fn addresses(coming: &Coming<'_>, all: &mut Vec<Remark>) {
    let mut say = |fatal, text: String| all.push(Remark { text, fatal });
    let Some(address) = coming.ipv4(NetParam::Ipv4Addr) else {
        return;
    };
    let mask = coming.ipv4(NetParam::Ipv4Subnet).map(Ipv4Addr::to_bits);
    let gateway = coming.ipv4(NetParam::Ipv4Gw);
    if gateway == Some(address) {
        say(
            true,
            format!("the gateway {address} is the interface's own address"),
        );
    }
    let Some(mask) = mask else {
        return say(
            false,
            format!("{address} has no subnet mask: everything counts as its own network"),
        );
    };
    let (own, host) = (address.to_bits(), !mask);
    // A network of two addresses or one has neither a name nor a broadcast address.
    if host > 1 && own & host == 0 {
        say(true, format!("{address} is the network itself, no host in it"));
    } else if host > 1 && own & host == host {
        say(true, format!("{address} is the broadcast address of its network"));
    }
    if let Some(gateway) = gateway.filter(|g| (g.to_bits() ^ own) & mask != 0) {
        say(
            false,
            format!("the gateway {gateway} is not in the network of {address}: the adapter may not reach it"),
        );
    }
}

fn vlan(coming: &Coming<'_>, all: &mut Vec<Remark>) {
    let id = coming.number(IfaceCode::Net(NetParam::VlanId));
    if coming.is_on(NetParam::VlanEnabled) && id == Some(0) {
        all.push(Remark {
            text: "vlan tagging is on with vlan 0: frames carry a priority and belong to no vlan".to_owned(),
            fatal: false,
        });
    }
}

fn lengths(coming: &Coming<'_>, all: &mut Vec<Remark>) {
    let first = coming.number(IfaceCode::Iscsi(IfaceParam::FirstBurst));
    let most = coming.number(IfaceCode::Iscsi(IfaceParam::MaxBurst));
    if let (Some(first), Some(most)) = (first, most)
        && first > most
    {
        all.push(Remark {
            text: format!("first_burst_len ({first}) is longer than max_burst_len ({most})"),
            fatal: true,
        });
    }
}
