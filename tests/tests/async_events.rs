//! A target that asks for a logout, announces a drop, or drops without a word: the adapter comes back, and the session keeps its number.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::process::until;
use lab_tests::target::Target;

const IQN: &str = "iqn.2026-11.org.example:restless";

fn state(lab: &Lab) -> Result<(u64, String)> {
    let sessions = lab.json(&["session", "list"])?;
    let sessions = sessions.as_array().context("no list")?;
    ensure!(sessions.len() == 1, "one session, whatever happens: {sessions:?}");
    let sid = sessions[0]["sid"].as_u64().context("no sid")?;
    let state = sessions[0]["state"].as_str().context("no state")?;
    Ok((sid, state.to_owned()))
}

fn logged_in(lab: &Lab, wanted: bool) -> Result<u64> {
    let what = if wanted { "a login" } else { "the loss" };
    until(Duration::from_secs(40), what, || {
        let (sid, state) = state(lab)?;
        Ok(((state == "LOGGED_IN") == wanted).then_some(sid))
    })
}

#[test]
fn a_session_keeps_its_number_whatever_the_target_announces() -> Result<()> {
    let lab = Lab::start(&["--ports", "1"])?;
    lab.json(&["iface", "set", "ipv4", "ipaddress=127.0.0.65", "subnet=255.0.0.0"])?;
    lab.json(&["iface", "apply"])?;
    let target = Target::start(lab.path(), IQN, &["--lun", "8M"])?;
    let portal = target.portal().to_string();
    let change = lab.json(&["flash", "add", "--target", IQN, "--portal", &portal])?;
    lab.json(&["flash", "login", &change["after"]["index"].to_string()])?;
    let sid = logged_in(&lab, true)?;
    for fault in [
        &["request-logout", "5"][..],
        &["announce-drop"],
        &["announce-drop", "connection"],
        &["drop-sessions"],
    ] {
        target.fault(fault)?;
        ensure!(logged_in(&lab, false)? == sid, "{fault:?}");
        ensure!(logged_in(&lab, true)? == sid, "{fault:?}");
        let disk = until(Duration::from_secs(20), "the disk", || {
            let disks = lab.json(&["lun", "list"])?;
            let Some(disk) = disks[0]["address"].as_str() else {
                return Ok(None);
            };
            Ok(lab.json(&["lun", "capacity", disk]).ok())
        })?;
        ensure!(disk.to_string().contains(&(8 << 20).to_string()), "{disk}");
    }
    Ok(())
}
