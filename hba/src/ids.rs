//! How adapters and their interfaces are named. Owns parsing and resolving; must not know how they are found.
//!
//! Source: `scsi_transport_iscsi.c` (`iscsi_create_iface`: `ipv4-iface-<host>-<num>`), `qla4xxx` port names.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::model::AdapterKey;

/// A SCSI host number: `hostN` in sysfs. Not stable over a reboot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct HostNo(pub u32);

impl fmt::Display for HostNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host{}", self.0)
    }
}

/// How an operator names an adapter port: host number (`0`, `host0`), MAC address, or PCI address or serial number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdapterId {
    /// SCSI host number.
    Host(HostNo),
    /// MAC address, stable over reboots.
    Mac([u8; 6]),
    /// Port name: PCI address (`0000:05:00.1`) or `SERIAL`, as shown by `adapter list`.
    PortName(String),
}

impl AdapterId {
    /// Finds the adapter in `known`.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when none matches, [`Kind::Invalid`] when several do.
    pub fn resolve<'k>(&self, known: &'k [AdapterKey]) -> Result<&'k AdapterKey> {
        let matches = |k: &&AdapterKey| match self {
            Self::Host(h) => k.host == *h,
            Self::Mac(mac) => k.mac.as_deref().and_then(parse_mac) == Some(*mac),
            Self::PortName(name) => {
                k.port_name.as_deref() == Some(name.as_str()) || k.serial.as_deref() == Some(name.as_str())
            }
        };
        let mut found = known.iter().filter(matches);
        let tried = || format!("find adapter {self}");
        let Some(first) = found.next() else {
            let list: Vec<String> = known.iter().map(|k| k.host.to_string()).collect();
            let answer = if list.is_empty() {
                "there is no iscsi adapter here".to_owned()
            } else {
                format!("no such adapter; there are {}", list.join(", "))
            };
            return Err(Error::new(Kind::NotFound, tried())
                .answered(answer)
                .hint(crate::Step::AdapterList.then(" shows their names")));
        };
        if found.next().is_some() {
            return Err(Error::new(Kind::Invalid, tried())
                .answered("several ports have this name")
                .hint("name the port by its host number or mac address"));
        }
        Ok(first)
    }
}

impl fmt::Display for AdapterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(h) => h.fmt(f),
            Self::Mac(m) => f.write_str(&format_mac(*m)),
            Self::PortName(n) => f.write_str(n),
        }
    }
}

impl FromStr for AdapterId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = text.strip_prefix("host").unwrap_or(text);
        if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) {
            return number.parse().map(|n| Self::Host(HostNo(n))).map_err(|_| {
                Error::new(Kind::Invalid, format!("read adapter name {text}"))
                    .answered("the host number is too large")
            });
        }
        if let Some(mac) = parse_mac(text) {
            return Ok(Self::Mac(mac));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'.' | b'-' | b'_');
        if text.is_empty() || text.len() > 64 || !text.bytes().all(plain) {
            return Err(Error::new(Kind::Invalid, "read an adapter name")
                .answered("expected a host number, a mac address or a port name"));
        }
        Ok(Self::PortName(text.to_owned()))
    }
}

/// Reads `00:c0:dd:11:22:35` (or with `-`).
#[must_use]
pub fn parse_mac(text: &str) -> Option<[u8; 6]> {
    let mut mac = [0; 6];
    let mut parts = text.split([':', '-']);
    for byte in &mut mac {
        let part = parts.next()?;
        if part.len() != 2 || !part.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(mac)
}

/// Writes a MAC address as the kernel does.
#[must_use]
pub fn format_mac(mac: [u8; 6]) -> String {
    mac.map(|b| format!("{b:02x}")).join(":")
}

/// The family of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

impl Family {
    /// The family of an address.
    #[must_use]
    pub const fn of(address: std::net::IpAddr) -> Self {
        if address.is_ipv4() { Self::Ipv4 } else { Self::Ipv6 }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        })
    }
}

/// An interface of a port: `ipv4-iface-HOST-NUM` in sysfs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct IfaceId {
    /// The port.
    pub host: HostNo,
    /// IPv4 or IPv6.
    pub family: Family,
    /// Number within the family: 0, or 0 and 1 for IPv6.
    pub num: u32,
}

impl IfaceId {
    /// Reads `ipv4`, `ipv6` or `ipv6-1` as an interface of `host`, or a full name `ipv4-iface-0-0`, which must be of `host`
    /// when one is given.
    ///
    /// # Errors
    /// [`Kind::Invalid`] when the text is neither.
    pub fn parse(text: &str, host: Option<HostNo>) -> Result<Self> {
        let refuse = |why: &str| {
            Err(Error::new(
                Kind::Invalid,
                format!("read interface name {}", text.escape_debug()),
            )
            .answered(why.to_owned()))
        };
        let (family, rest) = match (text.strip_prefix("ipv4"), text.strip_prefix("ipv6")) {
            (Some(rest), _) => (Family::Ipv4, rest),
            (_, Some(rest)) => (Family::Ipv6, rest),
            _ => return refuse("expected ipv4, ipv6, ipv6-1 or a name as ipv4-iface-0-0"),
        };
        if let Some(numbers) = rest.strip_prefix("-iface-") {
            let Some((h, n)) = numbers.split_once('-') else {
                return refuse("expected ipv4-iface-HOST-NUMBER");
            };
            let (Ok(h), Ok(num)) = (h.parse::<u32>(), n.parse::<u32>()) else {
                return refuse("expected ipv4-iface-HOST-NUMBER");
            };
            if host.is_some_and(|host| host.0 != h) {
                return refuse("the interface belongs to another adapter");
            }
            return Ok(Self {
                host: HostNo(h),
                family,
                num,
            });
        }
        let Some(host) = host else {
            return refuse("name the adapter too, or give a name as ipv4-iface-0-0");
        };
        let num = match rest.strip_prefix('-') {
            None if rest.is_empty() => 0,
            Some(n) => match n.parse() {
                Ok(n) => n,
                Err(_) => return refuse("expected a number after the dash"),
            },
            None => return refuse("expected ipv4, ipv6 or ipv6-1"),
        };
        Ok(Self { host, family, num })
    }
}

impl fmt::Display for IfaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-iface-{}-{}", self.family, self.host.0, self.num)
    }
}

/// A logical unit's address: host, channel, target, LUN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Hctl {
    /// Host number.
    pub host: u32,
    /// Channel (bus).
    pub channel: u32,
    /// Target id.
    pub target: u32,
    /// Logical unit number.
    pub lun: u64,
}

impl fmt::Display for Hctl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}:{}", self.host, self.channel, self.target, self.lun)
    }
}

impl FromStr for Hctl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parts = text.split(':');
        let mut next = || parts.next().and_then(|p| p.parse::<u64>().ok());
        let four = (next(), next(), next(), next());
        let small = |n: u64| u32::try_from(n).ok();
        let hctl = if let (Some(h), Some(c), Some(t), Some(lun)) = four {
            small(h)
                .zip(small(c))
                .zip(small(t))
                .map(|((host, channel), target)| Self {
                    host,
                    channel,
                    target,
                    lun,
                })
        } else {
            None
        };
        match (hctl, parts.next()) {
            (Some(hctl), None) => Ok(hctl),
            _ => Err(Error::new(
                Kind::Invalid,
                format!("read logical unit address {}", text.escape_debug()),
            )
            .answered("expected HOST:CHANNEL:TARGET:LUN, as 0:0:1:0")),
        }
    }
}

mod portal;

pub use iscsi::address::{BadAddress, Host, ISCSI_PORT, TargetAddress};
pub use iscsi::names::IscsiName as TargetName;
pub use portal::{Portal, why_not};

#[cfg(test)]
mod tests;
