//! From an interface record to the part of an interface that it configures.
//!
//! A record is of one family. What the peer does with it counts: an address of zeros asks for DHCP whatever `bootproto` says, a netmask
//! comes from the address, the record or the address's class, a gateway outside of the network is left out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use driver_sys::uip::IfaceRecord;

use crate::net::{LARGEST_MTU, SMALLEST_MTU, host, host6, within};
use crate::port::{InterfaceConfig, Ipv4Source, Ipv6Source, LinkLocalSource, RouterSource, Vlan};

/// Why a record cannot be used; the field is named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// A value that makes no sense.
    #[error("iface.{field} = {value:?} is no {expected}")]
    Value {
        /// The field.
        field: &'static str,
        /// What it holds.
        value: String,
        /// What it should.
        expected: &'static str,
    },
    /// The record says that the interface is not to be used.
    #[error("iface.state = disable")]
    Disabled,
    /// Neither a network device nor a MAC address.
    #[error("neither iface.net_ifacename nor iface.hwaddress says which adapter is meant")]
    Nobody,
}

/// Which adapter a record means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// Network device; empty: any.
    pub netdev: String,
    /// MAC address.
    pub mac: Option<[u8; 6]>,
    /// Transport; empty: any.
    pub transport: String,
}

/// The family that a record configures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4(Ipv4Source),
    /// IPv6.
    V6 {
        /// The global address.
        source: Ipv6Source,
        /// The link-local address.
        link_local: LinkLocalSource,
        /// The router.
        router: RouterSource,
    },
}

/// What a record asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which adapter.
    pub who: Who,
    /// Which VLAN.
    pub vlan: Option<Vlan>,
    /// MTU; `None`: the port's.
    pub mtu: Option<u16>,
    /// The family, and where its addresses come from.
    pub family: Family,
}

impl Wanted {
    /// Reads a record.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn of(record: &IfaceRecord) -> Result<Self, Unusable> {
        if record.state == "disable" {
            return Err(Unusable::Disabled);
        }
        Ok(Self {
            who: who(record)?,
            vlan: vlan(record)?,
            mtu: mtu(record),
            family: family(record)?,
        })
    }

    /// The VLAN ID, 0 for none.
    #[must_use]
    pub fn vlan_id(&self) -> u16 {
        self.vlan.map_or(0, |vlan| vlan.id)
    }

    /// The interface with what is wanted in it; the other family stays as it is.
    #[must_use]
    pub fn within(&self, there: Option<&InterfaceConfig>) -> InterfaceConfig {
        let mut config = there.cloned().unwrap_or(InterfaceConfig {
            vlan: None,
            mtu: None,
            v4: Ipv4Source::Off,
            v6: Ipv6Source::Off,
            link_local: LinkLocalSource::Auto,
            router: RouterSource::Auto,
        });
        config.vlan = self.vlan;
        config.mtu = self.mtu.or(config.mtu);
        match self.family {
            Family::V4(source) => config.v4 = source,
            Family::V6 {
                source,
                link_local,
                router,
            } => {
                config.v6 = source;
                config.link_local = link_local;
                config.router = router;
            }
        }
        config
    }
}

fn bad(field: &'static str, value: impl ToString, expected: &'static str) -> Unusable {
    Unusable::Value {
        field,
        value: value.to_string(),
        expected,
    }
}

/// The record's value, unless it says that there is none.
fn set(text: &str) -> Option<&str> {
    Some(text).filter(|text| !matches!(*text, "" | "default" | "<empty>"))
}

fn address<T: FromStr>(field: &'static str, text: &str, expected: &'static str) -> Result<T, Unusable> {
    text.parse().map_err(|_| bad(field, text, expected))
}

fn who(record: &IfaceRecord) -> Result<Who, Unusable> {
    let mac = set(&record.hwaddress)
        .map(|text| mac(text).ok_or_else(|| bad("hwaddress", text, "MAC address")))
        .transpose()?;
    let netdev = set(&record.netdev).unwrap_or_default().to_owned();
    if netdev.is_empty() && mac.is_none() {
        return Err(Unusable::Nobody);
    }
    Ok(Who {
        netdev,
        mac,
        transport: set(&record.transport_name).unwrap_or_default().to_owned(),
    })
}

/// A MAC address from text.
pub(crate) fn mac(text: &str) -> Option<[u8; 6]> {
    let mut mac = [0; 6];
    let mut parts = text.split([':', '-']);
    for byte in &mut mac {
        let part = parts.next().filter(|part| matches!(part.len(), 1 | 2))?;
        *byte = u8::from_str_radix(part, 16).ok()?;
    }
    parts.next().is_none().then_some(mac)
}

fn vlan(record: &IfaceRecord) -> Result<Option<Vlan>, Unusable> {
    if record.vlan_id == 0 || record.vlan_state == "disable" {
        return Ok(None);
    }
    if record.vlan_id > 4094 {
        return Err(bad("vlan_id", record.vlan_id, "VLAN ID (1 to 4094)"));
    }
    if record.vlan_priority > 7 {
        return Err(bad(
            "vlan_priority",
            record.vlan_priority,
            "VLAN priority (0 to 7)",
        ));
    }
    Ok(Some(Vlan {
        id: record.vlan_id,
        priority: record.vlan_priority,
    }))
}

/// The peer leaves alone what it does not support; below 1280 bytes there is no IPv6.
fn mtu(record: &IfaceRecord) -> Option<u16> {
    Some(record.mtu).filter(|mtu| (SMALLEST_MTU..=LARGEST_MTU).contains(mtu))
}

fn family(record: &IfaceRecord) -> Result<Family, Unusable> {
    let expected = "IP address";
    let Some(text) = set(&record.ipaddress) else {
        if record.bootproto == "dhcp" {
            return Ok(Family::V4(Ipv4Source::Dhcp));
        }
        return Err(bad("ipaddress", &record.ipaddress, expected));
    };
    let (text, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    match address("ipaddress", text, expected)? {
        IpAddr::V4(address) => v4(record, address, prefix).map(Family::V4),
        IpAddr::V6(address) => v6(record, address, prefix),
    }
}

/// A prefix behind an address; 0 counts as none, as with the peer.
fn prefix(text: Option<&str>, most: u8) -> Result<Option<u8>, Unusable> {
    let Some(text) = text else { return Ok(None) };
    match text.parse::<u8>() {
        Ok(0) => Ok(None),
        Ok(prefix) if prefix <= most => Ok(Some(prefix)),
        _ => Err(bad("ipaddress", text, "length of a prefix")),
    }
}

fn v4(record: &IfaceRecord, address: Ipv4Addr, cidr: Option<&str>) -> Result<Ipv4Source, Unusable> {
    if address.is_unspecified() {
        return Ok(Ipv4Source::Dhcp);
    }
    if !host(address) {
        return Err(bad("ipaddress", address, "address of a host"));
    }
    let prefix = match (prefix(cidr, 32)?, set(&record.subnet_mask)) {
        (Some(prefix), _) => prefix,
        (None, Some(mask)) => match netmask(mask)? {
            0 => class(address),
            prefix => prefix,
        },
        (None, None) => class(address),
    };
    // A record that has none holds 0.0.0.0; the peer takes what it cannot read for that, too.
    let gateway = set(&record.gateway)
        .and_then(|text| text.parse::<Ipv4Addr>().ok())
        .filter(|gateway| !gateway.is_unspecified() && within((*gateway).into(), address.into(), prefix));
    Ok(Ipv4Source::Static {
        address,
        prefix,
        gateway,
    })
}

fn netmask(text: &str) -> Result<u8, Unusable> {
    let mask: Ipv4Addr = address("subnet_mask", text, "netmask")?;
    let bits = mask.to_bits();
    if bits.leading_ones() + bits.trailing_zeros() < u32::BITS {
        return Err(bad("subnet_mask", text, "netmask"));
    }
    Ok(u8::try_from(bits.leading_ones()).unwrap_or_default())
}

/// The prefix of an address's class (RFC 791).
fn class(address: Ipv4Addr) -> u8 {
    match address.octets() {
        [0..=127, ..] => 8,
        [128..=191, ..] => 16,
        _ => 24,
    }
}

fn v6(record: &IfaceRecord, own: Ipv6Addr, cidr: Option<&str>) -> Result<Family, Unusable> {
    if !own.is_unspecified() && !host6(own) {
        return Err(bad("ipaddress", own, "address of a host"));
    }
    let of_record = Some(record.prefix_len).filter(|prefix| (1..=128).contains(prefix));
    let prefix = prefix(cidr, 128)?.or(of_record).unwrap_or(64);
    let source = match record.ipv6_autocfg.as_str() {
        "dhcpv6" => Ipv6Source::Dhcp,
        "nd" if own.is_unspecified() => Ipv6Source::Auto,
        _ if own.is_unspecified() => Ipv6Source::Dhcp,
        _ => Ipv6Source::Static { address: own, prefix },
    };
    let given = |field, text| {
        let given: Ipv6Addr = address(field, text, "IPv6 address")?;
        if given.is_unicast_link_local() || (field == "ipv6_router" && !given.is_multicast()) {
            Ok(given)
        } else {
            Err(bad(field, text, "usable IPv6 address"))
        }
    };
    let link_local = match record.linklocal_autocfg.as_str() {
        "off" => LinkLocalSource::Static(given("ipv6_linklocal", &record.ipv6_linklocal)?),
        _ => LinkLocalSource::Auto,
    };
    let router = match record.router_autocfg.as_str() {
        "off" => RouterSource::Static(given("ipv6_router", &record.ipv6_router)?),
        _ => RouterSource::Auto,
    };
    Ok(Family::V6 {
        source,
        link_local,
        router,
    })
}

#[cfg(test)]
mod tests;
