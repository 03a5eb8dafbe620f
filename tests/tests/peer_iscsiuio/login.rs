//! Stock iscsid and iscsiadm on a bnx2i port of the emulated kernel, with a helper on a card: the stock one, and ours.

use anyhow::{Context, Result, bail, ensure};
use driver_sys::netlink::Request;
use lab_tests::need::left_out;
use lab_tests::network::offload::HOST;
use lab_tests::network::rig::{self, Rig};
use lab_tests::peer::helper::{self, Port, Slot};
use lab_tests::peer::stock::{self, Stock};
use lab_tests::peer::walk::walk;
use lab_tests::process::{Running, own_binary};

#[test]
fn stock_iscsid_discovers_and_logs_in_with_the_stock_helper() -> Result<()> {
    let name = "stock_iscsid_discovers_and_logs_in_with_the_stock_helper";
    if left_out(name, &[rig::needs(), stock::needs(), helper::needs()].concat()) {
        return Ok(());
    }
    walk_with(Slot::stock)
}

#[test]
fn stock_iscsid_discovers_and_logs_in_with_our_helper_on_a_card() -> Result<()> {
    let name = "stock_iscsid_discovers_and_logs_in_with_our_helper_on_a_card";
    if left_out(
        name,
        &[rig::needs(), stock::needs(), helper::card_needs()].concat(),
    ) {
        return Ok(());
    }
    walk_with(|slot| slot.ours(&own_binary("iscsiuio")?))
}

fn walk_with(start: impl Fn(&Slot) -> Result<Running>) -> Result<()> {
    let rig = Rig::helperless(16 << 20, false)?;
    let (netdev, mac) = (rig.shown("netdev")?, rig.shown("hwaddress")?);
    let port = Port {
        host: HOST,
        netdev: &netdev,
        mac: hba::ids::parse_mac(&mac).context("a MAC address")?,
    };
    let slot = Slot::plug(&rig.segment, rig.offload.endpoint(), port)?.traced();
    let _helper = start(&slot)?;
    let stock = Stock::start(rig.offload.endpoint(), Some(&rig.segment.near))?;
    let walked = walk(&rig, &stock);
    walked.with_context(|| format!("{}\niscsid: {}", slot.said(), stock.log().unwrap_or_default()))?;
    // It was this helper that found the target, by the ring: once for discovery, once for the session.
    let (far, sent) = (rig.segment.mac_of_far()?, slot.sent()?);
    for message in &sent {
        match Request::decode(message)?.1 {
            Request::PathUpdate { path, .. } => ensure!(path.mac == far, "{path:?}"),
            other => bail!("it sent {other:?}"),
        }
    }
    ensure!(sent.len() >= 2, "{} path updates", sent.len());
    Ok(())
}
