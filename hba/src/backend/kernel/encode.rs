//! Parameters of the control plane as netlink attributes: numbers, widths, words and polarity are those of driver-sys's rows.

use std::net::IpAddr;

use driver_sys::netlink::code;
use driver_sys::netlink::params::{FlashnodeParam, NetParam, ParamInfo, Polarity, WireKind};
use driver_sys::netlink::{Attr, Bytes, IfaceAttr, IfaceCode};

use crate::error::{Error, Kind, Result};
use crate::ids::{Family, IfaceId};
use crate::params::{Assignment, ParamValue, Params, Settable, fits_family};
use crate::quirks::Take;

/// Attributes of a flash target.
pub(super) fn flash(params: &[Assignment<FlashnodeParam>]) -> Result<Vec<Attr<FlashnodeParam>>> {
    params.iter().map(|a| Ok(Attr::new(a.param, bytes(a)?))).collect()
}

/// Attributes of an interface. `applied` supplies the half of the VLAN tag that is not set.
pub(super) fn iface(
    id: IfaceId,
    params: &[Assignment<IfaceCode>],
    applied: &Params<IfaceCode>,
) -> Result<Vec<IfaceAttr>> {
    let iface_type = match id.family {
        Family::Ipv4 => code::IfaceType::Ipv4,
        Family::Ipv6 => code::IfaceType::Ipv6,
    };
    let attr = |param, value| IfaceAttr {
        iface_num: id.num,
        iface_type,
        param,
        value,
    };
    let mut attrs = Vec::new();
    for a in params.iter().filter(|a| !is_vlan_half(a)) {
        if !fits_family(a.param, id.family) {
            return Err(unknown(a));
        }
        attrs.push(attr(a.param, bytes(a)?));
    }
    if params.iter().any(is_vlan_half) {
        let half = |param: NetParam| -> u64 {
            let param = IfaceCode::Net(param);
            let wanted = params.iter().find(|a| a.param == param).map(|a| &a.value);
            wanted
                .or_else(|| applied.value(param))
                .and_then(ParamValue::as_number)
                .unwrap_or(0)
        };
        let tag = (half(NetParam::VlanId) & 0x0FFF) | (half(NetParam::VlanPriority) & 7) << 13;
        let value = Bytes::u16(u16::try_from(tag).unwrap_or(0));
        attrs.push(attr(IfaceCode::Net(NetParam::VlanTag), value));
    }
    Ok(attrs)
}

/// The driver takes VLAN id and priority as one tag.
fn is_vlan_half(a: &Assignment<IfaceCode>) -> bool {
    a.param.take() == Take::Within(NetParam::VlanTag)
}

fn bytes<P: Settable>(a: &Assignment<P>) -> Result<Bytes> {
    let taken = a.param.take().why_not().is_none();
    let info = a.param.info().filter(|_| taken);
    info.and_then(|info| encode(info, &a.value))
        .ok_or_else(|| unknown(a))
}

fn encode(info: &ParamInfo, value: &ParamValue) -> Option<Bytes> {
    let number = || match value {
        ParamValue::Flag(on) => Some(u64::from(*on)),
        ParamValue::Number(n) => Some(*n),
        ParamValue::Text(word) => info.values.number(word).map(u64::from),
    };
    let address = || value.as_text().and_then(|t| t.parse::<IpAddr>().ok());
    match info.kind {
        WireKind::U8 => number().and_then(|n| u8::try_from(n).ok()).map(Bytes::u8),
        WireKind::U16 => number().and_then(|n| u16::try_from(n).ok()).map(Bytes::u16),
        WireKind::U32 => number().and_then(|n| u32::try_from(n).ok()).map(Bytes::u32),
        WireKind::OnOff => {
            let on = value.as_flag()? != (info.polarity == Polarity::Inverted);
            Some(Bytes::u8(if on { code::ON } else { code::OFF }))
        }
        WireKind::Ipv4 => address().filter(IpAddr::is_ipv4).map(Bytes::addr),
        WireKind::Ipv6 => address().filter(IpAddr::is_ipv6).map(Bytes::addr),
        WireKind::Ip => address().map(Bytes::addr16),
        WireKind::Bytes(6) => value.as_text().and_then(six).map(Bytes::new),
        WireKind::Text | WireKind::Ascii => value.as_text().map(Bytes::text),
        WireKind::CText => value.as_text().map(Bytes::c_text),
        WireKind::Bytes(_) | WireKind::Secret => None,
    }
}

/// Six bytes from twelve hex digits.
fn six(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    bytes.filter(|b| b.len() == 6 && digits.len() == 12)
}

fn unknown<P: Settable>(a: &Assignment<P>) -> Error {
    Error::new(Kind::Unsupported, format!("set {} to {}", a.name(), a.value))
        .answered("the driver takes no such parameter or value")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::HostNo;
    use crate::params::{Parameter, Values};

    const ID: IfaceId = IfaceId {
        host: HostNo(0),
        family: Family::Ipv4,
        num: 0,
    };

    fn sample(values: Values, family: Family) -> String {
        match values {
            Values::Flag => "on".into(),
            Values::Number { min, .. } | Values::Bytes { min, .. } => min.to_string(),
            Values::Ipv4 => "10.0.0.1".into(),
            Values::Ipv6 => "fe80::1".into(),
            Values::Ip => if family == Family::Ipv4 {
                "10.0.0.1"
            } else {
                "fec0::1"
            }
            .into(),
            Values::Text(_) => "text".into(),
            Values::Name => "iqn.2026-11.org.example:disk".into(),
            Values::Isid => "011e0e010040".into(),
            Values::Words(words) => words[0].0.into(),
            Values::Secret => unreachable!("secrets are not settable"),
        }
    }

    fn settable<P: Settable>() -> impl Iterator<Item = P> {
        P::all().filter(|param| param.take().why_not().is_none())
    }

    fn some<P: Settable>(param: P, family: Family) -> Assignment<P> {
        let values = param.info().expect("a row").values;
        let sample = sample(values, family);
        // A mask and an address of a link are no address as another.
        let all = [sample.as_str(), "255.0.0.0", "fe80::1"];
        let valid = all.iter().find_map(|text| Assignment::new(param, text).ok());
        valid.expect("valid")
    }

    #[test]
    fn every_settable_parameter_has_an_encoding() {
        for param in settable::<FlashnodeParam>() {
            let a = some(param, Family::Ipv4);
            assert_eq!(flash(&[a]).map(|attrs| attrs.len()), Ok(1), "{param:?}");
        }
        for family in [Family::Ipv4, Family::Ipv6] {
            let id = IfaceId { family, ..ID };
            for param in settable::<IfaceCode>().filter(|param| fits_family(*param, family)) {
                let a = some(param, family);
                let attrs = iface(id, &[a], &Params::new());
                assert_eq!(attrs.map(|attrs| attrs.len()), Ok(1), "{param:?}");
            }
        }
    }

    /// `ql4_os.c`, `qla4xxx_sysfs_ddb_set_param`: these have no case there. The portal type has one, which keeps the old length.
    #[test]
    fn what_the_driver_does_not_take_is_refused() {
        let refused: Vec<_> = FlashnodeParam::ALL
            .iter()
            .filter(|param| matches!(param.take(), Take::Refused(_) | Take::Instead(_)))
            .collect();
        assert_eq!(
            refused,
            [
                &FlashnodeParam::DiscoveryParentType,
                &FlashnodeParam::ChapInIdx,
                &FlashnodeParam::Username,
                &FlashnodeParam::UsernameIn,
                &FlashnodeParam::Password,
                &FlashnodeParam::PasswordIn,
                &FlashnodeParam::IsBootTgt
            ]
        );
    }

    #[test]
    fn vlan_id_and_priority_travel_as_one_tag() {
        let a = Assignment::named("vlan_priority", "5").expect("valid");
        let id = (IfaceCode::Net(NetParam::VlanId), Some(ParamValue::Number(100)));
        let attrs = iface(ID, &[a], &[id].into_iter().collect()).expect("encoded");
        assert_eq!(attrs[0].param, IfaceCode::Net(NetParam::VlanTag));
        assert_eq!(attrs[0].value.to_u16(), Some(5 << 13 | 100));
    }

    fn sent(family: Family, name: &str, value: &str) -> Option<u8> {
        let a = Assignment::named(name, value).expect(name);
        let id = IfaceId { family, ..ID };
        iface(id, &[a], &Params::new()).expect(name)[0].value.to_u8()
    }

    /// `ql4_os.c`, `qla4xxx_set_ipv4` and `qla4xxx_set_ipv6`: these set the disabling bit for "disable" (1), all others set theirs
    /// for "enable" (2).
    #[test]
    fn switches_that_deny_a_feature_turn_it_off_when_they_are_on() {
        let denying = ["tcp_nagle_disable", "tcp_wsf_disable", "fragment_disable"];
        let switches = settable::<IfaceCode>().filter(|param| {
            let is_switch = param.info().is_some_and(|info| info.kind == WireKind::OnOff);
            is_switch && fits_family(*param, Family::Ipv4)
        });
        for name in switches.map(Parameter::name) {
            let (on, off) = if denying.contains(&name) { (1, 2) } else { (2, 1) };
            let both = (sent(Family::Ipv4, name, "on"), sent(Family::Ipv4, name, "off"));
            assert_eq!(both, (Some(on), Some(off)), "{name}");
        }
    }

    /// `iscsi_if.h`: `ISCSI_BOOTPROTO_*`, `ISCSI_IPV6_AUTOCFG_*`, `ISCSI_IPV6_LINKLOCAL_AUTOCFG_*`, `ISCSI_IPV6_ROUTER_AUTOCFG_*`.
    #[test]
    fn words_and_autoconfiguration_have_the_numbers_of_the_kernel() {
        for (family, name, value, number) in [
            (Family::Ipv4, "bootproto", "static", 1),
            (Family::Ipv4, "bootproto", "dhcp", 2),
            (Family::Ipv6, "ipaddr_autocfg", "static", 1),
            (Family::Ipv6, "ipaddr_autocfg", "nd", 2),
            (Family::Ipv6, "ipaddr_autocfg", "dhcpv6", 3),
            (Family::Ipv6, "link_local_autocfg", "auto", 1),
            (Family::Ipv6, "link_local_autocfg", "static", 2),
            (Family::Ipv6, "router_autocfg", "on", 1),
            (Family::Ipv6, "router_autocfg", "off", 2),
        ] {
            assert_eq!(sent(family, name, value), Some(number), "{name}={value}");
        }
    }

    #[test]
    fn isid_is_six_bytes_and_nothing_else() {
        assert_eq!(six("011e0e010040"), Some(vec![1, 0x1e, 0x0e, 1, 0, 0x40]));
        assert_eq!(six("011e0e0100"), None);
        assert_eq!(six("011e0e01004g"), None);
    }
}
