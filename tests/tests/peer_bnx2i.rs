//! The stock iscsid and iscsiadm on a bnx2i port of the emulated kernel, with our network helper: discovery, login, I/O, logout.

use anyhow::{Context, Result};
use lab_tests::need::left_out;
use lab_tests::network::helper;
use lab_tests::network::rig::{self, Rig};
use lab_tests::peer::stock::{Stock, needs};
use lab_tests::peer::walk::walk;

#[test]
fn stock_iscsid_discovers_and_logs_in_with_our_helper() -> Result<()> {
    let name = "stock_iscsid_discovers_and_logs_in_with_our_helper";
    if left_out(name, &[rig::needs(), needs()].concat()) {
        return Ok(());
    }
    let rig = Rig::start(16 << 20, false)?;
    let stock = Stock::start(rig.offload.endpoint(), Some(&rig.segment.near))?;
    let walked = walk(&rig, &stock);
    walked.with_context(|| {
        let said = |log: &str| rig.segment.said(log).unwrap_or_default();
        format!(
            "helper: {}\niscsid: {}",
            said(helper::LOG),
            stock.log().unwrap_or_default()
        )
    })
}
