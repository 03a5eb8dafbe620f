//! An interface as facts, and back.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use super::lease;
use crate::ipc::mac;
use crate::net::{LARGEST_MTU, SMALLEST_MTU};
use crate::port::{
    AddressStatus, Configured, InterfaceConfig, InterfaceStatus, Ipv4Source, Ipv6Source, LinkLocalSource,
    NeighbourStatus, RouterSource, Vlan,
};

/// Neighbours that are kept of an interface.
const MOST_NEIGHBOURS: usize = 1024;
/// Addresses, routers and leases that are taken over, each.
const MOST: usize = 64;

/// Texts by name.
pub(super) type Facts = BTreeMap<String, String>;

/// A fact that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{fact} is damaged")]
pub struct Damaged {
    /// Its name.
    pub fact: String,
}

const NAMES: [&str; 9] = [
    "priority",
    "mtu",
    "ipv4",
    "ipv6",
    "link-local",
    "router",
    "addresses",
    "routers",
    "neighbours",
];

/// Whether a name is one of ours.
pub(super) fn known(name: &str) -> bool {
    NAMES.contains(&name) || is_lease(name)
}

fn is_lease(name: &str) -> bool {
    name.strip_prefix("lease-")
        .is_some_and(|number| number.len() <= 2 && number.bytes().all(|b| b.is_ascii_digit()))
}

/// An instant from now on, in seconds since the boot.
pub(super) fn at(now: Duration, left: Duration) -> String {
    if left == Duration::MAX {
        "never".to_owned()
    } else {
        now.saturating_add(left).as_secs().to_string()
    }
}

/// The time that is left to an instant.
pub(super) fn left(now: Duration, text: &str) -> Option<Duration> {
    if text == "never" {
        return Some(Duration::MAX);
    }
    Some(Duration::from_secs(text.parse().ok()?).saturating_sub(now))
}

/// The facts of an interface.
pub(super) fn facts(interface: &InterfaceStatus, now: Duration) -> Facts {
    let config = &interface.config;
    let mut facts = Facts::new();
    let mut put = |name: &str, mut text: String| {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        facts.insert(name.to_owned(), text);
    };
    if let Some(vlan) = config.vlan {
        put("priority", vlan.priority.to_string());
    }
    if let Some(mtu) = config.mtu {
        put("mtu", mtu.to_string());
    }
    put(
        "ipv4",
        match config.v4 {
            Ipv4Source::Off => "off".into(),
            Ipv4Source::Dhcp => "dhcp".into(),
            Ipv4Source::Static {
                address,
                prefix,
                gateway: None,
            } => format!("static {address}/{prefix}"),
            Ipv4Source::Static {
                address,
                prefix,
                gateway: Some(gateway),
            } => format!("static {address}/{prefix} gateway {gateway}"),
        },
    );
    put(
        "ipv6",
        match config.v6 {
            Ipv6Source::Off => "off".into(),
            Ipv6Source::Dhcp => "dhcp".into(),
            Ipv6Source::Auto => "auto".into(),
            Ipv6Source::Static { address, prefix } => format!("static {address}/{prefix}"),
        },
    );
    put(
        "link-local",
        match config.link_local {
            LinkLocalSource::Auto => "auto".into(),
            LinkLocalSource::Static(address) => address.to_string(),
        },
    );
    put(
        "router",
        match config.router {
            RouterSource::Auto => "auto".into(),
            RouterSource::Static(address) => address.to_string(),
        },
    );
    let mut text = String::new();
    for address in &interface.addresses {
        let until = at(now, address.valid.unwrap_or(Duration::MAX));
        let duplicate = if address.duplicate { " duplicate" } else { "" };
        let _ = writeln!(
            text,
            "{}/{} until {until}{duplicate}",
            address.address, address.prefix
        );
    }
    put("addresses", std::mem::take(&mut text));
    for router in &interface.routers {
        let _ = writeln!(text, "{router}");
    }
    put("routers", std::mem::take(&mut text));
    for neighbour in interface.neighbours.iter().take(MOST_NEIGHBOURS) {
        // Who does not answer is asked again.
        if let Some(mac) = neighbour.mac {
            let mac = mac.map(|byte| format!("{byte:02x}")).join(":");
            let heard = now.saturating_sub(neighbour.age).as_secs();
            let _ = writeln!(text, "{} {mac} heard {heard}", neighbour.address);
        }
    }
    put("neighbours", text);
    for (number, lease) in interface.leases.iter().take(MOST).enumerate() {
        put(&format!("lease-{number}"), lease::text(lease, now));
    }
    facts
}

/// The interface of facts. What it was told must be there whole; of the rest, what makes no sense goes to `damaged`.
pub(super) fn interface(
    vlan: u16,
    facts: &Facts,
    now: Duration,
    damaged: &mut Vec<Damaged>,
) -> Result<InterfaceStatus, Damaged> {
    let config = config(vlan, facts)?;
    let mut take = |name: &str| {
        damaged.push(Damaged {
            fact: name.to_owned(),
        });
    };
    let addresses = lines(facts, "addresses", MOST, &mut take, |line| address(line, now));
    let routers = lines(facts, "routers", MOST, &mut take, |line| line.parse().ok());
    let neighbours = lines(facts, "neighbours", MOST_NEIGHBOURS, &mut take, |line| {
        neighbour(line, now)
    });
    let mut leases = Vec::new();
    for (name, text) in facts.iter().filter(|(name, _)| is_lease(name)) {
        match lease::lease(text, now) {
            Some(lease) if lease::expires(&lease).is_zero() => {}
            Some(lease) => leases.push(lease),
            None => take(name),
        }
    }
    Ok(InterfaceStatus {
        config,
        state: Configured::Acquiring,
        addresses: addresses
            .into_iter()
            .filter(|address| address.valid != Some(Duration::ZERO))
            .collect(),
        routers,
        leases,
        neighbours,
    })
}

fn config(vlan: u16, facts: &Facts) -> Result<InterfaceConfig, Damaged> {
    fn get<T>(facts: &Facts, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, Damaged> {
        facts
            .get(name)
            .and_then(|text| read(text.trim_end()))
            .ok_or_else(|| Damaged {
                fact: name.to_owned(),
            })
    }
    let vlan = match vlan {
        0 => None,
        id @ 1..=4094 => Some(Vlan {
            id,
            priority: get(facts, "priority", |text| text.parse().ok().filter(|p| *p <= 7))?,
        }),
        _ => {
            return Err(Damaged {
                fact: "the VLAN ID".into(),
            });
        }
    };
    let mtu = match facts.get("mtu") {
        Some(_) => Some(get(facts, "mtu", |text| {
            text.parse()
                .ok()
                .filter(|mtu| (SMALLEST_MTU..=LARGEST_MTU).contains(mtu))
        })?),
        None => None,
    };
    Ok(InterfaceConfig {
        vlan,
        mtu,
        v4: get(facts, "ipv4", v4)?,
        v6: get(facts, "ipv6", v6)?,
        link_local: get(facts, "link-local", |text| match text {
            "auto" => Some(LinkLocalSource::Auto),
            text => text.parse().ok().map(LinkLocalSource::Static),
        })?,
        router: get(facts, "router", |text| match text {
            "auto" => Some(RouterSource::Auto),
            text => text.parse().ok().map(RouterSource::Static),
        })?,
    })
}

fn v4(text: &str) -> Option<Ipv4Source> {
    match text.split(' ').collect::<Vec<_>>()[..] {
        ["off"] => Some(Ipv4Source::Off),
        ["dhcp"] => Some(Ipv4Source::Dhcp),
        ["static", address] => {
            let (address, prefix) = network(address, 32)?;
            Some(Ipv4Source::Static {
                address,
                prefix,
                gateway: None,
            })
        }
        ["static", address, "gateway", gateway] => {
            let (address, prefix) = network(address, 32)?;
            Some(Ipv4Source::Static {
                address,
                prefix,
                gateway: Some(gateway.parse().ok()?),
            })
        }
        _ => None,
    }
}

fn v6(text: &str) -> Option<Ipv6Source> {
    match text.split(' ').collect::<Vec<_>>()[..] {
        ["off"] => Some(Ipv6Source::Off),
        ["dhcp"] => Some(Ipv6Source::Dhcp),
        ["auto"] => Some(Ipv6Source::Auto),
        ["static", address] => {
            let (address, prefix) = network(address, 128)?;
            Some(Ipv6Source::Static { address, prefix })
        }
        _ => None,
    }
}

/// `ADDRESS/PREFIX`.
pub(super) fn network<T: FromStr>(text: &str, most: u8) -> Option<(T, u8)> {
    let (address, prefix) = text.split_once('/')?;
    let prefix = prefix.parse().ok().filter(|prefix| *prefix <= most)?;
    Some((address.parse().ok()?, prefix))
}

fn address(line: &str, now: Duration) -> Option<AddressStatus> {
    let words: Vec<&str> = line.split(' ').collect();
    let (network_text, until, duplicate) = match words[..] {
        [network, "until", until] => (network, until, false),
        [network, "until", until, "duplicate"] => (network, until, true),
        _ => return None,
    };
    let (address, prefix) = network::<IpAddr>(network_text, 128)?;
    let valid = left(now, until)?;
    Some(AddressStatus {
        address,
        prefix,
        duplicate,
        valid: Some(valid).filter(|valid| *valid != Duration::MAX),
    })
}

fn neighbour(line: &str, now: Duration) -> Option<NeighbourStatus> {
    match line.split(' ').collect::<Vec<_>>()[..] {
        [address, hardware, "heard", heard] => Some(NeighbourStatus {
            address: address.parse().ok()?,
            mac: Some(mac(hardware)?),
            age: now.saturating_sub(Duration::from_secs(heard.parse().ok()?)),
        }),
        _ => None,
    }
}

/// The lines of a fact that can be read; `damaged` when one cannot.
fn lines<T>(
    facts: &Facts,
    name: &str,
    most: usize,
    damaged: &mut impl FnMut(&str),
    read: impl Fn(&str) -> Option<T>,
) -> Vec<T> {
    let text = facts.get(name).map_or("", String::as_str);
    let mut all = Vec::new();
    for line in text.lines().take(most) {
        match read(line) {
            Some(item) => all.push(item),
            None => {
                damaged(name);
                return all;
            }
        }
    }
    all
}
