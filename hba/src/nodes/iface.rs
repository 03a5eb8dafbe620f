//! Interfaces of records: their names, which are built in, and which keys theirs have.
//!
//! Owns the names that the stock programs give to the interfaces of adapters, both forms, and what a name can be. Must not know which adapters there
//! are, nor read a file.
//!
//! Source: open-iscsi's `usr/iface.c` as its programs behave: `iface -o new`, and the records that any command makes for an adapter.

use std::fmt;
use std::str::FromStr;

use super::record::Record;
use super::{DEFAULT_IFACE, Version};
use crate::error::{Error, Kind, Result};
use crate::ids::{Family, parse_mac};

/// The interface of iSER, built in as [`DEFAULT_IFACE`] is.
pub const ISER_IFACE: &str = "iser";
/// The longest name in bytes.
pub const NAME_MAX: usize = 64;

/// The record of an interface that is built in and has no file: `default` and `iser`.
#[must_use]
pub fn built_in(name: &str) -> Option<Record> {
    let transport = match name {
        DEFAULT_IFACE => "tcp",
        ISER_IFACE => "iser",
        _ => return None,
    };
    Some(Record::interface(name, transport, Version::BASE).at(name))
}

/// Whether a name can be that of an interface with a record.
///
/// # Errors
/// [`Kind::Invalid`]: empty, longer than [`NAME_MAX`], a way out of the directory, built in, or with bytes that no line holds.
pub fn check_name(name: &str) -> Result<()> {
    let why = match name {
        "" => "it is empty".to_owned(),
        "." | ".." => "it is a directory".to_owned(),
        _ if name.len() > NAME_MAX => format!("it has {} bytes, at most {NAME_MAX} fit", name.len()),
        _ if name.contains('/') => "it has a slash".to_owned(),
        _ if !super::key::holds(name) => "it has control characters, or blanks at its ends".to_owned(),
        DEFAULT_IFACE | ISER_IFACE => "it is built in and has no record".to_owned(),
        _ => return Ok(()),
    };
    Err(Error::new(
        Kind::Invalid,
        format!("name an interface {}", name.escape_debug()),
    )
    .answered(why))
}

/// The family whose keys a record of an interface has: that of its address; without one, that of its name.
#[must_use]
pub fn family(name: &str, address: Option<&str>) -> Family {
    let six = match address {
        Some(address) if !address.is_empty() => !address.contains('.'),
        _ => name.contains("ipv6"),
    };
    if six { Family::Ipv6 } else { Family::Ipv4 }
}

/// The two keys that bind an interface, by the network interface or by the port's MAC address.
const BINDINGS: [&str; 2] = ["iface.net_ifacename", "iface.hwaddress"];

/// What the stock programs write for a binding that there is not, in records that they make for an adapter.
const UNBOUND: &str = "default";

/// The key by which a record is bound already, where `key` would bind it in the other way.
pub(super) fn bound_otherwise(record: &Record, key: &str) -> Option<&'static str> {
    if !BINDINGS.contains(&key) {
        return None;
    }
    let other = BINDINGS.into_iter().find(|other| *other != key)?;
    record.get(other).filter(|value| *value != UNBOUND).map(|_| other)
}

/// The name of an interface of an adapter, as the stock programs make it: `<transport>.<mac>.<ipv4|ipv6>.<number>`, and
/// `<transport>.<mac>` as older ones did.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AutoName {
    /// The transport.
    pub transport: String,
    /// The port's MAC address.
    pub mac: [u8; 6],
    /// The family, and which of the port's interfaces of it; `None` in the older form.
    pub which: Option<(Family, u32)>,
}

impl AutoName {
    /// The names under which an interface can have its record: the first that is there is its own, and the first is what a new one is called.
    ///
    /// The older form names the port, so it is that of the first interface of IPv4 only.
    #[must_use]
    pub fn candidates(transport: &str, mac: [u8; 6], family: Family, number: u32) -> Vec<Self> {
        let named = |which| Self {
            transport: transport.to_owned(),
            mac,
            which,
        };
        let mut names = vec![named(Some((family, number)))];
        if (family, number) == (Family::Ipv4, 0) {
            names.push(named(None));
        }
        names
    }

    /// Which of [`AutoName::candidates`] has a record.
    pub fn found(
        transport: &str,
        mac: [u8; 6],
        family: Family,
        number: u32,
        is_there: impl Fn(&str) -> bool,
    ) -> Option<Self> {
        let names = Self::candidates(transport, mac, family, number);
        names.into_iter().find(|name| is_there(&name.to_string()))
    }
}

impl fmt::Display for AutoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.mac;
        write!(
            f,
            "{}.{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}",
            self.transport
        )?;
        match self.which {
            Some((Family::Ipv4, number)) => write!(f, ".ipv4.{number}"),
            Some((Family::Ipv6, number)) => write!(f, ".ipv6.{number}"),
            None => Ok(()),
        }
    }
}

/// It is no name that the stock programs make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no name of an adapter's interface: TRANSPORT.MAC.ipv4.NUMBER")]
pub struct NotAuto;

impl FromStr for AutoName {
    type Err = NotAuto;

    fn from_str(text: &str) -> std::result::Result<Self, NotAuto> {
        let mut parts = text.split('.');
        let transport = parts.next().filter(|part| !part.is_empty()).ok_or(NotAuto)?;
        let mac = parts.next().and_then(parse_mac).ok_or(NotAuto)?;
        let family = match parts.next() {
            None => None,
            Some("ipv4") => Some(Family::Ipv4),
            Some("ipv6") => Some(Family::Ipv6),
            Some(_) => return Err(NotAuto),
        };
        let which = match (family, parts.next(), parts.next()) {
            (None, None, None) => None,
            (Some(family), Some(number), None) => Some((family, number.parse().map_err(|_| NotAuto)?)),
            _ => return Err(NotAuto),
        };
        let name = Self {
            transport: transport.to_owned(),
            mac,
            which,
        };
        // Other spellings of the address or the number are other files.
        (name.to_string() == text).then_some(name).ok_or(NotAuto)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: [u8; 6] = [0, 0x0e, 0x1e, 4, 0x93, 0x92];

    #[test]
    fn names_of_adapters_interfaces_are_read_and_written_in_both_forms() {
        for (text, which) in [
            ("qla4xxx.00:0e:1e:04:93:92.ipv4.0", Some((Family::Ipv4, 0))),
            ("qla4xxx.00:0e:1e:04:93:92.ipv6.1", Some((Family::Ipv6, 1))),
            ("bnx2i.00:0e:1e:04:93:92", None),
        ] {
            let name: AutoName = text.parse().expect(text);
            assert_eq!((name.mac, name.which), (MAC, which));
            assert_eq!(name.to_string(), text);
            check_name(text).expect(text);
        }
        for other in [
            "",
            "default",
            "eth.x",
            "qla4xxx.00:0e:1e:04:93",
            "qla4xxx.00:0E:1E:04:93:92",
            "qla4xxx.00:0e:1e:04:93:92.ipv5.0",
            "qla4xxx.00:0e:1e:04:93:92.ipv4",
            "qla4xxx.00:0e:1e:04:93:92.ipv4.01",
            "qla4xxx.00:0e:1e:04:93:92.ipv4.0.1",
            ".00:0e:1e:04:93:92",
        ] {
            assert_eq!(other.parse::<AutoName>(), Err(NotAuto), "{other}");
        }
    }

    #[test]
    fn the_record_of_an_interface_is_found_under_the_older_name_where_there_is_no_other() {
        let found = |there: &[&str], family, number| {
            AutoName::found("bnx2i", MAC, family, number, |name| there.contains(&name))
                .map(|name| name.to_string())
        };
        let (newer, older) = ("bnx2i.00:0e:1e:04:93:92.ipv4.0", "bnx2i.00:0e:1e:04:93:92");
        assert_eq!(found(&[newer, older], Family::Ipv4, 0).as_deref(), Some(newer));
        assert_eq!(found(&[older], Family::Ipv4, 0).as_deref(), Some(older));
        assert_eq!(found(&[older], Family::Ipv6, 0), None);
        assert_eq!(found(&[older], Family::Ipv4, 1), None);
        assert_eq!(found(&[], Family::Ipv4, 0), None);
    }

    #[test]
    fn what_is_no_name_of_a_record_is_refused() {
        for good in ["eth.x", "a b", "x", &"x".repeat(NAME_MAX), "fe80::1", "größe"] {
            check_name(good).expect(good);
        }
        for bad in [
            "",
            ".",
            "..",
            "a/b",
            "../a",
            "default",
            "iser",
            " a",
            "a\n",
            "a\0b",
            &"x".repeat(NAME_MAX + 1),
        ] {
            assert!(
                check_name(bad).is_err_and(|e| e.kind() == Kind::Invalid),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn the_keys_of_a_record_are_those_of_the_family_of_its_address_or_name() {
        for (name, address, family) in [
            ("eth.x", None, Family::Ipv4),
            ("eth.x", Some("10.0.0.1"), Family::Ipv4),
            ("eth.x", Some("fe80::1"), Family::Ipv6),
            ("qla4xxx.00:0e:1e:04:93:92.ipv6.0", None, Family::Ipv6),
            ("qla4xxx.00:0e:1e:04:93:92.ipv6.0", Some("10.0.0.1"), Family::Ipv4),
            ("qla4xxx.00:0e:1e:04:93:92.ipv4.0", Some(""), Family::Ipv4),
        ] {
            assert_eq!(super::family(name, address), family, "{name} {address:?}");
        }
        let six = Record::interface("qla4xxx.00:0e:1e:04:93:92.ipv6.0", "qla4xxx", Version::BASE);
        assert!(six.get("iface.flow_label").is_some() && six.get("iface.tos").is_none());
    }

    #[test]
    fn two_interfaces_are_built_in() {
        let transport =
            |name| built_in(name).and_then(|record| record.get("iface.transport_name").map(str::to_owned));
        assert_eq!(transport("default").as_deref(), Some("tcp"));
        assert_eq!(transport("iser").as_deref(), Some("iser"));
        assert_eq!(transport("eth.x"), None);
    }
}
