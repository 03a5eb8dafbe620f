//! The stock iscsid and iscsiadm on a bnx2i port of the emulated kernel, with our network helper: discovery, login, I/O, logout.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};
use driver_sys::netlink::Request;
use driver_sys::netlink::params::IscsiParam;
use driver_sys::sysfs::class::transport::Caps;
use hba::policy::isid::of_iscsid;
use hba::policy::mask::Mask;
use hba::policy::timeouts::{COPIED, Connection};
use lab_tests::need::left_out;
use lab_tests::network::helper;
use lab_tests::network::rig::{self, Rig};
use lab_tests::peer::stock::{Stock, needs};
use lab_tests::peer::walk::walk;

/// `bnx2i_iscsi_transport`.
const BNX2I: Caps = Caps::from_bits_retain(0x08B9);
/// Opcode of a Login Request.
const LOGIN: u8 = 0x03;

#[test]
fn stock_iscsid_discovers_and_logs_in_with_our_helper() -> Result<()> {
    let name = "stock_iscsid_discovers_and_logs_in_with_our_helper";
    if left_out(name, &[rig::needs(), needs()].concat()) {
        return Ok(());
    }
    let rig = Rig::start(16 << 20, false)?;
    let stock = Stock::start(rig.offload.endpoint(), Some(&rig.segment.near))?;
    let walked = walk(&rig, &stock).and_then(|sent| as_the_policy_says(&sent));
    walked.with_context(|| {
        let said = |log: &str| rig.segment.said(log).unwrap_or_default();
        format!(
            "helper: {}\niscsid: {}",
            said(helper::LOG),
            stock.log().unwrap_or_default()
        )
    })
}

/// Set only where the record has them, or the machine boots from the session.
const WHERE_SET: [IscsiParam; 7] = [
    IscsiParam::Username,
    IscsiParam::UsernameIn,
    IscsiParam::Password,
    IscsiParam::PasswordIn,
    IscsiParam::BootRoot,
    IscsiParam::BootNic,
    IscsiParam::BootTarget,
];
/// Copied from the record, and not sent by this iscsid.
const KEPT: [IscsiParam; 1] = [IscsiParam::HostResetTmo];

/// What iscsid sets of its sessions is what our tables say: nothing that is masked, nothing that the table does not have, the times as
/// they are copied; and its sessions have identifiers of software, by their numbers.
fn as_the_policy_says(sent: &[Request]) -> Result<()> {
    let mut set = BTreeMap::new();
    let mut logins = 0;
    for request in sent {
        match request {
            Request::SetParam { attr, .. } => {
                let text = String::from_utf8_lossy(attr.value.as_slice()).into_owned();
                set.insert(attr.param, text.trim_end_matches('\0').to_owned());
            }
            Request::SendPdu { sid, pdu, .. } => {
                let header = pdu.header.as_slice();
                if header[0] & 0x3f == LOGIN {
                    let isid = of_iscsid(*sid);
                    ensure!(header[8..14] == isid.0, "session {sid}: {header:02x?}");
                    logins += 1;
                }
            }
            _ => {}
        }
    }
    ensure!(logins >= 2, "a discovery and a session: {logins}");
    let mask = Mask::of(BNX2I);
    let theirs: BTreeSet<IscsiParam> = set.keys().copied().chain(WHERE_SET).chain(KEPT).collect();
    let ours: BTreeSet<IscsiParam> = mask.sent.iter().copied().collect();
    ensure!(theirs == ours, "{theirs:?} {ours:?}");
    for row in COPIED.iter().filter(|row| !KEPT.contains(&row.param)) {
        let told = &set[&row.param];
        ensure!(*told == row.default.to_string(), "{}: {told}", row.key);
    }
    let noop = [IscsiParam::RecvTmo, IscsiParam::PingTmo].map(|param| set[&param].clone());
    let shipped = Connection::SHIPPED;
    ensure!(
        noop == [shipped.noop_interval, shipped.noop_timeout].map(|s| s.to_string()),
        "{noop:?}"
    );
    Ok(())
}
