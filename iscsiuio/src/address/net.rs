//! What an address can be.

use std::net::{IpAddr, Ipv4Addr};

/// Whether a host can have this IPv4 address, whatever its mask.
pub(super) fn host(address: Ipv4Addr) -> bool {
    let [first, ..] = address.octets();
    // 0/8 is this network, 127/8 the host itself, 224/3 multicast, reserved and broadcast (RFC 1122, section 3.2.1.3).
    first != 0 && first != 127 && first < 224
}

/// Whether both begin with the same `prefix` bits.
pub(super) fn within(address: IpAddr, network: IpAddr, prefix: u8) -> bool {
    let (common, width) = match (address, network) {
        (IpAddr::V4(a), IpAddr::V4(b)) => ((u32::from(a) ^ u32::from(b)).leading_zeros(), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => ((u128::from(a) ^ u128::from(b)).leading_zeros(), 128),
        _ => return false,
    };
    common >= u32::from(prefix).min(width)
}

/// The network mask of a prefix.
pub(super) fn mask(prefix: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_of_every_length() {
        let a: IpAddr = "192.0.2.1".parse().unwrap();
        assert!(within(a, "192.0.2.254".parse().unwrap(), 24));
        assert!(!within(a, "192.0.3.1".parse().unwrap(), 24));
        assert!(within(a, "8.8.8.8".parse().unwrap(), 0));
        assert!(within(a, a, 32));
        assert!(!within(a, "2001:db8::1".parse().unwrap(), 0));
        assert_eq!((mask(0), mask(24), mask(32)), (0, 0xffff_ff00, u32::MAX));
    }
}
