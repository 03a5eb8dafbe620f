//! Addresses as they are shown and compared: one spelling of each. Must not know name resolution, nor ports.
//!
//! The kernel writes IPv6 in full (`%pI6`), user space as it was given; RFC 5952 is what is shown.

use std::net::{IpAddr, Ipv6Addr};

/// The address in the one spelling that is shown; what is no address (a name) stays as it is.
#[must_use]
pub fn canonical(text: &str) -> String {
    match parts(text) {
        Some((ip, "")) => ip.to_string(),
        Some((ip, scope)) => format!("{ip}%{scope}"),
        None => text.to_owned(),
    }
}

/// Address and port as one text, an IPv6 address in brackets.
#[must_use]
pub fn portal(address: &str, port: u16) -> String {
    let address = canonical(address);
    if address.contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    }
}

/// Whether both are the same address; `None` when one of them is none, so that nobody can say.
#[must_use]
pub fn same(a: &str, b: &str) -> Option<bool> {
    let ((a, of_a), (b, of_b)) = (parts(a)?, parts(b)?);
    // The kernel tells no scope: where one side has none, it is not compared.
    let scoped = of_a.is_empty() || of_b.is_empty() || of_a == of_b;
    Some(a.to_canonical() == b.to_canonical() && scoped)
}

/// Address and scope.
fn parts(text: &str) -> Option<(IpAddr, &str)> {
    let bare = text
        .strip_prefix('[')
        .and_then(|t| t.strip_suffix(']'))
        .unwrap_or(text);
    match bare.split_once('%') {
        Some((ip, scope)) if !scope.is_empty() => Some((ip.parse::<Ipv6Addr>().ok()?.into(), scope)),
        Some(_) => None,
        None => Some((bare.parse().ok()?, "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_spelling_and_a_name_its_own() {
        let full = "fe80:0000:0000:0000:02c0:ddff:fe11:2233";
        assert_eq!(canonical(full), "fe80::2c0:ddff:fe11:2233");
        assert_eq!(canonical("[FE80::1%eth0]"), "fe80::1%eth0");
        assert_eq!(canonical("10.0.0.1"), "10.0.0.1");
        for other in ["storage.example.net", "", "10.0.0.1%eth0", "fe80::1%"] {
            assert_eq!(canonical(other), other);
        }
    }

    #[test]
    fn a_portal_brackets_ipv6_once() {
        assert_eq!(portal("[fe80::1]", 3260), "[fe80::1]:3260");
        assert_eq!(portal("10.0.0.1", 3261), "10.0.0.1:3261");
    }

    #[test]
    fn addresses_are_compared_as_addresses_and_names_not_at_all() {
        assert_eq!(
            same("2001:0db8::2", "2001:0db8:0000:0000:0000:0000:0000:0002"),
            Some(true)
        );
        assert_eq!(same("::ffff:10.0.0.1", "10.0.0.1"), Some(true));
        assert_eq!(same("fe80::1%eth0", "fe80::1"), Some(true));
        assert_eq!(same("fe80::1%eth0", "fe80::1%eth1"), Some(false));
        assert_eq!(same("10.0.0.1", "10.0.0.2"), Some(false));
        assert_eq!(same("storage.example.net", "10.0.0.2"), None);
    }
}
