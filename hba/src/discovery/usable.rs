//! What of a listed address this host can use.
//!
//! Owns the reasons for leaving one out. Must not resolve names, nor try whether an address answers. Source: RFC 4007 section 6 (zones),
//! RFC 1123 section 2.1 (names), field reports of targets that list their own link-local addresses with their own zones.

use iscsi::address::{Host, TargetAddress};
use std::net::IpAddr;

use crate::ids::why_not;
use crate::nodes::Portal;

/// The longest label of a name.
const MAX_LABEL: usize = 63;

/// Where a listed address leads from here: the portal as a record has it.
///
/// `zone` is the network device that the list came over, where it is known: a link-local address without a zone, or with one of the other side's,
/// is one of that link.
///
/// # Errors
/// Why this host cannot use it, in words.
pub fn portal(address: &TargetAddress, zone: Option<&str>) -> Result<Portal, String> {
    let address_text = match &address.host {
        Host::Ip(ip) => match ip.to_canonical() {
            IpAddr::V6(v6) if v6.is_unicast_link_local() => match zone {
                Some(zone) => format!("{v6}%{zone}"),
                None => return Err("it is link-local, and nothing says of which link".to_owned()),
            },
            ip => match why_not(ip) {
                Some(why) => return Err(why.to_owned()),
                None => ip.to_string(),
            },
        },
        // The zone's name is one of the other side's: only the link that it was heard over can be meant.
        Host::Scoped(v6, theirs) => match zone {
            Some(zone) if v6.is_unicast_link_local() => format!("{v6}%{zone}"),
            _ => {
                return Err(format!(
                    "it is link-local, and its scope {theirs} is the other side's"
                ));
            }
        },
        Host::Name(name) => {
            if let Some(why) = no_name(name) {
                return Err(why.to_owned());
            }
            name.to_string()
        }
    };
    Ok(Portal {
        address: address_text,
        port: address.port,
        tag: address.tag,
    })
}

/// Why a text is no name that a resolver can be asked for; `None` when it is one.
#[must_use]
pub fn no_name(name: &str) -> Option<&'static str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let allowed = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || (!c.is_ascii() && c.is_alphanumeric())
    };
    let labels = || name.split('.');
    if labels().any(str::is_empty) {
        return Some("it is no host name: a part of it is empty");
    }
    if labels().any(|label| label.len() > MAX_LABEL) {
        return Some("it is no host name: a part of it is longer than 63 bytes");
    }
    if !labels().all(|label| label.chars().all(allowed)) {
        return Some("it is no host name: letters, digits, dashes and dots make one");
    }
    if labels().any(|label| label.starts_with('-') || label.ends_with('-')) {
        return Some("it is no host name: a part of it begins or ends with a dash");
    }
    // A resolver may take it for an address of its own making.
    labels()
        .next_back()
        .is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()) || last.starts_with("0x"))
        .then_some("it is neither an address nor a host name")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, zone: Option<&str>) -> Result<String, String> {
        let address: TargetAddress = text.parse().expect("an address");
        portal(&address, zone).map(|p| p.address)
    }

    #[test]
    fn every_address_is_used_or_has_a_reason() {
        for (text, zone, wanted) in [
            ("10.0.0.1:3260,1", None, Ok("10.0.0.1")),
            ("[2001:DB8:0::1]:3260,1", None, Ok("2001:db8::1")),
            ("127.0.0.1", None, Ok("127.0.0.1")),
            ("[::ffff:10.0.0.1]:3260", None, Ok("10.0.0.1")),
            ("storage.example.net:3260,1", None, Ok("storage.example.net")),
            ("storage_1", None, Ok("storage_1")),
            ("storage.example.net.", None, Ok("storage.example.net.")),
            ("[fe80::1]:3260", None, Err("nothing says of which link")),
            ("[fe80::1]:3260", Some("eth0"), Ok("fe80::1%eth0")),
            (
                "[fe80::1%enp0s9]:3260",
                None,
                Err("scope enp0s9 is the other side's"),
            ),
            ("[fe80::1%enp0s9]:3260", Some("eth0"), Ok("fe80::1%eth0")),
            ("[2001:db8::1%enp0s9]:3260", Some("eth0"), Err("the other side's")),
            ("0.0.0.0:3260", None, Err("no address at all")),
            ("[::]:3260", None, Err("no address at all")),
            ("224.0.0.1", None, Err("multicast")),
            ("[ff02::1]:3260", None, Err("multicast")),
            ("255.255.255.255", None, Err("broadcast")),
            ("0.1.2.3", None, Err("network 0")),
            ("10.0.0.300", None, Err("neither an address nor a host name")),
            ("1234", None, Err("neither an address nor a host name")),
            ("host.0x7f", None, Err("neither an address nor a host name")),
            ("a..b", None, Err("a part of it is empty")),
            ("-a.example", None, Err("a dash")),
            ("a/b", None, Err("letters, digits")),
            ("$(reboot)", None, Err("letters, digits")),
        ] {
            let got = read(text, zone);
            match wanted {
                Ok(wanted) => assert_eq!(got.as_deref(), Ok(wanted), "{text}"),
                Err(why) => assert!(got.clone().is_err_and(|e| e.contains(why)), "{text}: {got:?}"),
            }
        }
    }

    #[test]
    fn a_part_of_a_name_has_a_limit() {
        let long = format!("{}.example", "a".repeat(64));
        assert!(no_name(&long).is_some());
        assert!(no_name(&long[1..]).is_none());
    }
}
