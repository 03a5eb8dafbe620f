//! Disks and what becomes of them: transfers, counters, power, endings.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::process::{own_binary, until};
use serde_json::Value;

use super::road::{MIB, Road};

fn pattern(len: usize) -> Vec<u8> {
    (0..len)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 7) as u8)
        .collect()
}

pub(super) fn disks(road: &mut Road) -> Result<()> {
    let sessions = road.json(&["session", "list"])?;
    ensure!(
        sessions.as_array().is_some_and(|all| all.len() == 1),
        "{sessions}"
    );
    let detail = road.json(&["session", "list", "--detail"])?;
    let sid = sessions[0]["sid"].to_string();
    ensure!(detail[0]["port_address"] == "127.0.0.21", "{detail}");
    let shown = road.json(&["session", "show", &sid])?;
    ensure!(shown["chap_username"] == "initiator", "{shown}");
    road.json(&["session", "rescan", &sid])?;
    let luns = until(Duration::from_secs(10), "two logical units", || {
        let luns = road.json(&["lun", "list", "--session", &sid])?;
        Ok(luns.as_array().is_some_and(|all| all.len() == 2).then_some(luns))
    })?;
    road.json(&["session", "paths", &sid])?;
    road.json(&["session", "mappings"])?;
    road.json(&["session", "set", &sid, "recovery_tmo=60"])?;
    road.json(&["session", "watch", "--for", "1"])?;
    road.json(&["lun", "uses", "--session", &sid])?;
    road.json(&["stats", "adapter", "-a", "host1"])?;
    road.json(&["stats", "requests", &sid])?;
    let disk = luns[0]["address"].as_str().context("no address")?.to_owned();
    road.json(&["lun", "inquiry", &disk])?;
    road.json(&["lun", "inquiry", &disk, "--vpd", "0x83"])?;
    let reported = road.json(&["lun", "report", &disk])?;
    ensure!(
        reported.as_array().is_some_and(|all| all.len() == 2),
        "{reported}"
    );
    let capacity = road.json(&["lun", "capacity", &disk])?;
    ensure!(capacity["bytes"] == 16 * MIB, "{capacity}");
    let (source, copy) = (road.path("source"), road.path("copy"));
    fs::write(&source, pattern(4 * MIB))?;
    let write = [
        "lun", "write", &disk, "--in", &source, "--start", "2048", "--verify", "--yes",
    ];
    let planned = road.json(&[&["--dry-run"], &write[..]].concat())?;
    ensure!(
        planned["planned"] == true && planned["bytes"] == 4 * MIB,
        "{planned}"
    );
    let written = road.json(&write)?;
    ensure!(
        written["bytes"] == 4 * MIB && written["verified"] == true,
        "{written}"
    );
    road.json(&[
        "lun", "read", &disk, "--out", &copy, "--start", "2048", "--blocks", "8192",
    ])?;
    ensure!(
        fs::read(&source)? == fs::read(&copy)?,
        "what was read is not what was written"
    );
    let file = fs::read(road.path("disk"))?;
    ensure!(
        file[MIB..5 * MIB] == pattern(4 * MIB)[..],
        "the target's file differs"
    );
    ensure!(
        file[..MIB].iter().all(|byte| *byte == 0),
        "blocks before the range were touched"
    );
    // A logical unit that is not there costs nobody a file.
    let out = road.lab.hbactl(&["lun", "read", "1:0:0:77", "--out", &copy])?;
    ensure!(
        out.status.code() == Some(3),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    ensure!(
        fs::metadata(&copy)?.len() == 4 * MIB as u64,
        "the file was emptied for nothing"
    );
    Ok(())
}

pub(super) fn counters(road: &mut Road) -> Result<()> {
    let sid = road.json(&["session", "list"])?[0]["sid"].to_string();
    let stats = road.json(&["stats", "session", &sid])?;
    ensure!(
        stats["counters"]["rxdata_octets"].as_u64() >= Some(8 * MIB as u64),
        "{stats}"
    );
    road.json(&["stats", "connection", &sid])?;
    let hosts = road.json(&["stats", "host"])?;
    let ports = road.card.ports;
    ensure!(hosts.as_array().is_some_and(|all| all.len() == ports), "{hosts}");
    Ok(())
}

/// Takes the power away and waits until the session is there again by itself.
pub(super) fn power_cycle(road: &mut Road) -> Result<()> {
    let before = road.json(&["session", "list"])?[0]["sid"].clone();
    road.lab.fault(&["power-cycle"])?;
    until(
        Duration::from_secs(40),
        "another session in the place of the one lost",
        || {
            let all = road.json(&["session", "list"])?;
            let back =
                all[0]["state"] == "LOGGED_IN" && all[0]["owner"] == "flash" && all[0]["sid"] != before;
            Ok(back.then_some(()))
        },
    )
}

pub(super) fn power(road: &mut Road, index: &str) -> Result<()> {
    power_cycle(road)?;
    let flash = road.json(&["flash", "show", index, "-a", "host1"])?;
    ensure!(
        flash["boot"] == road.card.boots,
        "is it marked as a boot target: {flash}"
    );
    ensure!(road.json(&["iface", "list", "-a", "host1"])?[0]["address"] == "127.0.0.21");
    Ok(())
}

pub(super) fn no_boot_target_any_more(road: &mut Road, index: &str) -> Result<()> {
    let refused = road.lab.hbactl(&["flash", "remove", index, "-a", "host1"])?;
    ensure!(refused.status.code() == Some(5), "a boot target is removed");
    road.change_once(&["boot", "clear", "--yes-write-nvram", "-a", "host1"])?;
    let boot = road.json(&["session", "list"])?[0]["sid"].to_string();
    let refused = road.lab.hbactl(&["session", "logout", &boot])?;
    ensure!(
        refused.status.code() == Some(5),
        "the session of a boot target ends before the next start"
    );
    Ok(())
}

pub(super) fn endings(road: &mut Road, index: &str) -> Result<()> {
    if road.card.boots {
        no_boot_target_any_more(road, index)?;
    }
    power_cycle(road)?;
    let sid = road.json(&["session", "list"])?[0]["sid"].to_string();
    road.json(&["session", "logout", &sid])?;
    road.json(&["flash", "login", index, "-a", "host1"])?;
    road.json(&["flash", "logout", index, "-a", "host1"])?;
    let left = road.json(&["session", "list"])?;
    ensure!(left == Value::Array(Vec::new()), "{left}");
    road.json(&["flash", "remove", index, "-a", "host1"])?;
    road.json(&["adapter", "reset", "host1"])?;
    let endpoint = road.lab.endpoint();
    // The cable is pulled and plugged until the one who waits for it has seen it.
    let seen = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&seen);
    let fault = std::thread::spawn(move || -> Result<()> {
        for state in ["link-down", "link-up"].into_iter().cycle() {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let mut command = Command::new(own_binary("hbaemu")?);
            command
                .args(["fault", "--endpoint"])
                .arg(&endpoint)
                .args([state, "0"]);
            let told = command.output()?;
            ensure!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    });
    let event = road.json(&[
        "event",
        "follow",
        "--count",
        "1",
        "--only",
        "link_down",
        "--for",
        "20",
    ]);
    seen.store(true, Ordering::Relaxed);
    let event = event?;
    ensure!(
        event["event"]["event"] == "link_down" || event["event"] == "link_down",
        "{event}"
    );
    fault.join().map_err(|_| anyhow::anyhow!("the fault panicked"))?
}
