//! A bnx2i port of the emulated kernel, our network helper, dnsmasq and tgt: from the path to the session.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::need::left_out;
use lab_tests::network::capture::{self, Capture};
use lab_tests::network::helper;
use lab_tests::network::offload::HOST;
use lab_tests::network::rig::{self, Rig};
use lab_tests::offload::endpoint;

const SOON: Duration = Duration::from_secs(30);

fn left(name: &str) -> bool {
    left_out(name, &[rig::needs(), capture::NEEDS.to_vec()].concat())
}

#[test]
fn an_endpoint_connects_over_the_path_that_the_helper_found() -> Result<()> {
    if left("an_endpoint_connects_over_the_path_that_the_helper_found") {
        return Ok(());
    }
    let rig = Rig::start(8 << 20, false)?;
    let capture = Capture::start(&rig.segment)?;
    rig.helper()?.configure(&rig.record()?)?;
    let mac = rig.shown("hwaddress")?;
    rig.segment.says(lab_tests::network::dnsmasq::LOG, &mac, SOON)?;
    let mut client = rig.client()?;
    let connected = endpoint::connect(&mut client, HOST, rig.portal())?;
    endpoint::connected(&mut client, connected, SOON).with_context(|| {
        let said = rig.segment.said(helper::LOG).unwrap_or_default();
        format!("the helper said {said}")
    })?;
    endpoint::disconnect(&mut client, connected)?;

    // Nobody has that address: the helper says so, and the endpoint fails.
    let nobody = (rig.segment.plan.host(250), 3260).into();
    let failing = endpoint::connect(&mut client, HOST, nobody)?;
    let refused = endpoint::connected(&mut client, failing, SOON);
    ensure!(refused.is_err(), "connected to nobody");
    endpoint::disconnect(&mut client, failing)?;
    capture.flawless(&mac)
}
