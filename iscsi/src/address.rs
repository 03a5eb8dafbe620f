//! Portal addresses in text: `host[:port][,portal-group-tag]`.
//!
//! Owns how they are read and the one way in which they are written. Must not resolve names, nor know whether an address can be
//! reached. Source: RFC 7143 section 13.8 (TargetAddress), RFC 4007 section 11 (zones), RFC 5952 (the text form).

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use crate::number;

/// The port that IANA gave to iSCSI.
pub const ISCSI_PORT: u16 = 3260;
/// Longest host name in bytes.
const MAX_HOST: usize = 255;

/// Where a portal is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// An address.
    Ip(IpAddr),
    /// An IPv6 address with a zone. A zone means something to who wrote it only: it names an interface of his.
    Scoped(Ipv6Addr, Box<str>),
    /// A name for the DNS.
    Name(Box<str>),
}

impl Host {
    /// The address, without its zone; `None` for a name.
    #[must_use]
    pub const fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(ip) => Some(*ip),
            Self::Scoped(ip, _) => Some(IpAddr::V6(*ip)),
            Self::Name(_) => None,
        }
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Self {
        Self::Ip(ip)
    }
}

impl FromStr for Host {
    type Err = BadAddress;

    /// Brackets around IPv6 may be there or not.
    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let (bare, brackets) = match text.strip_prefix('[') {
            Some(rest) => (rest.strip_suffix(']').ok_or(BadAddress)?, true),
            None => (text, false),
        };
        if let Ok(ip) = bare.parse::<IpAddr>() {
            return if brackets && ip.is_ipv4() {
                Err(BadAddress)
            } else {
                Ok(Self::Ip(ip))
            };
        }
        let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, ',' | '[' | ']');
        if bare.is_empty() || bare.len() > MAX_HOST || bare.contains(bad) {
            return Err(BadAddress);
        }
        if let Some((address, zone)) = bare.split_once('%')
            && let Ok(ip) = address.parse::<Ipv6Addr>()
        {
            return if zone.is_empty() {
                Err(BadAddress)
            } else {
                Ok(Self::Scoped(ip, zone.into()))
            };
        }
        // What looks like an address and is none is no name either.
        if brackets || bare.contains([':', '%']) {
            return Err(BadAddress);
        }
        Ok(Self::Name(bare.into()))
    }
}

impl fmt::Display for Host {
    /// Without brackets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => ip.fmt(f),
            Self::Scoped(ip, zone) => write!(f, "{ip}%{zone}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// A portal of a target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetAddress {
    /// Where.
    pub host: Host,
    /// TCP port.
    pub port: u16,
    /// Portal group tag, where one was given.
    pub tag: Option<u16>,
}

impl TargetAddress {
    /// What can be connected to; `None` for a name. The zone of another's interface is left out.
    #[must_use]
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        self.host.ip().map(|ip| SocketAddr::new(ip, self.port))
    }
}

impl From<SocketAddr> for TargetAddress {
    fn from(at: SocketAddr) -> Self {
        Self {
            host: Host::Ip(at.ip()),
            port: at.port(),
            tag: None,
        }
    }
}

/// Not `host[:port][,tag]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a portal is HOST[:PORT][,TAG]: a name, an IPv4 address, or an IPv6 address in brackets")]
pub struct BadAddress;

impl FromStr for TargetAddress {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let (address, tag) = match text.rsplit_once(',') {
            Some((address, tag)) => (address, Some(number::parse_tag(tag).ok_or(BadAddress)?)),
            None => (text, None),
        };
        let (host, port) = if address.starts_with('[') {
            let end = address.find(']').ok_or(BadAddress)?;
            let (host, rest) = address.split_at_checked(end + 1).ok_or(BadAddress)?;
            match rest {
                "" => (host, None),
                _ => (host, Some(rest.strip_prefix(':').ok_or(BadAddress)?)),
            }
        } else if matches!(address.parse(), Ok(Host::Ip(_) | Host::Scoped(..))) {
            // Some targets leave the brackets out.
            (address, None)
        } else {
            address
                .split_once(':')
                .map_or((address, None), |(host, port)| (host, Some(port)))
        };
        let port = match port {
            Some(port) => number::parse(port).filter(|port| *port != 0).ok_or(BadAddress)?,
            None => ISCSI_PORT,
        };
        Ok(Self {
            host: host.parse()?,
            port,
            tag,
        })
    }
}

impl fmt::Display for TargetAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, tag } = self;
        match host {
            Host::Ip(IpAddr::V6(_)) | Host::Scoped(..) => write!(f, "[{host}]:{port}")?,
            Host::Ip(IpAddr::V4(_)) | Host::Name(_) => write!(f, "{host}:{port}")?,
        }
        tag.map_or(Ok(()), |tag| write!(f, ",{tag}"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Host {
        Host::Name(text.into())
    }

    fn ip(text: &str) -> Host {
        Host::Ip(text.parse().unwrap())
    }

    #[test]
    fn every_form_is_read_and_written_in_one_way() {
        let scoped = || Host::Scoped("fe80::1".parse().unwrap(), "enp0s9".into());
        for (given, host, port, tag, written) in [
            ("10.0.0.1", ip("10.0.0.1"), 3260, None, "10.0.0.1:3260"),
            (
                "10.0.0.1:5003,1",
                ip("10.0.0.1"),
                5003,
                Some(1),
                "10.0.0.1:5003,1",
            ),
            (
                "10.9.9.9:0xCBC,0x0001",
                ip("10.9.9.9"),
                3260,
                Some(1),
                "10.9.9.9:3260,1",
            ),
            (
                "[fd00::1]:3260,2",
                ip("fd00::1"),
                3260,
                Some(2),
                "[fd00::1]:3260,2",
            ),
            ("[FD00:0:0::1]", ip("fd00::1"), 3260, None, "[fd00::1]:3260"),
            (
                "[fe80::1%enp0s9]:3261,1",
                scoped(),
                3261,
                Some(1),
                "[fe80::1%enp0s9]:3261,1",
            ),
            ("fe80::1%enp0s9", scoped(), 3260, None, "[fe80::1%enp0s9]:3260"),
            ("fd00::1,7", ip("fd00::1"), 3260, Some(7), "[fd00::1]:3260,7"),
            (
                "storage.example,65535",
                name("storage.example"),
                3260,
                Some(65535),
                "storage.example:3260,65535",
            ),
            ("storage_1:3261", name("storage_1"), 3261, None, "storage_1:3261"),
        ] {
            let got: TargetAddress = given.parse().unwrap();
            assert_eq!((&got.host, got.port, got.tag), (&host, port, tag), "{given}");
            assert_eq!(got.to_string(), written);
            assert_eq!(got.socket_addr().is_some(), !matches!(host, Host::Name(_)));
        }
    }

    #[test]
    fn anything_else_is_no_portal() {
        for bad in [
            "",
            ":3260",
            "a:0",
            "a:99999",
            "a,x",
            "a,65536",
            "[fd00::1",
            "[zz]:1",
            "[::1]1",
            "a b",
            "a,1,2",
            "[a]",
            "[10.0.0.1]",
            "fe80::1%",
            "a%b",
            "[]",
            "1:2:3",
        ] {
            assert_eq!(bad.parse::<TargetAddress>(), Err(BadAddress), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(text in "\\PC{0,40}") {
            if let Ok(address) = text.parse::<TargetAddress>() {
                prop_assert_eq!(address.to_string().parse::<TargetAddress>(), Ok(address));
            }
        }

        #[test]
        fn addresses_round_trip(at in any::<(std::net::IpAddr, u16)>(), tag in any::<Option<u16>>()) {
            prop_assume!(at.1 != 0);
            let address = TargetAddress { tag, ..SocketAddr::from(at).into() };
            prop_assert_eq!(address.socket_addr(), Some(SocketAddr::from(at)));
            prop_assert_eq!(address.to_string().parse::<TargetAddress>(), Ok(address));
        }
    }
}
