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
use lab_tests::peer::walk::{log_out, node, requests, walk};

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
    let walked = walk(&rig, &stock)
        .and_then(|sent| as_the_policy_says(&sent))
        .and_then(|()| nops_as_the_policy_says(&rig, &stock, &node(&rig)?));
    walked.with_context(|| {
        let said = |log: &str| rig.segment.said(log).unwrap_or_default();
        format!(
            "helper: {}\niscsid: {}",
            said(helper::LOG),
            stock.log().unwrap_or_default()
        )
    })
}

/// What iscsid takes in place of NOP times that are 0 is what our table takes.
fn nops_as_the_policy_says(rig: &Rig, stock: &Stock, node: &str) -> Result<()> {
    for (interval, timeout) in [(0, 7), (7, 0), (0, 0), (7, 9)] {
        for (key, value) in [("interval", interval), ("timeout", timeout)] {
            let key = format!("node.conn[0].timeo.noop_out_{key}");
            stock.lines(&format!("{node} -o update -n {key} -v {value}"))?;
        }
        stock.lines(&format!("{node} --login"))?;
        log_out(rig, stock, node)?;
        let last = |param| {
            let sent = requests(stock)?;
            let value = sent.iter().rev().find_map(|request| match request {
                Request::SetParam { attr, .. } if attr.param == param => Some(attr.value.clone()),
                _ => None,
            });
            let value = value.context("it is not sent")?;
            Ok::<_, anyhow::Error>(
                String::from_utf8_lossy(value.as_slice())
                    .trim_end_matches('\0')
                    .to_owned(),
            )
        };
        let (used, _) = Connection {
            noop_interval: interval,
            noop_timeout: timeout,
            ..Connection::SHIPPED
        }
        .settled();
        let theirs = (last(IscsiParam::RecvTmo)?, last(IscsiParam::PingTmo)?);
        let ours = (used.noop_interval.to_string(), used.noop_timeout.to_string());
        ensure!(theirs == ours, "{interval} {timeout}: {theirs:?} {ours:?}");
    }
    Ok(())
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
