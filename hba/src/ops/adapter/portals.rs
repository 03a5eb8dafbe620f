//! An interface's addresses as initiator portals.

use std::net::IpAddr;

use crate::model::{Iface, InitiatorPortal};
use crate::params::{IfaceCode, NetParam, ParamValue};

/// The addresses of an interface that has any: its own, and that of its link.
pub(super) fn of(iface: &Iface) -> Vec<InitiatorPortal> {
    let value = |param| iface.params.value(IfaceCode::Net(param));
    let text = |param| value(param).and_then(ParamValue::as_text).map(str::to_owned);
    let port = value(NetParam::Port)
        .and_then(ParamValue::as_number)
        .and_then(|n| u16::try_from(n).ok());
    let own = (iface.address.clone(), iface.address_state.clone());
    let link = (text(NetParam::Ipv6Linklocal), text(NetParam::Ipv6LinklocalState));
    let kept = iface.helper.iter().flat_map(|helper| &helper.addresses);
    let kept = kept.filter(|a| Some(&a.address) != iface.address.as_ref());
    let kept = kept.map(|a| (Some(a.address.clone()), None));
    [own, link]
        .into_iter()
        .chain(kept)
        .filter_map(|(address, state)| Some((address?.parse::<IpAddr>().ok()?, state)))
        .filter(|(address, _)| iface.enabled != Some(false) && !address.is_unspecified())
        .map(|(address, state)| InitiatorPortal {
            index: 0,
            host: iface.host,
            iface: iface.name.clone(),
            kind: "initiator".to_owned(),
            protocol: "tcp".to_owned(),
            address: address.to_string(),
            state,
            port,
            tag: None,
        })
        .collect()
}
