//! What goes wrong while a disk is written and compared all the time: nothing may be lost, sessions come back by themselves.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::process::until;
use serde_json::Value;

use super::checks::Checks;
use super::road::{Lab, MINUTE, disk_of, listed};

/// Writes, reads back and compares, round after round; a difference or an error leaves a word in /tmp/bad.
const LOAD: &str = "n=0; rm -f /tmp/stop /tmp/bad; echo 0 >/tmp/rounds; \
    while [ ! -e /tmp/stop ]; do n=$((n+1)); \
    dd if=/dev/urandom of=/tmp/w bs=256k count=8 2>/dev/null; \
    dd if=/tmp/w of=/dev/DISK bs=64k oflag=direct 2>/tmp/e || { echo write $n; cat /tmp/e; } >>/tmp/bad; \
    dd if=/dev/DISK of=/tmp/r bs=64k count=32 iflag=direct 2>/tmp/e || { echo read $n; cat /tmp/e; } >>/tmp/bad; \
    cmp /tmp/w /tmp/r >>/tmp/bad 2>&1; echo $n >/tmp/rounds; done";
/// Longest time until a session is back and the load goes on.
const RECOVERY: Duration = Duration::from_secs(150);

/// Walks through the faults.
pub(super) fn walk(lab: &mut Lab<'_>, checks: &mut Checks) -> Result<()> {
    let disk = disk_of(&mut lab.guest, 96 << 20)?;
    let load = LOAD.replace("DISK", &disk).replace("\\\n", "");
    lab.guest.must(
        &format!("echo 10 >/sys/block/{disk}/device/timeout; ({load}) >/dev/null 2>&1 &"),
        MINUTE,
    )?;
    let before = identity(lab)?;
    let mut fault = |what: &str, lab: &mut Lab<'_>, act: &dyn Fn(&mut Lab<'_>) -> Result<()>| {
        checks.check(what, || {
            moving(lab)?;
            act(lab)?;
            until(RECOVERY, "the sessions to be logged in", || {
                let sessions = listed(&mut lab.guest, "session list")?;
                let up = sessions.iter().filter(|s| s["state"] == "LOGGED_IN").count();
                Ok((up == 3).then_some(()))
            })?;
            moving(lab)?;
            let bad = lab.guest.run("cat /tmp/bad", MINUTE)?.stdout;
            ensure!(bad.is_empty(), "the load found: {bad}");
            let after = identity(lab)?;
            ensure!(after == before, "sessions changed: {before:?} to {after:?}");
            Ok(())
        })
    };
    fault("the cable is out for ten seconds, under load", lab, &|lab| {
        lab.card.fault(&["link-down", "0"])?;
        std::thread::sleep(Duration::from_secs(10));
        lab.card.fault(&["link-up", "0"])
    })?;
    fault("the target goes away and comes back, under load", lab, &|lab| {
        let target = &lab.targets[1];
        target.fault(&["portals", "close"])?;
        target.fault(&["drop-sessions"])?;
        std::thread::sleep(Duration::from_secs(5));
        target.fault(&["portals", "open"])
    })?;
    fault(
        "the firmware dies and the driver resets it, under load",
        lab,
        &|lab| lab.card.fault(&["crash", "0"]),
    )?;
    fault(
        "the target loses a response: the driver aborts the command",
        lab,
        &|lab| {
            lab.targets[1].fault(&["lose-reply"])?;
            let log = lab.card.log.clone();
            until(RECOVERY, "the abort", || {
                Ok(std::fs::read_to_string(&log)?.contains("AbortTask").then_some(()))
            })
        },
    )?;
    lab.guest.must("touch /tmp/stop; sync", MINUTE)?;
    Ok(())
}

/// The load makes progress.
fn moving(lab: &mut Lab<'_>) -> Result<()> {
    let rounds = |lab: &mut Lab<'_>| -> Result<u64> {
        let text = lab.guest.must("cat /tmp/rounds", MINUTE)?;
        Ok(text.trim().parse().unwrap_or(0))
    };
    let begun = rounds(lab)?;
    until(RECOVERY, "the load to go on", || {
        Ok((rounds(lab)? >= begun + 2).then_some(()))
    })
}

/// What makes each session the same session to the guest: its target and its number.
fn identity(lab: &mut Lab<'_>) -> Result<Vec<(Value, Value)>> {
    let mut sessions = listed(&mut lab.guest, "session list --detail")?;
    sessions.sort_by_key(|session| session["target_name"].to_string());
    let all: Vec<_> = sessions
        .iter_mut()
        .map(|session| (session["target_name"].take(), session["sid"].take()))
        .collect();
    ensure!(
        all.iter().all(|(_, sid)| !sid.is_null()),
        "a session without a number"
    );
    all.first().context("there are no sessions")?;
    Ok(all)
}
