//! Values that have the right form and make no sense anywhere: addresses that nobody can have, masks with holes; and what everybody
//! writes for a mask.
//!
//! Owns what can be said of one value alone. What depends on others, operations look at. Source: RFC 1122 §3.2.1.3, RFC 4632 §3.1,
//! RFC 4291 §2.5–2.7.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{FlashnodeParam, IfaceCode, NetParam, ParamValue};

/// A mask that was written as the length of a prefix (`24` or `/24`), as a mask.
pub(super) fn mask(text: &str) -> Cow<'_, str> {
    let digits = text.strip_prefix('/').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    match digits.parse::<u32>() {
        Ok(length @ 0..=32) if plain => Cow::Owned(of_prefix(length).to_string()),
        _ => Cow::Borrowed(text),
    }
}

/// The mask of a prefix's length, which is at most 32.
pub(super) fn of_prefix(length: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::MAX.checked_shl(32 - length.min(32)).unwrap_or(0))
}

/// Why nobody can use a value for a parameter of an interface.
pub(super) fn iface(param: IfaceCode, value: &ParamValue) -> Option<&'static str> {
    let IfaceCode::Net(param) = param else { return None };
    let text = value.as_text()?;
    match param {
        NetParam::Ipv4Subnet => has_holes(text.parse().ok()?)
            .then_some("a mask has no holes: ones, then zeros (or a prefix length, as 24)"),
        NetParam::Ipv4Addr | NetParam::Ipv4Gw => host4(text.parse().ok()?),
        NetParam::Ipv6Addr | NetParam::Ipv6Router => host6(text.parse().ok()?),
        NetParam::Ipv6Linklocal => {
            let address: Ipv6Addr = text.parse().ok()?;
            let fits = address.is_unicast_link_local() || address.is_unspecified();
            (!fits).then_some("a link-local address begins with fe80")
        }
        _ => None,
    }
}

/// Why nobody can use a value for a parameter of a flash target.
pub(super) fn flash(param: FlashnodeParam, value: &ParamValue) -> Option<&'static str> {
    if param != FlashnodeParam::Ipaddr {
        return None;
    }
    match value.as_text()?.parse().ok()? {
        IpAddr::V4(address) if address.is_unspecified() => Some("no target is at 0.0.0.0"),
        IpAddr::V6(address) if address.is_unspecified() => Some("no target is at ::"),
        IpAddr::V4(address) => host4(address),
        IpAddr::V6(address) => host6(address),
    }
}

fn has_holes(mask: Ipv4Addr) -> bool {
    mask.to_bits().leading_ones() + mask.to_bits().trailing_zeros() < 32
}

/// Why no host has such an address. 0.0.0.0 stands for none.
fn host4(address: Ipv4Addr) -> Option<&'static str> {
    if address.is_broadcast() {
        Some("it is the broadcast address")
    } else if address.is_multicast() {
        Some("it is a multicast address")
    } else if address.octets()[0] >= 240 {
        Some("it is a reserved address")
    } else if address.octets()[0] == 0 && !address.is_unspecified() {
        Some("addresses that begin with 0 name no host")
    } else {
        None
    }
}

fn host6(address: Ipv6Addr) -> Option<&'static str> {
    if address.is_multicast() {
        Some("it is a multicast address")
    } else if address.to_ipv4_mapped().is_some() {
        Some("it is an ipv4 address in the form of ipv6: write it as 10.0.0.1")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::Assignment;
    use crate::error::Kind;
    use crate::params::{FlashnodeParam, IfaceCode};

    #[test]
    fn a_mask_is_written_as_everybody_writes_it() {
        let value = |text: &str| {
            Assignment::<IfaceCode>::parse(text)
                .expect(text)
                .value
                .to_string()
        };
        for (text, mask) in [
            ("subnet=24", "255.255.255.0"),
            ("subnet=/8", "255.0.0.0"),
            ("subnet=0", "0.0.0.0"),
            ("subnet=32", "255.255.255.255"),
            ("subnet=255.255.254.0", "255.255.254.0"),
        ] {
            assert_eq!(value(text), mask, "{text}");
        }
    }

    #[test]
    fn what_nobody_can_have_is_refused_with_the_reason() {
        for (text, why) in [
            ("subnet=255.0.255.0", "no holes"),
            ("subnet=33", "ipv4 address"),
            ("ipaddress=224.0.0.1", "multicast"),
            ("gateway=224.0.0.1", "multicast"),
            ("gateway=255.255.255.255", "broadcast"),
            ("ipaddress=240.0.0.1", "reserved"),
            ("ipaddress=0.0.0.9", "begin with 0"),
            ("ipaddress=ff02::1", "multicast"),
            ("ipaddress=::ffff:10.0.0.1", "write it as"),
            ("link_local_addr=fd00::1", "fe80"),
            ("router_addr=ff02::2", "multicast"),
            ("vlan_id=4095", "from 0 to 4094"),
            ("ttl=0", "from 1 to 255"),
            ("hop_limit=0", "from 1 to 255"),
            ("tcp_wsf=15", "from 0 to 14"),
            ("port=0", "from 1"),
            ("mtu=0", "from 576"),
        ] {
            let e = Assignment::<IfaceCode>::parse(text).expect_err(text);
            assert_eq!(e.kind(), Kind::Invalid, "{text}");
            assert!(e.to_string().contains(why), "{text}: {e}");
        }
        for text in [
            "ipaddress=0.0.0.0",
            "ipaddress=127.0.0.21",
            "ipaddress=::",
            "gateway=0.0.0.0",
            "link_local_addr=fe80::1",
        ] {
            assert!(Assignment::<IfaceCode>::parse(text).is_ok(), "{text}");
        }
        for text in [
            "ipaddress=255.255.255.255",
            "ipaddress=0.0.0.0",
            "ipaddress=ff02::1",
            "ipaddress=::",
            "def_time2wait=3601",
            "tcp_xmit_wsf=15",
        ] {
            assert!(
                Assignment::<FlashnodeParam>::parse(text).is_err_and(|e| e.kind() == Kind::Invalid),
                "{text}"
            );
        }
    }
}
