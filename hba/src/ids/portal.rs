//! Portals as an operator writes them: address, port and portal group tag.
//!
//! Owns the forms that are read, the one form that is written, and which addresses a target cannot have. Must not know what a portal is
//! wanted for.
//!
//! Source: RFC 7143 sections 4.1 and 13.8 (`host[:port][,tag]`, port 3260), RFC 5952 (one spelling of IPv6).

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use iscsi::address::{Host, TargetAddress};
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, Kind};

/// A portal: where a target listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct Portal {
    /// The address.
    pub address: IpAddr,
    /// The TCP port.
    pub port: u16,
    /// The target portal group tag, where one was given.
    pub tag: Option<u16>,
}

impl Portal {
    /// A portal without a tag.
    #[must_use]
    pub fn new(address: IpAddr, port: u16) -> Self {
        Self {
            address,
            port,
            tag: None,
        }
    }

    /// Address and port, whatever the tag.
    #[must_use]
    pub fn at(self) -> (IpAddr, u16) {
        (self.address, self.port)
    }
}

impl Portal {
    /// The portal at an address; `None` for a name, and for what has a zone.
    #[must_use]
    pub fn of(at: &TargetAddress) -> Option<Self> {
        match at.host {
            Host::Ip(address) => Some(Self {
                address,
                port: at.port,
                tag: at.tag,
            }),
            Host::Scoped(..) | Host::Name(_) => None,
        }
    }
}

impl From<Portal> for TargetAddress {
    fn from(at: Portal) -> Self {
        Self {
            host: Host::Ip(at.address),
            port: at.port,
            tag: at.tag,
        }
    }
}

impl fmt::Display for Portal {
    /// `ADDRESS:PORT[,TAG]`, IPv6 in brackets and in its one spelling.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.address, self.port).fmt(f)?;
        self.tag.map_or(Ok(()), |tag| write!(f, ",{tag}"))
    }
}

/// Why no target can have an address; `None` when one can.
#[must_use]
pub fn why_not(address: IpAddr) -> Option<&'static str> {
    match address {
        a if a.is_unspecified() => Some("it stands for no address at all"),
        a if a.is_multicast() => Some("it is a multicast address"),
        IpAddr::V4(a) if a.is_broadcast() => Some("it is the broadcast address"),
        IpAddr::V4(a) if a.octets()[0] == 0 => Some("addresses of network 0 name no other host"),
        IpAddr::V4(a) if a.octets()[0] >= 240 => Some("it is of the reserved range 240.0.0.0/4"),
        IpAddr::V6(a) if a.to_ipv4_mapped().is_some() => {
            Some("it is an IPv4 address in the clothes of IPv6; write it as IPv4")
        }
        _ => None,
    }
}

impl FromStr for Portal {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let refuse = |why: String| {
            Error::new(Kind::Invalid, format!("read portal {}", text.escape_debug())).answered(why)
        };
        let read: TargetAddress = text.parse().map_err(|_| refuse(FORMS.to_owned()))?;
        let address = match read.host {
            Host::Ip(ip) => ip,
            Host::Name(_) => return Err(refuse(format!("adapters resolve no names; {FORMS}"))),
            Host::Scoped(_, zone) => {
                return Err(refuse(format!(
                    "the scope %{} names an interface of one host; an adapter's port is one interface: leave it out",
                    zone.escape_debug()
                )));
            }
        };
        if let Some(why) = why_not(address) {
            return Err(refuse(format!(
                "a target cannot have the address {address}: {why}"
            )));
        }
        Ok(Self {
            address,
            port: read.port,
            tag: read.tag,
        })
    }
}

const FORMS: &str =
    "expected ADDRESS, ADDRESS:PORT, [IPV6]:PORT or one of them with ,TAG (port 1 to 65535, tag 0 to 65535)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_one_is_written() {
        for (given, written) in [
            ("10.0.0.5", "10.0.0.5:3260"),
            ("10.0.0.5:860", "10.0.0.5:860"),
            ("10.0.0.5:860,1", "10.0.0.5:860,1"),
            ("10.0.0.5,0x00ff", "10.0.0.5:3260,255"),
            ("fe80::1", "[fe80::1]:3260"),
            ("[fe80::1]", "[fe80::1]:3260"),
            ("[FE80:0:0::0001]:3261", "[fe80::1]:3261"),
            ("[fd00::1]:3260,65535", "[fd00::1]:3260,65535"),
            ("fd00::1,7", "[fd00::1]:3260,7"),
            ("127.0.0.1", "127.0.0.1:3260"),
        ] {
            let portal: Portal = given.parse().expect(given);
            assert_eq!(portal.to_string(), written, "{given}");
            assert_eq!(written.parse::<Portal>().expect(written), portal, "{given}");
        }
    }

    #[test]
    fn what_is_no_portal_is_refused_with_the_reason() {
        for (bad, why) in [
            ("", "expected"),
            ("storage.example", "names"),
            ("10.0.0.5:99999", "port"),
            ("10.0.0.5:0", "port"),
            ("10.0.0.5:860,x", "tag"),
            ("10.0.0.5:860,65536", "tag"),
            ("10.0.0.5:860,+1", "tag"),
            ("[fe80::1%eth0]:3260", "scope"),
            ("[fe80::1", "expected"),
            ("[fe80::1]3260", "expected"),
            ("0.0.0.0", "no address"),
            ("::", "no address"),
            ("255.255.255.255", "broadcast"),
            ("224.0.0.1:3260", "multicast"),
            ("ff02::1", "multicast"),
            ("0.1.2.3", "network 0"),
            ("250.1.1.1", "reserved"),
            ("::ffff:10.0.0.1", "IPv4"),
        ] {
            let e = bad.parse::<Portal>().expect_err(bad);
            assert_eq!(e.kind(), Kind::Invalid, "{bad}");
            assert!(e.to_string().contains(why), "{bad}: {e}");
        }
    }
}
