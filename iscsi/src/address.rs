//! Portal addresses in text: `host[:port][,portal-group-tag]`.
//!
//! Source: RFC 7143 section 13.8 (TargetAddress).

use std::{fmt, net::Ipv6Addr, str::FromStr};

/// The port that IANA gave to iSCSI.
pub const ISCSI_PORT: u16 = 3260;

/// A portal of a target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetAddress {
    /// DNS name, IPv4 address, or IPv6 address without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Portal group tag, where one was given.
    pub tag: Option<u16>,
}

/// Not `host[:port][,tag]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed target address")]
pub struct BadAddress;

impl FromStr for TargetAddress {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let (address, tag) = match text.rsplit_once(',') {
            Some((address, tag)) => (address, Some(tag.parse().map_err(|_| BadAddress)?)),
            None => (text, None),
        };
        let (host, port) = match address.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']').ok_or(BadAddress)?;
                // A scope (%eth0) may follow the address.
                let literal = host.split('%').next().unwrap_or_default();
                literal.parse::<Ipv6Addr>().map_err(|_| BadAddress)?;
                match rest {
                    "" => (host, None),
                    _ => (host, Some(rest.strip_prefix(':').ok_or(BadAddress)?)),
                }
            }
            // Some targets leave the brackets out.
            None if address.parse::<Ipv6Addr>().is_ok() => (address, None),
            None => address
                .split_once(':')
                .map_or((address, None), |(host, port)| (host, Some(port))),
        };
        let port = match port {
            Some(port) => port.parse().map_err(|_| BadAddress)?,
            None => ISCSI_PORT,
        };
        let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '[' | ']');
        if host.is_empty() || host.len() > 255 || port == 0 || host.contains(bad) {
            return Err(BadAddress);
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            tag,
        })
    }
}

impl fmt::Display for TargetAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, tag } = self;
        if host.contains(':') {
            write!(f, "[{host}]:{port}")?;
        } else {
            write!(f, "{host}:{port}")?;
        }
        tag.map_or(Ok(()), |tag| write!(f, ",{tag}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_written() {
        for (given, host, port, tag, written) in [
            ("10.0.0.1", "10.0.0.1", 3260, None, "10.0.0.1:3260"),
            ("10.0.0.1:5003,1", "10.0.0.1", 5003, Some(1), "10.0.0.1:5003,1"),
            ("[fd00::1]:3260,2", "fd00::1", 3260, Some(2), "[fd00::1]:3260,2"),
            (
                "[fe80::1%eth0]",
                "fe80::1%eth0",
                3260,
                None,
                "[fe80::1%eth0]:3260",
            ),
            ("fd00::1,7", "fd00::1", 3260, Some(7), "[fd00::1]:3260,7"),
            (
                "storage.example,65535",
                "storage.example",
                3260,
                Some(65535),
                "storage.example:3260,65535",
            ),
        ] {
            let got: TargetAddress = given.parse().unwrap();
            assert_eq!(
                (got.host.as_str(), got.port, got.tag),
                (host, port, tag),
                "{given}"
            );
            assert_eq!(got.to_string(), written);
        }
        for bad in [
            "", ":3260", "a:0", "a:99999", "a,x", "a,65536", "[fd00::1", "[zz]:1", "[::1]1", "a b", "a,1,2",
        ] {
            assert_eq!(bad.parse::<TargetAddress>(), Err(BadAddress), "{bad}");
        }
    }
}
