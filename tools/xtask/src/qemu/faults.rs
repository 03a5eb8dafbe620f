//! What goes wrong while disks are written and compared all the time: nothing may be lost, sessions come back by themselves.
//!
//! Owns the faults and what must be the same after each. The load runs on a disk of our target on the first port and on disks of
//! tgt on the second.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::process::until;
use serde_json::Value;

use super::checks::Checks;
use super::disks::Peer;
use super::load::Load;
use super::road::{Lab, MINUTE, disk_of, disks, listed};

/// Longest time until sessions are back.
const RECOVERY: Duration = Duration::from_secs(150);
/// Size of the disk of our target that the load runs on.
const OURS: u64 = 96 << 20;
/// Sessions of both ports.
const SESSIONS: usize = 6;
/// Longer than all faults take.
const ENDLESS: u64 = 7200;

/// Walks through the faults.
pub(super) fn walk(lab: &mut Lab<'_>, peer: &mut Peer, checks: &mut Checks) -> Result<()> {
    let mut names = Peer::raw(lab)?;
    names.push(disk_of(&mut lab.guest, OURS)?);
    let before = identity(lab)?;
    let load = Load::start(&mut lab.guest, &names, ENDLESS)?;
    let mut fault = |what: &str, lab: &mut Lab<'_>, act: &mut dyn FnMut(&mut Lab<'_>) -> Result<()>| {
        checks.check(what, || {
            load.moves(&mut lab.guest)?;
            act(lab)?;
            all_up(lab)?;
            load.moves(&mut lab.guest)?;
            let after = identity(lab)?;
            ensure!(after == before, "sessions changed: {before:?} to {after:?}");
            Ok(())
        })
    };
    fault(
        "the cables are out for ten seconds, under load",
        lab,
        &mut |lab| {
            lab.card.fault(&["link-down", "0"])?;
            lab.card.fault(&["link-down", "1"])?;
            std::thread::sleep(Duration::from_secs(10));
            lab.card.fault(&["link-up", "0"])?;
            lab.card.fault(&["link-up", "1"])
        },
    )?;
    fault("tgt is killed and started again, under load", lab, &mut |_| {
        peer.restart(Duration::from_secs(5))
    })?;
    fault(
        "the firmware dies and the driver resets it, under load",
        lab,
        &mut |lab| lab.card.fault(&["crash", "0"]),
    )?;
    fault(
        "a response is lost: the driver aborts the command, under load",
        lab,
        &mut |lab| {
            // A kernel gives a command up for good after six such times, so not while an adapter is reset on a busy machine.
            timeout(lab, 10)?;
            lab.targets[1].fault(&["lose-reply"])?;
            traced(lab, "ABORT_TASK]")
        },
    )?;
    fault(
        "the abort fails too: the driver resets the logical unit, under load",
        lab,
        &mut |lab| {
            lab.targets[1].fault(&["reject-abort"])?;
            lab.targets[1].fault(&["lose-reply"])?;
            traced(lab, "LOGICAL_UNIT_RESET]")
        },
    )?;
    let done = checks.check("the load found no difference", || load.stop(&mut lab.guest))?;
    println!(
        "     written {} MiB, compared {} MiB",
        done.written >> 20,
        done.compared >> 20
    );
    power_cut(lab, checks, &before)
}

/// The guest loses its power while it writes; what was synced before is there after it, and the card logs in again.
fn power_cut(lab: &mut Lab<'_>, checks: &mut Checks, before: &[Identity]) -> Result<()> {
    checks.check(
        "the guest's power fails under load: nothing synced is lost",
        || {
            let raw = Peer::raw(lab)?;
            let disk = Peer::files(lab)?;
            for command in [
                &format!("mount -t ext4 /dev/{disk} /mnt"),
                "dd if=/dev/urandom of=/mnt/last bs=1M count=16 conv=fsync 2>/dev/null",
            ] {
                lab.guest.must(command, MINUTE)?;
            }
            let sums = lab.guest.must("sha256sum /mnt/[1-8] /mnt/last", 5 * MINUTE)?;
            let load = Load::start(&mut lab.guest, &raw, ENDLESS)?;
            lab.guest.must(
                "(while dd if=/dev/zero of=/mnt/noise bs=64k count=64; do :; done) >/dev/null 2>&1 &",
                MINUTE,
            )?;
            load.moves(&mut lab.guest)?;
            lab.cut_power()?;
            all_up(lab)?;
            disks(&mut lab.guest, 8)?;
            let disk = Peer::files(lab)?;
            lab.guest
                .must(&format!("mount -t ext4 /dev/{disk} /mnt"), MINUTE)?;
            let again = lab.guest.must("sha256sum /mnt/[1-8] /mnt/last", 5 * MINUTE)?;
            ensure!(again == sums, "files changed: {sums} to {again}");
            lab.guest.must("umount /mnt", MINUTE)?;
            let names = |all: &[Identity]| -> Vec<_> {
                let names = all
                    .iter()
                    .map(|session| (session.target.clone(), session.isid.clone()));
                names.collect()
            };
            let after = identity(lab)?;
            ensure!(
                names(&after) == names(before),
                "sessions changed: {before:?} to {after:?}"
            );
            Ok(())
        },
    )
}

/// Every session is logged in.
fn all_up(lab: &mut Lab<'_>) -> Result<()> {
    until(RECOVERY, "the sessions to be logged in", || {
        let sessions = listed(&mut lab.guest, "session list")?;
        let up = sessions.iter().filter(|s| s["state"] == "LOGGED_IN").count();
        Ok((up == SESSIONS).then_some(()))
    })
}

/// Our target has seen this task management function since it was started.
fn traced(lab: &Lab<'_>, function: &str) -> Result<()> {
    let log = &lab.targets[1].log;
    until(RECOVERY, &format!("{function} in {}", log.display()), || {
        Ok(std::fs::read_to_string(log)?.contains(function).then_some(()))
    })
}

/// How long the kernel waits for a command on the disk of our target, in seconds.
fn timeout(lab: &mut Lab<'_>, seconds: u32) -> Result<()> {
    let disk = disk_of(&mut lab.guest, OURS)?;
    let set = format!("echo {seconds} >/sys/block/{disk}/device/timeout");
    lab.guest.must(&set, MINUTE).map(drop)
}

/// What makes a session the same session, to the guest (its number) and to the target (its ISID).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Identity {
    target: Value,
    sid: Value,
    isid: Value,
}

fn identity(lab: &mut Lab<'_>) -> Result<Vec<Identity>> {
    let mut all = Vec::new();
    for session in listed(&mut lab.guest, "session list")? {
        let sid = session["sid"].as_u64().context("a session without a number")?;
        let shown = super::road::good(&mut lab.guest, &format!("session show {sid} -o json"))?;
        let mut shown: Value = serde_json::from_str(&shown)?;
        let session = &mut shown["data"];
        ensure!(
            session["isid"].is_string(),
            "session {sid} has no ISID: {session}"
        );
        all.push(Identity {
            target: session["target_name"].take(),
            sid: session["sid"].take(),
            isid: session["isid"].take(),
        });
    }
    ensure!(all.len() == SESSIONS, "{} sessions", all.len());
    all.sort_by_key(|session| session.target.to_string());
    Ok(all)
}
