//! The network helper's port, radvd and Kea: IPv6 addresses.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use anyhow::{Result, ensure};
use iscsiuio::port::{Configured, InterfaceConfig, Ipv6Source, LeaseStatus, PingEnd};
use lab_tests::need::{Need, left_out};
use lab_tests::network::capture::Capture;
use lab_tests::network::kea::Times;
use lab_tests::network::port::{LivePort, MAC_TEXT};
use lab_tests::network::radvd::Advertised;
use lab_tests::network::{self, Plan, Segment, capture, kea, radvd};

const SOON: Duration = Duration::from_secs(60);

fn needs(more: &[&[Need]]) -> Vec<Need> {
    [network::NEEDS, capture::NEEDS, &more.concat()].concat()
}

fn with(v6: Ipv6Source) -> InterfaceConfig {
    InterfaceConfig {
        v6,
        ..network::port::UNCONFIGURED
    }
}

fn global(address: IpAddr) -> Option<Ipv6Addr> {
    match address {
        IpAddr::V6(v6) if !v6.is_unicast_link_local() => Some(v6),
        _ => None,
    }
}

fn of_the_prefix(segment: &Segment, address: IpAddr) -> bool {
    let prefix = segment.plan.prefix().to_bits() >> 64;
    global(address).is_some_and(|v6| v6.to_bits() >> 64 == prefix)
}

#[test]
fn a_router_with_a_prefix_gives_an_address_that_reaches_it() -> Result<()> {
    let name = "a_router_with_a_prefix_gives_an_address_that_reaches_it";
    if left_out(name, &needs(&[radvd::NEEDS])) {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    let capture = Capture::start(&segment)?;
    let _router = radvd::start(
        &segment,
        Advertised {
            prefix: true,
            managed: false,
        },
    )?;
    let port = LivePort::start(&segment.near, 1)?;
    port.configure(with(Ipv6Source::Auto))?;
    let got = port.address(0, SOON, |one| of_the_prefix(&segment, one.address))?;
    ensure!(got.prefix == 64 && got.valid.is_some(), "{got:?}");
    let interface = port.interface(0)?;
    let link_local = |one: &IpAddr| matches!(one, IpAddr::V6(v6) if v6.is_unicast_link_local());
    ensure!(interface.routers.iter().any(link_local), "{interface:?}");
    ensure!(
        interface.addresses.iter().any(|one| link_local(&one.address)),
        "{interface:?}"
    );
    let router = segment.mac_of_far()?;
    ensure!(port.path(segment.plan.v6.into(), 0)? == router);
    ensure!(port.path("2001:db8:9::9".parse()?, 0)? == router, "by the router");
    ensure!(port.ping(segment.plan.v6.into(), 0, 56)?.0 == PingEnd::Answered);
    // Looked for before use: a solicitation from nobody (RFC 4862, 5.4.2).
    let probe = format!(
        "icmpv6.type == 135 && ipv6.src == :: && icmpv6.nd.ns.target_address == {}",
        got.address
    );
    ensure!(!capture.frames(&probe, &[])?.is_empty());
    capture.flawless(MAC_TEXT)
}

#[test]
fn a_router_without_a_prefix_is_a_router_and_gives_no_address() -> Result<()> {
    let name = "a_router_without_a_prefix_is_a_router_and_gives_no_address";
    if left_out(name, &needs(&[radvd::NEEDS])) {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    let capture = Capture::start(&segment)?;
    let _router = radvd::start(&segment, Advertised::default())?;
    let port = LivePort::start(&segment.near, 2)?;
    port.configure(with(Ipv6Source::Auto))?;
    let found = port.until(0, "a router", SOON, |now| !now.routers.is_empty())?;
    ensure!(
        found.addresses.iter().all(|one| global(one.address).is_none()),
        "{found:?}"
    );
    ensure!(found.state != Configured::Ready, "{found:?}");
    capture.flawless(MAC_TEXT)
}

#[test]
fn kea_gives_an_address_by_dhcpv6_and_renews_it() -> Result<()> {
    let name = "kea_gives_an_address_by_dhcpv6_and_renews_it";
    if left_out(name, &needs(&[radvd::NEEDS, kea::NEEDS_V6])) {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    let capture = Capture::start(&segment)?;
    let _router = radvd::start(
        &segment,
        Advertised {
            prefix: false,
            managed: true,
        },
    )?;
    let _server = kea::start_v6(&segment, Times::seconds(3, 6, 12))?;
    let port = LivePort::start(&segment.near, 3)?;
    port.configure(with(Ipv6Source::Dhcp))?;
    let got = port.address(0, SOON, |one| of_the_prefix(&segment, one.address))?;
    let leases = port.interface(0)?.leases;
    ensure!(
        leases.iter().any(|one| matches!(one, LeaseStatus::V6 { .. })),
        "{leases:?}"
    );
    // RENEW, and its REPLY.
    capture.awaits("dhcpv6.msgtype == 5", 2, SOON)?;
    let now = port.interface(0)?;
    ensure!(
        now.addresses.iter().any(|one| one.address == got.address),
        "{now:?}"
    );
    // On no prefix of its own: a DHCPv6 address says nothing of its link (RFC 8415, 18.2.10.1).
    ensure!(port.path(segment.plan.v6.into(), 0)? == segment.mac_of_far()?);
    capture.flawless(MAC_TEXT)
}

#[test]
fn an_address_that_somebody_has_is_not_used() -> Result<()> {
    let name = "an_address_that_somebody_has_is_not_used";
    if left_out(name, &needs(&[])) {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    let capture = Capture::start(&segment)?;
    let port = LivePort::start(&segment.near, 4)?;
    let address = segment.plan.v6;
    port.configure(with(Ipv6Source::Static { address, prefix: 64 }))?;
    let found = port.until(0, "the duplicate", SOON, |now| {
        now.addresses
            .iter()
            .any(|one| one.address == IpAddr::V6(address) && one.duplicate)
    })?;
    ensure!(found.state != Configured::Ready, "{found:?}");
    let claims =
        format!("icmpv6.type == 136 && eth.src == {MAC_TEXT} && icmpv6.nd.na.target_address == {address}");
    ensure!(capture.frames(&claims, &[])?.is_empty(), "it speaks for it");
    capture.flawless(MAC_TEXT)
}
