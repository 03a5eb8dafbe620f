//! Addresses and portals as attributes spell them.
//!
//! Owns: [`Address`] (text that may be an IP address), [`Portal`]. Must not know: name resolution.
//! Two spellings of one IPv6 address are the same address; names compare without case.

use std::fmt;
use std::net::IpAddr;

/// An address as the kernel spells it: an IP address in any spelling, or a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address(Box<str>);

impl Address {
    /// Wraps a spelling.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The IP address, without brackets and scope, if it is one.
    pub fn ip(&self) -> Option<IpAddr> {
        let bare = self
            .0
            .strip_prefix('[')
            .and_then(|t| t.strip_suffix(']'))
            .unwrap_or(&self.0);
        let bare = bare.split('%').next().unwrap_or(bare);
        bare.parse().ok()
    }

    /// Whether both name the same address: equal IP addresses in any spelling, else equal text without case.
    pub fn same(&self, other: &Self) -> bool {
        match (self.ip(), other.ip()) {
            (Some(a), Some(b)) => a == b && self.scope() == other.scope(),
            (None, None) => self.0.eq_ignore_ascii_case(&other.0),
            _ => false,
        }
    }

    /// Whether this is the all-zero address, the drivers' way of saying "not configured".
    pub fn is_unspecified(&self) -> bool {
        self.ip().is_some_and(|ip| ip.is_unspecified())
    }

    fn scope(&self) -> Option<&str> {
        self.0
            .split_once('%')
            .map(|(_, scope)| scope.trim_end_matches(']'))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Address and TCP port.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Portal {
    /// Address or name.
    pub address: Address,
    /// TCP port.
    pub port: u16,
}

impl fmt::Display for Portal {
    /// `address:port`, IPv6 in brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.address.as_str();
        if text.contains(':') && !text.starts_with('[') {
            write!(f, "[{text}]:{}", self.port)
        } else {
            write!(f, "{text}:{}", self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_ipv6_address_are_the_same() {
        let long = Address::new("fe80:0000:0000:0000:02c0:ddff:fe11:2233");
        assert!(long.same(&Address::new("[FE80::2c0:ddff:fe11:2233]")));
        assert!(!long.same(&Address::new("fe80::2c0:ddff:fe11:2233%eth0")));
        assert!(!long.same(&Address::new("fe80::1")));
    }

    #[test]
    fn names_compare_without_case_and_never_equal_an_address() {
        assert!(Address::new("Array-1.example").same(&Address::new("array-1.EXAMPLE")));
        assert!(!Address::new("10.0.0.1").same(&Address::new("array-1")));
    }

    #[test]
    fn portal_brackets_ipv6_once() {
        let portal = |text: &str| {
            Portal {
                address: Address::new(text),
                port: 3260,
            }
            .to_string()
        };
        assert_eq!(portal("10.0.0.1"), "10.0.0.1:3260");
        assert_eq!(portal("fec0::2"), "[fec0::2]:3260");
        assert_eq!(portal("[fec0::2]"), "[fec0::2]:3260");
    }
}
