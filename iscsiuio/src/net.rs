//! What an address of a machine can be, what a prefix means, and how long packets are: for every room of the helper.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The smallest MTU of an interface in bytes: less, and there is no IPv6 (RFC 8200, section 5).
pub(crate) const SMALLEST_MTU: u16 = 1280;
/// The largest MTU of an interface in bytes: what the adapters' jumbo frames hold.
pub(crate) const LARGEST_MTU: u16 = 9000;

/// Whether a host can have this IPv4 address, whatever its mask.
pub(crate) fn host(address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    // 0/8 is this network, 127/8 the host itself, 224/3 multicast, reserved and broadcast (RFC 1122, section 3.2.1.3).
    first != 0 && first != 127 && first < 224
}

/// Whether a host can have this IPv6 address.
pub(crate) fn host6(address: Ipv6Addr) -> bool {
    !address.is_unspecified()
        && !address.is_multicast()
        && !address.is_loopback()
        && address.to_ipv4_mapped().is_none()
}

/// Whether a host can have this IPv6 address beyond its link.
pub(crate) fn global6(address: Ipv6Addr) -> bool {
    host6(address) && !address.is_unicast_link_local()
}

/// Whether an address begins with the first `prefix` bits of a network's, of the same family.
pub(crate) fn within(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    address.is_ipv4() == network.is_ipv4() && common(address, network) >= u32::from(prefix)
}

/// How many bits two addresses of a family begin with in common; none of two families.
pub(crate) fn common(a: IpAddr, b: IpAddr) -> u32 {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u32::from(a) ^ u32::from(b)).leading_zeros(),
        (IpAddr::V6(a), IpAddr::V6(b)) => (u128::from(a) ^ u128::from(b)).leading_zeros(),
        _ => 0,
    }
}

/// The network mask of a prefix.
pub(crate) fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0)
}

/// The first `prefix` bits of an IPv6 address.
pub(crate) fn network6(address: Ipv6Addr, prefix: u8) -> Ipv6Addr {
    let mask = u128::MAX
        .checked_shl(128 - u32::from(prefix.min(128)))
        .unwrap_or(0);
    Ipv6Addr::from(u128::from(address) & mask)
}

/// An address in a prefix of 64 bits, out of the MAC address (RFC 4291, appendix A).
pub(crate) fn eui64(prefix: Ipv6Addr, mac: [u8; 6]) -> Ipv6Addr {
    let [a, b, c, d, e, f] = mac;
    let low = u64::from_be_bytes([a ^ 2, b, c, 0xff, 0xfe, d, e, f]);
    Ipv6Addr::from(u128::from(network6(prefix, 64)) | u128::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_out_of_a_mac_address() {
        let prefix = "2001:db8:1:2:3::".parse().unwrap();
        let expected: Ipv6Addr = "2001:db8:1:2:210:18ff:fe12:3456".parse().unwrap();
        assert_eq!(eui64(prefix, [0, 0x10, 0x18, 0x12, 0x34, 0x56]), expected);
    }

    #[test]
    fn prefixes_of_every_length() {
        let a: IpAddr = "192.0.2.1".parse().unwrap();
        assert!(within(a, "192.0.2.254".parse().unwrap(), 24));
        assert!(!within(a, "192.0.3.1".parse().unwrap(), 24));
        assert!(within(a, "8.8.8.8".parse().unwrap(), 0));
        assert!(within(a, a, 32));
        assert!(!within(a, a, 33), "no such prefix");
        assert!(!within(a, "2001:db8::1".parse().unwrap(), 0));
        assert_eq!((mask(0), mask(24), mask(32)), (0, 0xffff_ff00, u32::MAX));
        let b: Ipv6Addr = "2001:db8::ffff:1".parse().unwrap();
        assert_eq!(network6(b, 0), Ipv6Addr::UNSPECIFIED);
        assert_eq!(network6(b, 128), b);
        assert_eq!(network6(b, 112), "2001:db8::ffff:0".parse::<Ipv6Addr>().unwrap());
    }
}
