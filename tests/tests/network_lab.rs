//! The networks themselves: servers come up, frames are captured, labs do not see each other.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Result, ensure};
use lab_tests::need::left_out;
use lab_tests::network::kea::Times;
use lab_tests::network::radvd::Advertised;
use lab_tests::network::segment::ip;
use lab_tests::network::{self, NEAR, Plan, Segment, capture, dnsmasq, kea, radvd};

#[test]
fn every_server_comes_up() -> Result<()> {
    let needs = [
        network::NEEDS,
        dnsmasq::NEEDS,
        kea::NEEDS_V4,
        kea::NEEDS_V6,
        radvd::NEEDS,
    ]
    .concat();
    if left_out("every_server_comes_up", &needs) {
        return Ok(());
    }
    let segment = Segment::start(Plan::default())?;
    drop(dnsmasq::start(&segment)?);
    drop(kea::start_v4(&segment, Times::seconds(2, 4, 6))?);
    let _kea = kea::start_v6(&segment, Times::seconds(2, 4, 6))?;
    let advertised = Advertised {
        prefix: true,
        managed: false,
    };
    let _radvd = radvd::start(&segment, advertised)?;
    Ok(())
}

#[test]
fn two_labs_have_the_same_numbers_and_a_capture_sees_only_its_own() -> Result<()> {
    let needs = [network::NEEDS, capture::NEEDS].concat();
    if left_out(
        "two_labs_have_the_same_numbers_and_a_capture_sees_only_its_own",
        &needs,
    ) {
        return Ok(());
    }
    let (one, other) = (Segment::start(Plan::default())?, Segment::start(Plan::default())?);
    let captures = (capture::Capture::start(&one)?, capture::Capture::start(&other)?);
    ip(&one.near, &format!("link set {NEAR} address 02:00:00:00:00:01"))?;
    ip(&one.near, &format!("address add 10.71.0.2/24 dev {NEAR}"))?;
    // Nobody listens there: the far kernel says so.
    let refused = one.near.run(|| TcpStream::connect("10.71.0.1:9"))?;
    ensure!(refused.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused));
    captures
        .0
        .awaits("tcp.flags.reset == 1", 1, Duration::from_secs(20))?;
    ensure!(captures.1.frames("arp || tcp", &[])?.is_empty());
    captures.0.flawless("02:00:00:00:00:01")
}
