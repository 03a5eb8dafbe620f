//! A lease as text: its kind, and a line for each of its facts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use super::fact::{at, left, network};
use crate::port::LeaseStatus;

/// Routes that are taken over.
const MOST_ROUTES: usize = 64;
/// Bytes of a server's identifier (RFC 8415, 11.1: two more than 128).
const LONGEST_DUID: usize = 130;

/// The text of a lease.
pub(super) fn text(lease: &LeaseStatus, now: Duration) -> String {
    let mut text = String::new();
    let mut put = |name: &str, value: &str| {
        let _ = writeln!(text, "{name} {value}");
    };
    match lease {
        LeaseStatus::V4 {
            address,
            prefix,
            gateway,
            routes,
            mtu,
            server,
            renew,
            rebind,
            expires,
        } => {
            put("dhcpv4", &format!("{address}/{prefix}"));
            if let Some(gateway) = gateway {
                put("gateway", &gateway.to_string());
            }
            for (to, prefix, through) in routes.iter().take(MOST_ROUTES) {
                let through = through.map_or("link".to_owned(), |through| through.to_string());
                put("route", &format!("{to}/{prefix} {through}"));
            }
            if let Some(mtu) = mtu {
                put("mtu", &mtu.to_string());
            }
            put("server", &server.to_string());
            for (name, time) in [("renew", renew), ("rebind", rebind), ("expires", expires)] {
                put(name, &at(now, *time));
            }
        }
        LeaseStatus::V6 {
            address,
            iaid,
            server,
            preferred,
            renew,
            rebind,
            expires,
        } => {
            put("dhcpv6", &address.to_string());
            put("iaid", &iaid.to_string());
            let server: String = server.iter().map(|byte| format!("{byte:02x}")).collect();
            put("server", &server);
            for (name, time) in [
                ("preferred", preferred),
                ("renew", renew),
                ("rebind", rebind),
                ("expires", expires),
            ] {
                put(name, &at(now, *time));
            }
        }
    }
    text
}

/// When a lease ends.
pub(super) fn expires(lease: &LeaseStatus) -> Duration {
    match lease {
        LeaseStatus::V4 { expires, .. } | LeaseStatus::V6 { expires, .. } => *expires,
    }
}

/// The lease of a text; lines that are not known are left alone.
pub(super) fn lease(text: &str, now: Duration) -> Option<LeaseStatus> {
    let mut facts = BTreeMap::new();
    let mut routes = Vec::new();
    for line in text.lines() {
        let (name, value) = line.split_once(' ')?;
        if name == "route" {
            if routes.len() < MOST_ROUTES {
                routes.push(route(value)?);
            }
        } else {
            facts.insert(name, value);
        }
    }
    let time = |name| left(now, facts.get(name)?);
    if let Some(own) = facts.get("dhcpv4") {
        let (address, prefix) = network(own, 32)?;
        return Some(LeaseStatus::V4 {
            address,
            prefix,
            gateway: optional(facts.get("gateway"))?,
            routes,
            mtu: optional(facts.get("mtu"))?,
            server: facts.get("server")?.parse().ok()?,
            renew: time("renew")?,
            rebind: time("rebind")?,
            expires: time("expires")?,
        });
    }
    Some(LeaseStatus::V6 {
        address: facts.get("dhcpv6")?.parse().ok()?,
        iaid: facts.get("iaid")?.parse().ok()?,
        server: bytes(facts.get("server")?)?,
        preferred: time("preferred")?,
        renew: time("renew")?,
        rebind: time("rebind")?,
        expires: time("expires")?,
    })
}

/// A fact that may be missing, but not damaged.
#[allow(clippy::option_option, reason = "missing is not damaged")]
fn optional<T: std::str::FromStr>(text: Option<&&str>) -> Option<Option<T>> {
    match text {
        None => Some(None),
        Some(text) => text.parse().ok().map(Some),
    }
}

fn route(text: &str) -> Option<(Ipv4Addr, u8, Option<Ipv4Addr>)> {
    let (to, through) = text.split_once(' ')?;
    let (to, prefix) = network(to, 32)?;
    let through = match through {
        "link" => None,
        through => Some(through.parse().ok()?),
    };
    Some((to, prefix, through))
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) || text.len() > 2 * LONGEST_DUID {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}
