//! Who answers on the network of a port, as people type it.
//!
//! Must not know what the card makes of it. Source: RFC 2131, RFC 4861.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Result, ensure};
use isp4xxx::fw::{DhcpLease, Network, RouterAdvertisement};

/// Reads `[PORT=]ADDRESS/PREFIX[,GATEWAY]`.
pub(super) fn lease(text: &str) -> Result<(usize, DhcpLease), String> {
    let (port, rest) = port(text)?;
    let (net, gateway) = split(rest, ',');
    let (address, prefix) = net.split_once('/').ok_or("expected ADDRESS/PREFIX")?;
    let address: Ipv4Addr = address.parse().map_err(|_| "expected an IPv4 address")?;
    if address.is_unspecified() || address.is_multicast() || address.is_broadcast() {
        return Err("nobody can have that address".into());
    }
    let prefix: u32 = prefix
        .parse()
        .ok()
        .filter(|n| *n <= 32)
        .ok_or("expected a prefix of 0 to 32 bits")?;
    let gateway = match gateway {
        Some(gateway) => gateway
            .parse()
            .map_err(|_| "expected the gateway's IPv4 address")?,
        None => Ipv4Addr::UNSPECIFIED,
    };
    let subnet = Ipv4Addr::from(u32::MAX.checked_shl(32 - prefix).unwrap_or(0));
    Ok((
        port,
        DhcpLease {
            address,
            subnet,
            gateway,
        },
    ))
}

/// Reads `[PORT=]PREFIX/64[,ROUTER]`.
pub(super) fn router(text: &str) -> Result<(usize, RouterAdvertisement), String> {
    let (port, rest) = port(text)?;
    let (net, router) = split(rest, ',');
    let (prefix, bits) = net.split_once('/').ok_or("expected PREFIX/64")?;
    let prefix: Ipv6Addr = prefix.parse().map_err(|_| "expected an IPv6 prefix")?;
    if bits != "64" {
        return Err("addresses are made of prefixes of 64 bits (RFC 4862, section 5.5.3)".into());
    }
    if prefix.is_multicast() || prefix.is_unicast_link_local() || prefix.is_unspecified() {
        return Err("expected a unicast prefix beyond the link".into());
    }
    let router: Ipv6Addr = match router {
        Some(router) => router.parse().map_err(|_| "expected the router's IPv6 address")?,
        None => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
    };
    if !router.is_unicast_link_local() {
        return Err("routers advertise themselves with their link-local address".into());
    }
    Ok((port, RouterAdvertisement { router, prefix }))
}

/// The networks of a card's ports.
pub(super) fn networks(
    ports: usize,
    leases: &[(usize, DhcpLease)],
    routers: &[(usize, RouterAdvertisement)],
) -> Result<Vec<Network>> {
    let mut networks = vec![Network::default(); ports];
    for (port, lease) in leases {
        ensure!(*port < ports, "--dhcp-lease: there is no port {port}");
        networks[*port].lease = Some(*lease);
    }
    for (port, router) in routers {
        ensure!(*port < ports, "--ipv6-router: there is no port {port}");
        networks[*port].router = Some(*router);
    }
    Ok(networks)
}

/// A port's number before a value, 0 when left out.
pub(super) fn port(text: &str) -> Result<(usize, &str), String> {
    match text.split_once('=') {
        Some((port, rest)) => Ok((port.parse().map_err(|_| "expected a port number before =")?, rest)),
        None => Ok((0, text)),
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(a, b)| (a, Some(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_is_read_with_and_without_port_and_gateway() {
        let (port, one) = lease("10.0.0.21/24").unwrap();
        assert_eq!(
            (port, one.subnet, one.gateway),
            (0, [255, 255, 255, 0].into(), Ipv4Addr::UNSPECIFIED)
        );
        let (port, one) = lease("1=10.0.0.21/0,10.0.0.1").unwrap();
        assert_eq!(
            (port, one.subnet, one.gateway),
            (1, Ipv4Addr::UNSPECIFIED, [10, 0, 0, 1].into())
        );
        for bad in [
            "10.0.0.21",
            "10.0.0.21/33",
            "x/24",
            "10.0.0.1/24,x",
            "x=10.0.0.1/24",
            "224.0.0.1/24",
            "0.0.0.0/8",
        ] {
            assert!(lease(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_router_is_read_and_only_prefixes_that_make_addresses() {
        let (port, one) = router("1=2001:db8::/64,fe80::7").unwrap();
        assert_eq!((port, one.router), (1, "fe80::7".parse().unwrap()));
        assert_eq!(
            router("2001:db8::/64").unwrap().1.router,
            "fe80::1".parse::<Ipv6Addr>().unwrap()
        );
        for bad in [
            "2001:db8::/48",
            "fe80::/64",
            "2001:db8::",
            "ff02::/64",
            "2001:db8::/64,2001:db8::1",
        ] {
            assert!(router(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_port_that_the_card_has_not_is_refused() {
        assert!(networks(1, &[lease("1=10.0.0.2/24").unwrap()], &[]).is_err());
        let two = networks(2, &[lease("1=10.0.0.2/24").unwrap()], &[]).unwrap();
        assert!(two[0].lease.is_none() && two[1].lease.is_some());
    }
}
