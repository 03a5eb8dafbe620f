//! The network helper's port and DHCPv4 servers: dnsmasq, and Kea with leases of seconds.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use iscsiuio::port::{Configured, InterfaceConfig, Ipv4Source, LeaseStatus, PingEnd};
use lab_tests::need::{Need, left_out};
use lab_tests::network::capture::Capture;
use lab_tests::network::kea::Times;
use lab_tests::network::port::{LivePort, MAC_TEXT};
use lab_tests::network::segment::ip;
use lab_tests::network::{self, Plan, Segment, capture, dnsmasq, kea};

/// Generous: what is measured is told, what is asserted is that it comes.
const SOON: Duration = Duration::from_secs(30);

fn needs(more: &[Need]) -> Vec<Need> {
    [network::NEEDS, capture::NEEDS, more].concat()
}

fn dhcp() -> InterfaceConfig {
    InterfaceConfig {
        v4: Ipv4Source::Dhcp,
        ..network::port::UNCONFIGURED
    }
}

#[test]
fn dnsmasq_gives_an_address_and_its_router_is_reached() -> Result<()> {
    let name = "dnsmasq_gives_an_address_and_its_router_is_reached";
    if left_out(name, &needs(dnsmasq::NEEDS)) {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    let capture = Capture::start(&segment)?;
    let _server = dnsmasq::start(&segment)?;
    let port = LivePort::start(&segment.near, 1)?;
    let begun = Instant::now();
    port.configure(dhcp())?;
    let got = port.address(0, SOON, |one| one.address.is_ipv4())?;
    let took = begun.elapsed();
    eprintln!("an address from dnsmasq after {} ms", took.as_millis());

    let IpAddr::V4(address) = got.address else {
        unreachable!("an IPv4 address")
    };
    ensure!((100..=150).contains(&address.octets()[3]), "{got:?}");
    ensure!(got.prefix == 24 && !got.duplicate, "{got:?}");
    let interface = port.interface(0)?;
    ensure!(
        interface.routers == [IpAddr::V4(segment.plan.v4)],
        "{interface:?}"
    );
    segment.says(dnsmasq::LOG, &format!("DHCPACK(lan0) {address} {MAC_TEXT}"), SOON)?;
    // On the link, and behind the router.
    let router = segment.mac_of_far()?;
    ensure!(port.path(segment.plan.v4.into(), 0)? == router);
    ensure!(port.path("192.0.2.9".parse()?, 0)? == router);
    ensure!(port.ping(segment.plan.v4.into(), 0, 56)?.0 == PingEnd::Answered);
    // Probed before use, and told to the others (RFC 5227).
    let probes = format!("arp.opcode == 1 && arp.dst.proto_ipv4 == {address} && eth.src == {MAC_TEXT}");
    ensure!(
        !capture
            .frames(&format!("{probes} && arp.src.proto_ipv4 == 0.0.0.0"), &[])?
            .is_empty()
    );
    capture.flawless(MAC_TEXT)
}

#[test]
fn a_short_lease_is_renewed_and_the_address_stays() -> Result<()> {
    if left_out(
        "a_short_lease_is_renewed_and_the_address_stays",
        &needs(kea::NEEDS_V4),
    ) {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    let capture = Capture::start(&segment)?;
    let _server = kea::start_v4(&segment, Times::seconds(3, 6, 12))?;
    let port = LivePort::start(&segment.near, 2)?;
    port.configure(dhcp())?;
    let got = port.address(0, SOON, |one| one.address.is_ipv4())?;
    // Renewals go to the server alone, from the address (RFC 2131, 4.3.2).
    let renewal = format!(
        "dhcp.option.dhcp == 3 && ip.src == {} && ip.dst == {}",
        got.address, segment.plan.v4
    );
    capture.awaits(&renewal, 3, SOON)?;
    capture.awaits("dhcp.option.dhcp == 5", 4, SOON)?;
    let now = port.interface(0)?;
    ensure!(
        now.state == Configured::Ready && now.addresses.len() == 1,
        "{now:?}"
    );
    ensure!(now.addresses[0].address == got.address, "{now:?}");
    capture.flawless(MAC_TEXT)
}

#[test]
fn a_server_that_is_lost_leaves_the_lease_to_its_end() -> Result<()> {
    if left_out(
        "a_server_that_is_lost_leaves_the_lease_to_its_end",
        &needs(kea::NEEDS_V4),
    ) {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    let capture = Capture::start(&segment)?;
    let server = kea::start_v4(&segment, Times::seconds(3, 6, 12))?;
    let port = LivePort::start(&segment.near, 3)?;
    port.configure(dhcp())?;
    let got = port.address(0, SOON, |one| one.address.is_ipv4())?;
    drop(server);
    let since = Instant::now();
    // Asked of anybody (rebinding), the address still in use.
    let rebinding = format!(
        "dhcp.option.dhcp == 3 && ip.src == {} && ip.dst == 255.255.255.255",
        got.address
    );
    capture.awaits(&rebinding, 1, SOON)?;
    let meanwhile = port.interface(0)?;
    ensure!(
        meanwhile.addresses.iter().any(|one| one.address == got.address),
        "{meanwhile:?}"
    );
    ensure!(port.ping(segment.plan.v4.into(), 0, 56)?.0 == PingEnd::Answered);

    let after = port.until(0, "the end of the lease", SOON, |now| now.addresses.is_empty())?;
    ensure!(
        since.elapsed() > Duration::from_secs(5),
        "given up after {:?}",
        since.elapsed()
    );
    ensure!(
        after.state != Configured::Ready && after.leases.is_empty(),
        "{after:?}"
    );
    ensure!(
        port.path(segment.plan.v4.into(), 0)? == [0; 6],
        "no address, no path"
    );

    let _again = kea::start_v4(&segment, Times::seconds(60, 120, 180))?;
    port.address(0, Duration::from_secs(90), |one| one.address.is_ipv4())?;
    capture.flawless(MAC_TEXT)
}

#[test]
fn an_address_that_somebody_has_is_declined_and_another_taken() -> Result<()> {
    let name = "an_address_that_somebody_has_is_declined_and_another_taken";
    if left_out(name, &needs(kea::NEEDS_V4)) {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    let taken = segment.plan.host(100);
    // The far kernel answers ARP for it, and Kea, which begins with it, does not know.
    ip(&segment.far, &format!("address add {taken}/32 dev lo"))?;
    let capture = Capture::start(&segment)?;
    let _server = kea::start_v4(&segment, Times::seconds(60, 120, 180))?;
    let port = LivePort::start(&segment.near, 4)?;
    port.configure(dhcp())?;
    // RFC 2131, 3.1: ten seconds at least before it asks again.
    let got = port.address(0, Duration::from_secs(60), |one| {
        one.address.is_ipv4() && !one.duplicate
    })?;
    ensure!(got.address != IpAddr::V4(taken), "{got:?}");
    let declined = format!("dhcp.option.dhcp == 4 && dhcp.option.requested_ip_address == {taken}");
    ensure!(capture.frames(&declined, &[])?.len() == 1);
    segment.says(kea::LOG_V4, "DHCP4_DECLINE_LEASE", SOON)?;
    capture.flawless(MAC_TEXT)
}

#[test]
fn a_port_that_takes_over_uses_the_lease_at_once_and_has_it_confirmed() -> Result<()> {
    if left_out(
        "a_port_that_takes_over_uses_the_lease_at_once_and_has_it_confirmed",
        &needs(dnsmasq::NEEDS),
    ) {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    let _server = dnsmasq::start(&segment)?;
    let first = LivePort::start(&segment.near, 5)?;
    first.configure(dhcp())?;
    let got = first.address(0, SOON, |one| one.address.is_ipv4())?;
    let left = first.interface(0)?;
    let lease = left.leases.first().context("a lease")?;
    ensure!(matches!(lease, LeaseStatus::V4 { .. }), "{lease:?}");
    drop(first);

    let capture = Capture::start(&segment)?;
    let second = LivePort::start(&segment.near, 6)?;
    second.resume(left)?;
    let begun = Instant::now();
    let again = second.address(0, SOON, |one| one.address.is_ipv4())?;
    ensure!(again.address == got.address, "{again:?}");
    ensure!(second.path(segment.plan.v4.into(), 0)? == segment.mac_of_far()?);
    eprintln!("a path {} ms after the restart", begun.elapsed().as_millis());
    // RFC 2131, 3.2: a request for what it has, and no search for a server.
    capture.awaits("dhcp.option.dhcp == 5", 1, SOON)?;
    ensure!(capture.frames("dhcp.option.dhcp == 1", &[])?.is_empty());
    capture.flawless(MAC_TEXT)
}
