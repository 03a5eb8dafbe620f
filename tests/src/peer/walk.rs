//! What stock `iscsid` and `iscsiadm` do with a bnx2i port, whoever its network helper is: discovery, login, I/O, logout.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use driver_sys::netlink::Request;

use super::stock::Stock;
use crate::network::rig::{IQN, Rig};
use crate::process::until;

const SOON: Duration = Duration::from_secs(60);

/// Walks it, with a disk of 16 MiB. Gives what iscsid sent to the kernel.
///
/// # Errors
/// What does not go.
pub fn walk(rig: &Rig, stock: &Stock) -> Result<Vec<Request>> {
    let (mac, portal) = (rig.shown("hwaddress")?, rig.portal());
    let iface = format!("bnx2i.{mac}");
    // Made by iscsiadm itself, from what the tree shows.
    let ifaces = stock.lines("-m iface")?;
    ensure!(ifaces.iter().any(|line| line.starts_with(&iface)), "{ifaces:?}");
    let address = rig.segment.plan.host(60);
    for (key, value) in [
        ("ipaddress", address.to_string()),
        ("subnet_mask", "255.255.255.0".into()),
    ] {
        stock.lines(&format!(
            "-m iface -I {iface} -o update -n iface.{key} -v {value}"
        ))?;
    }
    let found = stock.lines(&format!("-m discovery -t st -p {portal} -I {iface}"))?;
    ensure!(found.iter().any(|line| line.contains(IQN)), "{found:?}");
    stock.lines(&format!("{} --login", node(rig)?))?;
    let sessions = stock.lines("-m session")?;
    ensure!(
        sessions
            .iter()
            .any(|line| line.starts_with("bnx2i:") && line.contains(IQN)),
        "{sessions:?}"
    );

    // The same session, and its disk, in our eyes.
    let ours = rig.json(&["session", "list"])?;
    let session = ours
        .as_array()
        .and_then(|all| all.first())
        .context("no session")?;
    ensure!(
        session["target_name"] == IQN && session["transport"] == "bnx2i",
        "{session}"
    );
    let sid = session["sid"].as_u64().context("sid")?;
    let disk = rig.disk(u32::try_from(sid)?)?;
    let (source, copy) = (rig.noise("source", 16 << 20, 1)?, rig.segment.file("copy"));
    let text = |path: &std::path::Path| path.to_str().map(str::to_owned).context("path");
    rig.json(&["lun", "write", &disk, "--in", &text(&source)?, "--yes"])?;
    rig.json(&["lun", "read", &disk, "--out", &text(&copy)?])?;
    ensure!(std::fs::read(&source)? == std::fs::read(&copy)?, "other bytes");

    log_out(rig, stock, &node(rig)?)?;
    let sent = requests(stock)?;
    let through = |request: &Request| matches!(request, Request::EpConnectThroughHost { host_no: 1, .. });
    ensure!(
        sent.iter().filter(|request| through(request)).count() >= 2,
        "{sent:?}"
    );
    Ok(sent)
}

/// iscsiadm's words for the record of the disk on the rig's port.
///
/// # Errors
/// The port is not there.
pub fn node(rig: &Rig) -> Result<String> {
    let (mac, portal) = (rig.shown("hwaddress")?, rig.portal());
    Ok(format!("-m node -T {IQN} -p {portal} -I bnx2i.{mac}"))
}

/// What iscsid has sent to the kernel so far.
///
/// # Errors
/// Something of it is no request.
pub fn requests(stock: &Stock) -> Result<Vec<Request>> {
    let sent = stock.sent()?;
    sent.iter()
        .map(|message| Ok(Request::decode(message)?.1))
        .collect()
}

/// Logs out and waits until the session is gone.
///
/// # Errors
/// It does not go.
pub fn log_out(rig: &Rig, stock: &Stock, node: &str) -> Result<()> {
    stock.lines(&format!("{node} --logout"))?;
    until(SOON, "the session to go", || {
        let sessions = rig.json(&["session", "list"])?;
        Ok(sessions.as_array().is_some_and(Vec::is_empty).then_some(()))
    })
}
