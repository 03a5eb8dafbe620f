//! Parameters of the control plane as netlink attributes: numbers and widths come from driver-sys's tables, found by sysfs name.

use std::net::IpAddr;

use driver_sys::netlink::code;
use driver_sys::netlink::params::{FlashnodeParam, IfaceParam, NetParam, Object, Param, WireKind};
use driver_sys::netlink::{Attr, Bytes, IfaceAttr, IfaceCode};

use crate::error::{Error, Kind, Result};
use crate::ids::{Family, IfaceId};
use crate::params::{Assignment, ParamValue, Params};

/// Attributes of a flash target.
pub(super) fn flash(params: &[Assignment]) -> Result<Vec<Attr<FlashnodeParam>>> {
    params
        .iter()
        .map(|a| {
            let name = a.spec.name;
            let info = FlashnodeParam::by_attr(Object::FlashSession, name)
                .or_else(|| FlashnodeParam::by_attr(Object::FlashConnection, name))
                .filter(|info| info.settable)
                .ok_or_else(|| unknown(a))?;
            Ok(Attr::new(info.param, bytes(info.kind, a)?))
        })
        .collect()
}

/// Attributes of an interface. `applied` supplies the half of the VLAN tag that is not set.
pub(super) fn iface(id: IfaceId, params: &[Assignment], applied: &Params) -> Result<Vec<IfaceAttr>> {
    let iface_type = match id.family {
        Family::Ipv4 => code::IfaceType::Ipv4,
        Family::Ipv6 => code::IfaceType::Ipv6,
    };
    let mut attrs = Vec::new();
    for a in params.iter().filter(|a| !is_vlan_half(a)) {
        let (param, value) = iface_value(id.family, a)?;
        attrs.push(IfaceAttr {
            iface_num: id.num,
            iface_type,
            param,
            value,
        });
    }
    if params.iter().any(is_vlan_half) {
        let half = |name: &str| -> u64 {
            let wanted = params.iter().find(|a| a.spec.name == name).map(|a| &a.value);
            wanted
                .or_else(|| applied.get(name).and_then(Option::as_ref))
                .and_then(ParamValue::as_number)
                .unwrap_or(0)
        };
        let tag = (half("vlan_id") & 0x0FFF) | (half("vlan_priority") & 7) << 13;
        let value = Bytes::u16(u16::try_from(tag).unwrap_or(0));
        attrs.push(IfaceAttr {
            iface_num: id.num,
            iface_type,
            param: IfaceCode::Net(NetParam::VlanTag),
            value,
        });
    }
    Ok(attrs)
}

/// The driver takes VLAN id and priority as one tag.
fn is_vlan_half(a: &Assignment) -> bool {
    matches!(a.spec.name, "vlan_id" | "vlan_priority")
}

fn iface_value(family: Family, a: &Assignment) -> Result<(IfaceCode, Bytes)> {
    let name = a.spec.name;
    // Words and inverted switches, whose numbers no table has.
    let word = match (name, &a.value) {
        ("bootproto", v) => Some((
            NetParam::Ipv4Bootproto,
            pick(
                v,
                &[("static", code::BOOTPROTO_STATIC), ("dhcp", code::BOOTPROTO_DHCP)],
            ),
        )),
        ("ipaddr_autocfg", v) => Some((
            NetParam::Ipv6AddrAutocfg,
            pick(
                v,
                &[
                    ("static", code::IPV6_AUTOCFG_DISABLE),
                    ("nd", code::IPV6_AUTOCFG_ND),
                    ("dhcpv6", code::IPV6_AUTOCFG_DHCPV6),
                ],
            ),
        )),
        ("link_local_autocfg", v) => Some((
            NetParam::Ipv6LinklocalAutocfg,
            pick(
                v,
                &[("static", code::IPV6_AUTO_OFF), ("auto", code::IPV6_AUTO_ON)],
            ),
        )),
        ("router_autocfg", v) => {
            let on = v.as_flag() == Some(true);
            Some((
                NetParam::Ipv6RouterAutocfg,
                Some(if on {
                    code::IPV6_AUTO_ON
                } else {
                    code::IPV6_AUTO_OFF
                }),
            ))
        }
        _ => None,
    };
    if let Some((param, number)) = word {
        return Ok((
            IfaceCode::Net(param),
            Bytes::u8(number.ok_or_else(|| unknown(a))?),
        ));
    }
    let object = if family == Family::Ipv4 {
        Object::Ipv4Iface
    } else {
        Object::Ipv6Iface
    };
    let net = NetParam::by_attr(object, name).or_else(|| NetParam::by_attr(Object::Iface, name));
    if let Some(info) = net.filter(|i| i.settable) {
        return Ok((IfaceCode::Net(info.param), bytes(info.kind, a)?));
    }
    let info = IfaceParam::by_attr(Object::Iface, name)
        .filter(|i| i.settable)
        .ok_or_else(|| unknown(a))?;
    Ok((IfaceCode::Iscsi(info.param), bytes(info.kind, a)?))
}

fn pick(value: &ParamValue, words: &[(&str, u8)]) -> Option<u8> {
    let text = value.as_text()?;
    words.iter().find(|w| w.0 == text).map(|w| w.1)
}

fn bytes(kind: WireKind, a: &Assignment) -> Result<Bytes> {
    let number = || match &a.value {
        ParamValue::Flag(on) => Some(u64::from(*on)),
        ParamValue::Number(n) => Some(*n),
        ParamValue::Text(_) => None,
    };
    let address = || a.value.as_text().and_then(|t| t.parse::<IpAddr>().ok());
    let found = match kind {
        WireKind::U8 => number().and_then(|n| u8::try_from(n).ok()).map(Bytes::u8),
        WireKind::U16 => number().and_then(|n| u16::try_from(n).ok()).map(Bytes::u16),
        WireKind::U32 => number().and_then(|n| u32::try_from(n).ok()).map(Bytes::u32),
        WireKind::OnOff => a
            .value
            .as_flag()
            .map(|on| Bytes::u8(if on { code::ON } else { code::OFF })),
        WireKind::OffOn => a
            .value
            .as_flag()
            .map(|on| Bytes::u8(if on { code::OFF } else { code::ON })),
        WireKind::Ipv4 => address().filter(IpAddr::is_ipv4).map(Bytes::addr),
        WireKind::Ipv6 => address().filter(IpAddr::is_ipv6).map(Bytes::addr),
        WireKind::Ip => address().map(Bytes::addr16),
        WireKind::Bytes(6) => a.value.as_text().and_then(six).map(Bytes::new),
        WireKind::Text | WireKind::Ascii(_) => a.value.as_text().map(Bytes::text),
        WireKind::CText => a.value.as_text().map(Bytes::c_text),
        WireKind::Bytes(_) | WireKind::Secret => None,
    };
    found.ok_or_else(|| unknown(a))
}

/// Six bytes from twelve hex digits.
fn six(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(byte).collect();
    bytes.filter(|b| b.len() == 6 && digits.len() == 12)
}

fn unknown(a: &Assignment) -> Error {
    Error::new(Kind::Unsupported, format!("set {} to {}", a.spec.name, a.value))
        .answered("the driver takes no such parameter or value")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::HostNo;
    use crate::params::{Access, FLASH, IFACE, ParamKind, fits_family};

    fn sample(kind: ParamKind, family: Family) -> String {
        match kind {
            ParamKind::Flag => "on".into(),
            ParamKind::Number { min, .. } | ParamKind::Bytes { min, .. } => min.to_string(),
            ParamKind::Ipv4 => "10.0.0.1".into(),
            ParamKind::Ipv6 => "fe80::1".into(),
            ParamKind::Ip => if family == Family::Ipv4 {
                "10.0.0.1"
            } else {
                "fec0::1"
            }
            .into(),
            ParamKind::Text(_) => "text".into(),
            ParamKind::Isid => "011e0e010040".into(),
            ParamKind::Choice(words) => words[0].into(),
            ParamKind::Secret => unreachable!("secrets are not settable"),
        }
    }

    #[test]
    fn every_settable_parameter_has_an_encoding() {
        for spec in FLASH.iter().filter(|s| s.settable()) {
            let a = Assignment::new(FLASH, spec.name, &sample(spec.kind, Family::Ipv4)).expect(spec.name);
            assert_eq!(flash(&[a]).expect(spec.name).len(), 1);
        }
        for family in [Family::Ipv4, Family::Ipv6] {
            let id = IfaceId {
                host: HostNo(0),
                family,
                num: 0,
            };
            for spec in IFACE
                .iter()
                .filter(|s| s.settable() && fits_family(s.name, family))
            {
                let a = Assignment::new(IFACE, spec.name, &sample(spec.kind, family)).expect(spec.name);
                assert_eq!(
                    iface(id, &[a], &Params::new()).expect(spec.name).len(),
                    1,
                    "{}",
                    spec.name
                );
            }
        }
    }

    #[test]
    fn what_the_driver_does_not_take_is_read_only_in_our_tables() {
        for info in FlashnodeParam::table().iter().filter(|i| !i.settable) {
            let spec = FLASH.iter().find(|s| Some(s.name) == info.attr).expect("row");
            assert!(matches!(spec.access, Access::ReadOnly(_)), "{}", spec.name);
        }
    }

    #[test]
    fn every_flash_parameter_of_the_kernel_is_in_our_table() {
        for info in FlashnodeParam::table() {
            let name = info.attr.expect("every flash parameter has an attribute");
            assert!(FLASH.iter().any(|s| s.name == name), "{name}");
        }
        assert_eq!(FLASH.len(), FlashnodeParam::table().len());
    }

    #[test]
    fn vlan_id_and_priority_travel_as_one_tag() {
        let id = IfaceId {
            host: HostNo(0),
            family: Family::Ipv4,
            num: 0,
        };
        let a = Assignment::new(IFACE, "vlan_priority", "5").expect("valid");
        let applied = Params::from([("vlan_id".to_owned(), Some(ParamValue::Number(100)))]);
        let attrs = iface(id, &[a], &applied).expect("encoded");
        assert_eq!(attrs[0].param, IfaceCode::Net(NetParam::VlanTag));
        assert_eq!(attrs[0].value.to_u16(), Some(5 << 13 | 100));
    }

    /// `ql4_os.c`, `qla4xxx_set_ipv4` and `qla4xxx_set_ipv6`: these set the disabling bit for "disable" (1), all others set theirs
    /// for "enable" (2).
    #[test]
    fn switches_that_deny_a_feature_turn_it_off_when_they_are_on() {
        let denying = ["tcp_nagle_disable", "tcp_wsf_disable", "fragment_disable"];
        let id = IfaceId {
            host: HostNo(0),
            family: Family::Ipv4,
            num: 0,
        };
        let sent = |name: &str, value: &str| {
            let a = Assignment::new(IFACE, name, value).expect(name);
            iface(id, &[a], &Params::new()).expect(name)[0].value.to_u8()
        };
        for info in NetParam::table() {
            let Some(name) = info.attr.filter(|n| fits_family(n, Family::Ipv4)) else {
                continue;
            };
            match info.kind {
                WireKind::OnOff | WireKind::OffOn if info.settable => {
                    assert_eq!(info.kind == WireKind::OffOn, denying.contains(&name), "{name}");
                    let (on, off) = if denying.contains(&name) { (1, 2) } else { (2, 1) };
                    assert_eq!(
                        (sent(name, "on"), sent(name, "off")),
                        (Some(on), Some(off)),
                        "{name}"
                    );
                }
                _ => {}
            }
        }
    }

    #[test]
    fn isid_is_six_bytes_and_nothing_else() {
        assert_eq!(six("011e0e010040"), Some(vec![1, 0x1e, 0x0e, 1, 0, 0x40]));
        assert_eq!(six("011e0e0100"), None);
        assert_eq!(six("011e0e01004g"), None);
    }
}
