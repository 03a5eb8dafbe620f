//! The network helper's port and a kernel: ARP, neighbour discovery, echoes, large frames, VLANs.

use std::net::IpAddr;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use iscsiuio::port::{Configured, InterfaceConfig, Ipv4Source, Ipv6Source, PingEnd, Vlan};
use lab_tests::need::left_out;
use lab_tests::network::access::{ACCESS, Access};
use lab_tests::network::capture::Capture;
use lab_tests::network::echo::{echo, knock};
use lab_tests::network::port::{LivePort, MAC, MAC_TEXT};
use lab_tests::network::segment::ip;
use lab_tests::network::{self, FAR, Plan, Segment, capture};

const SOON: Duration = Duration::from_secs(30);

fn left(name: &str) -> bool {
    left_out(name, &[network::NEEDS, capture::NEEDS].concat())
}

/// .50 and ::50, the far machine as gateway.
fn both(plan: Plan, vlan: Option<Vlan>) -> Result<(InterfaceConfig, IpAddr, IpAddr)> {
    let (v4, v6) = (plan.host(50), "fd71::50".parse()?);
    let config = InterfaceConfig {
        vlan,
        v4: Ipv4Source::Static {
            address: v4,
            prefix: 24,
            gateway: Some(plan.v4),
        },
        v6: Ipv6Source::Static {
            address: v6,
            prefix: 64,
        },
        ..network::port::UNCONFIGURED
    };
    Ok((config, v4.into(), v6.into()))
}

fn ready(port: &LivePort, vlan_id: u16) -> Result<()> {
    port.until(vlan_id, "both addresses", SOON, |now| {
        now.state == Configured::Ready
    })
    .map(drop)
}

/// What a kernel knows of a neighbour.
fn neighbour(segment: &Segment, device: &str, of: IpAddr) -> Result<String> {
    knock(&segment.far, of)?;
    lab_tests::process::until(SOON, "the kernel to find the neighbour", || {
        let shown = ip(&segment.far, &format!("neigh show {of} dev {device}"))?;
        Ok(shown.contains("lladdr").then_some(shown))
    })
}

#[test]
fn the_kernel_and_the_port_find_each_other() -> Result<()> {
    if left("the_kernel_and_the_port_find_each_other") {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    let capture = Capture::start(&segment)?;
    let port = LivePort::start(&segment.near, 1)?;
    let (config, v4, v6) = both(segment.plan, None)?;
    port.configure(config)?;
    ready(&port, 0)?;
    for (mine, theirs) in [(v4, segment.plan.v4.into()), (v6, segment.plan.v6.into())] {
        let known = neighbour(&segment, FAR, mine)?;
        ensure!(known.contains(MAC_TEXT), "{known}");
        ensure!(port.path(theirs, 0)? == segment.mac_of_far()?, "{theirs}");
        ensure!(echo(&segment.far, mine, 56)?, "{mine} does not answer");
        // In fragments, too.
        ensure!(
            echo(&segment.far, mine, 3000)?,
            "{mine} does not answer in fragments"
        );
        ensure!(port.ping(theirs, 0, 56)?.0 == PingEnd::Answered, "{theirs}");
    }
    ensure!(
        port.path("192.0.2.9".parse()?, 0)? == segment.mac_of_far()?,
        "by the gateway"
    );
    // Nobody is there.
    ensure!(port.path(segment.plan.host(250).into(), 0)? == [0; 6]);
    ensure!(port.path("fd71::250".parse()?, 0)? == [0; 6]);
    ensure!(port.ping(segment.plan.host(250).into(), 0, 56)?.0 == PingEnd::Unreachable);
    let status = port.status()?;
    ensure!(status.pending == 0 && status.counters.requests == 5, "{status:?}");
    ensure!(
        status.counters.resolved == 3 && status.counters.failed == 2,
        "{status:?}"
    );
    capture.flawless(MAC_TEXT)
}

#[test]
fn an_ipv4_address_that_somebody_has_is_not_used() -> Result<()> {
    if left("an_ipv4_address_that_somebody_has_is_not_used") {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    let capture = Capture::start(&segment)?;
    let port = LivePort::start(&segment.near, 2)?;
    let address = segment.plan.v4;
    port.configure(InterfaceConfig {
        v4: Ipv4Source::Static {
            address,
            prefix: 24,
            gateway: None,
        },
        ..network::port::UNCONFIGURED
    })?;
    let found = port.until(0, "the duplicate", SOON, |now| {
        now.addresses
            .iter()
            .any(|one| one.address == IpAddr::V4(address) && one.duplicate)
    })?;
    ensure!(found.state != Configured::Ready, "{found:?}");
    let claims = format!("arp.src.proto_ipv4 == {address} && eth.src == {MAC_TEXT}");
    ensure!(capture.frames(&claims, &[])?.is_empty(), "it speaks for it");
    capture.flawless(MAC_TEXT)
}

#[test]
fn jumbo_frames_go_both_ways_whole() -> Result<()> {
    if left("jumbo_frames_go_both_ways_whole") {
        return Ok(());
    }
    let plan = Plan {
        mtu: 9000,
        ..Plan::default()
    };
    let segment = Segment::start(plan)?;
    let capture = Capture::start(&segment)?;
    let port = LivePort::start(&segment.near, 3)?;
    let (config, v4, v6) = both(plan, None)?;
    port.configure(config)?;
    ready(&port, 0)?;
    for (mine, theirs) in [(v4, plan.v4.into()), (v6, plan.v6.into())] {
        ensure!(echo(&segment.far, mine, 8900)?, "{mine} does not answer");
        let (end, took) = port.ping(theirs, 0, 8900)?;
        ensure!(end == PingEnd::Answered, "{theirs}: {end:?} after {took:?}");
    }
    let large = format!("eth.src == {MAC_TEXT} && frame.len > 8900 && (icmp || icmpv6)");
    // A request and an answer of each family.
    ensure!(capture.awaits(&large, 4, SOON)?.len() == 4);
    capture.flawless(MAC_TEXT)
}

#[test]
fn an_interface_on_a_vlan_speaks_with_its_tag_alone() -> Result<()> {
    if left("an_interface_on_a_vlan_speaks_with_its_tag_alone") {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    let capture = Capture::start(&segment)?;
    let switch = Access::start(&segment, 7)?;
    let port = LivePort::start(&segment.near, 4)?;
    let (config, v4, v6) = both(segment.plan, Some(Vlan { id: 7, priority: 3 }))?;
    port.configure(config)?;
    ready(&port, 7)?;
    for (mine, theirs) in [(v4, segment.plan.v4.into()), (v6, segment.plan.v6.into())] {
        let known = neighbour(&segment, ACCESS, mine)?;
        ensure!(known.contains(MAC_TEXT), "{known}");
        ensure!(port.path(theirs, 7)? != [0; 6], "{theirs}");
        ensure!(echo(&segment.far, mine, 1400)?, "{mine} does not answer");
        ensure!(port.ping(theirs, 7, 1400)?.0 == PingEnd::Answered, "{theirs}");
    }
    let tagged = "vlan.id == 7 && vlan.priority == 3";
    capture.awaits(&format!("eth.src == {MAC_TEXT} && {tagged}"), 6, SOON)?;
    let others = capture.frames(&format!("eth.src == {MAC_TEXT} && !({tagged})"), &[])?;
    ensure!(others.is_empty(), "{others:?}");
    ensure!(switch.untagged() == 0);
    capture.flawless(MAC_TEXT)
}

#[test]
fn two_hundred_and_fifty_six_requests_at_once_are_all_answered() -> Result<()> {
    if left("two_hundred_and_fifty_six_requests_at_once_are_all_answered") {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    // Sixty-four machines, each asked for four times.
    for last in 100..164 {
        ip(
            &segment.far,
            &format!("address add {}/32 dev lo", segment.plan.host(last)),
        )?;
    }
    let port = Arc::new(LivePort::start(&segment.near, 5)?);
    let (config, ..) = both(segment.plan, None)?;
    port.configure(config)?;
    ready(&port, 0)?;
    let asked: Vec<_> = (0..256_u16)
        .map(|number| {
            let (port, to) = (Arc::clone(&port), segment.plan.host(100 + (number % 64) as u8));
            thread::spawn(move || port.path(to.into(), 0))
        })
        .collect();
    let router = segment.mac_of_far()?;
    for thread in asked {
        let mac = thread.join().ok().context("a thread panicked")??;
        ensure!(mac == router);
    }
    ensure!(
        port.interface(0)?
            .neighbours
            .iter()
            .filter(|one| one.mac == Some(router))
            .count()
            >= 64
    );
    ensure!(MAC[0] & 1 == 0);
    Ok(())
}
