//! `/sys/class/iscsi_iface/{ipv4,ipv6}-iface-H-N`: names of the IP configurations of an adapter's port.
//!
//! Owns: [`IfaceId`]. Must not know: what an iface shows; those are parameters ([`crate::netlink::params`]).
//! Source: kernel `scsi_transport_iscsi.c` (`iscsi_create_iface`).

use std::fmt;

use super::listing::number_after;

/// Address family of an iface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// IPv4
    Ipv4,
    /// IPv6
    Ipv6,
}

/// An iface's name: family, host and number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IfaceId {
    /// Host number.
    pub host_no: u32,
    /// Address family.
    pub family: Family,
    /// Number within the family.
    pub number: u32,
}

impl IfaceId {
    /// From `ipv4-iface-H-N` or `ipv6-iface-H-N`.
    pub fn parse(name: &str) -> Option<Self> {
        let (family, rest) = match name.strip_prefix("ipv4-iface-") {
            Some(rest) => (Family::Ipv4, rest),
            None => (Family::Ipv6, name.strip_prefix("ipv6-iface-")?),
        };
        let (host, number) = rest.split_once('-')?;
        Some(Self {
            host_no: number_after(host, "")?,
            family,
            number: number_after(number, "")?,
        })
    }
}

impl fmt::Display for IfaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = match self.family {
            Family::Ipv4 => "ipv4",
            Family::Ipv6 => "ipv6",
        };
        write!(f, "{family}-iface-{}-{}", self.host_no, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iface_names_round_trip_and_foreign_names_do_not() {
        for name in ["ipv4-iface-0-0", "ipv6-iface-12-1"] {
            assert_eq!(
                IfaceId::parse(name).map(|id| id.to_string()).as_deref(),
                Some(name)
            );
        }
        for name in [
            "ipv4-iface-0",
            "ipv5-iface-0-0",
            "ipv4-iface-0-0-0",
            "ipv4-iface--1-0",
            "eth0",
        ] {
            assert_eq!(IfaceId::parse(name), None, "{name}");
        }
    }
}
