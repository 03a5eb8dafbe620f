//! Which groups we listen to, told to switches that send a group's frames only where it is listened to.
//!
//! Source: RFC 3810 sections 5.1, 5.2 and 6 (MLDv2), which RFC 4861 section 7.2.1 asks for before a group is used.

use std::net::Ipv6Addr;

use smoltcp::wire::{Icmpv6Packet, IpProtocol};

use super::ip6;

/// All routers that speak MLDv2.
pub(super) const ROUTERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x16);
const REPORT: u8 = 143;
/// The kind of a query's message.
pub(super) const QUERY: u8 = 130;

/// Why a group is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// A router asked (`MODE_IS_EXCLUDE`).
    Asked = 2,
    /// We begin to listen (`CHANGE_TO_EXCLUDE_MODE`).
    Begins = 4,
}

/// The packet that reports `groups`.
pub(super) fn report(source: Ipv6Addr, groups: &[Ipv6Addr], why: Why) -> Vec<u8> {
    let mut bytes = vec![REPORT, 0, 0, 0, 0, 0];
    bytes.extend_from_slice(&u16::try_from(groups.len()).unwrap_or(u16::MAX).to_be_bytes());
    for group in groups {
        bytes.extend_from_slice(&[why as u8, 0, 0, 0]);
        bytes.extend_from_slice(&group.octets());
    }
    Icmpv6Packet::new_unchecked(&mut bytes[..]).fill_checksum(&source, &ROUTERS);
    // Hop-by-hop: next header ICMPv6, router alert, two bytes of padding.
    let options = [IpProtocol::Icmpv6.into(), 0, 5, 2, 0, 0, 1, 0];
    ip6::packet(source, ROUTERS, 1, IpProtocol::HopByHop, &[&options, &bytes])
}

/// The group a query asks for; the unspecified address is all. `bytes` is the whole ICMPv6 message.
pub(super) fn queried(bytes: &[u8]) -> Option<Ipv6Addr> {
    Some(<[u8; 16]>::try_from(bytes.get(8..24)?).ok()?.into())
}
