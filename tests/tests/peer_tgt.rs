//! The operator's road over the emulated adapter to the distribution's `tgtd`: the main proof of the lab.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::need::left_out;
use lab_tests::process::until;
use lab_tests::tgt::{Account, NEEDS, Tgtd};
use serde_json::Value;

const IQN: &str = "iqn.2026-11.org.example:disk";
const SECRET: &str = "initiator-secret-1";
const TARGET_SECRET: &str = "target-secret-123";
const MIB: u64 = 1 << 20;

/// A lab with one adapter port as host 1 and a tgt target on a file of `bytes`.
fn lab(bytes: u64, accounts: &[Account<'_>]) -> Result<(Lab, Tgtd)> {
    let lab = Lab::start(&["--ports", "1"])?;
    // Without an address of its own the adapter cannot call anybody.
    lab.json(&["iface", "set", "ipv4", "ipaddress=127.0.0.21", "subnet=255.0.0.0"])?;
    lab.json(&["iface", "apply"])?;
    let lun = lab.lun_file("lun", bytes)?;
    let tgt = Tgtd::start()?;
    tgt.add_target(1, IQN, &[&lun], accounts)?;
    Ok((lab, tgt))
}

fn secret_file(lab: &Lab, name: &str, secret: &str) -> Result<String> {
    let path: PathBuf = lab.path().join(name);
    fs::write(&path, secret)?;
    Ok(path.to_str().context("path is not UTF-8")?.to_owned())
}

/// Adds the target to flash and gives back its index.
fn add_target(lab: &Lab, tgt: &Tgtd, more: &[&str]) -> Result<String> {
    let portal = tgt.portal().to_string();
    let args = [&["flash", "add", "--target", IQN, "--portal", &portal], more].concat();
    let change = lab.json(&args)?;
    let index = change["after"]["index"]
        .as_u64()
        .with_context(|| format!("no index in {change}"))?;
    Ok(index.to_string())
}

fn login(lab: &Lab, index: &str) -> Result<Value> {
    let change = lab.json(&["flash", "login", index])?;
    ensure!(change["after"]["state"] == "LOGGED_IN", "{change}");
    Ok(change["after"].clone())
}

/// The disk behind the only session (tgt's LUN 0 is its controller).
fn disk(lab: &Lab) -> Result<String> {
    until(Duration::from_secs(10), "the disk to appear", || {
        let luns = lab.json(&["lun", "list"])?;
        let luns = luns.as_array().context("no list")?;
        let disk = luns.iter().find(|lun| lun["device_type"] == 0);
        Ok(disk.and_then(|lun| lun["address"].as_str()).map(str::to_owned))
    })
}

/// Bytes that differ from block to block.
fn pattern(bytes: u64) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut data = Vec::with_capacity(bytes as usize);
    while (data.len() as u64) < bytes {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data.extend_from_slice(&state.to_le_bytes());
    }
    data
}

fn write_and_read_back(lab: &Lab, bytes: u64) -> Result<()> {
    let disk = disk(lab)?;
    let (source, copy) = (lab.path().join("source"), lab.path().join("copy"));
    fs::write(&source, pattern(bytes))?;
    let path = |p: &PathBuf| p.to_str().map(str::to_owned).context("path is not UTF-8");
    let out = lab.hbactl(&["lun", "write", &disk, "--in", &path(&source)?, "--yes"])?;
    ensure!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let blocks = (bytes / 512).to_string();
    let out = lab.hbactl(&["lun", "read", &disk, "--out", &path(&copy)?, "--blocks", &blocks])?;
    ensure!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    ensure!(
        fs::read(&source)? == fs::read(&copy)?,
        "what was read is not what was written"
    );
    ensure!(
        fs::read(lab.path().join("lun"))?[..bytes as usize] == fs::read(&source)?,
        "the target's file differs"
    );
    Ok(())
}

#[test]
fn a_disk_of_tgt_is_logged_in_inquired_written_and_read_back() -> Result<()> {
    if left_out("a_disk_of_tgt_is_logged_in_inquired_written_and_read_back", NEEDS) {
        return Ok(());
    }
    let (lab, tgt) = lab(64 * MIB, &[])?;
    let index = add_target(&lab, &tgt, &[])?;
    let session = login(&lab, &index)?;
    ensure!(session["target_name"] == IQN, "{session}");
    let disk = disk(&lab)?;
    let inquiry = lab.json(&["lun", "inquiry", &disk])?;
    ensure!(
        inquiry["vendor"] == "IET" && inquiry["device_type"] == 0,
        "{inquiry}"
    );
    let vpd = lab.json(&["lun", "inquiry", &disk, "--vpd", "0x83"])?;
    ensure!(
        vpd["page"] == 0x83 && vpd["raw"].as_str().is_some_and(|raw| raw.len() > 8),
        "{vpd}"
    );
    let reported = lab.json(&["lun", "report", &disk])?;
    ensure!(
        reported.as_array().is_some_and(|luns| luns.len() == 2),
        "{reported}"
    );
    let capacity = lab.json(&["lun", "capacity", &disk])?;
    ensure!(
        capacity["bytes"] == 64 * MIB && capacity["block_length"] == 512,
        "{capacity}"
    );
    write_and_read_back(&lab, 64 * MIB)?;
    let stats = lab.json(&["stats", "session", &session["sid"].to_string()])?;
    ensure!(
        stats["counters"]["rxdata_octets"].as_u64() >= Some(64 * MIB),
        "{stats}"
    );
    Ok(())
}

#[test]
fn digests_are_negotiated_and_data_survives_them() -> Result<()> {
    if left_out("digests_are_negotiated_and_data_survives_them", NEEDS) {
        return Ok(());
    }
    let (lab, tgt) = lab(8 * MIB, &[])?;
    let index = add_target(&lab, &tgt, &["header_digest=on", "data_digest=on"])?;
    let session = login(&lab, &index)?;
    let sid = session["sid"].to_string();
    let shown = lab.json(&["session", "show", &sid])?;
    let connection = &shown["connections"][0];
    ensure!(
        connection["header_digest"]
            .as_str()
            .is_some_and(|d| d != "None" && d != "0"),
        "{connection}"
    );
    ensure!(
        connection["data_digest"]
            .as_str()
            .is_some_and(|d| d != "None" && d != "0"),
        "{connection}"
    );
    write_and_read_back(&lab, 8 * MIB)
}

#[test]
fn chap_one_way_and_mutual_log_in_and_a_wrong_secret_is_refused_with_its_reason() -> Result<()> {
    if left_out(
        "chap_one_way_and_mutual_log_in_and_a_wrong_secret_is_refused_with_its_reason",
        NEEDS,
    ) {
        return Ok(());
    }
    let accounts = [
        Account {
            user: "initiator",
            secret: SECRET,
            outgoing: false,
        },
        Account {
            user: "array",
            secret: TARGET_SECRET,
            outgoing: true,
        },
    ];
    let (lab, tgt) = lab(MIB, &accounts)?;
    let (good, wrong) = (
        secret_file(&lab, "good", SECRET)?,
        secret_file(&lab, "wrong", "no-such-secret-77")?,
    );
    let peer = secret_file(&lab, "peer", TARGET_SECRET)?;
    lab.json(&[
        "chap",
        "add",
        "--user",
        "initiator",
        "--index",
        "0",
        "--secret-file",
        &good,
    ])?;
    lab.json(&[
        "chap",
        "add",
        "--user",
        "array",
        "--direction",
        "in",
        "--index",
        "1",
        "--secret-file",
        &peer,
    ])?;
    lab.json(&[
        "chap",
        "add",
        "--user",
        "initiator",
        "--index",
        "2",
        "--secret-file",
        &wrong,
    ])?;

    let index = add_target(&lab, &tgt, &["--chap", "0"])?;
    login(&lab, &index)?;
    lab.json(&["flash", "logout", &index])?;

    lab.json(&["flash", "set", &index, "--bidi", "on"])?;
    login(&lab, &index)?;
    lab.json(&["flash", "logout", &index])?;

    lab.json(&["flash", "set", &index, "--chap", "2", "--bidi", "off"])?;
    let out = lab.hbactl(&["--timeout", "15", "flash", "login", &index])?;
    ensure!(out.status.code() == Some(1), "{:?}", out.status);
    let said = String::from_utf8_lossy(&out.stderr).to_lowercase();
    ensure!(said.contains("auth"), "the reason is not named: {said}");
    for secret in [SECRET, TARGET_SECRET, "no-such-secret-77"] {
        ensure!(!said.contains(secret), "a secret is shown");
    }
    // Mended, the login works although the adapter still tries with what was wrong.
    lab.json(&["flash", "set", &index, "--chap", "0"])?;
    login(&lab, &index)?;
    Ok(())
}

#[test]
fn sendtargets_through_the_adapter_finds_the_target() -> Result<()> {
    if left_out("sendtargets_through_the_adapter_finds_the_target", NEEDS) {
        return Ok(());
    }
    let (lab, tgt) = lab(MIB, &[])?;
    let found = lab.json(&["flash", "discover", &tgt.portal().to_string()])?;
    ensure!(found.to_string().contains(IQN), "{found}");
    Ok(())
}

#[test]
fn a_target_that_is_killed_and_started_again_gets_its_session_back_with_the_same_id() -> Result<()> {
    if left_out(
        "a_target_that_is_killed_and_started_again_gets_its_session_back_with_the_same_id",
        NEEDS,
    ) {
        return Ok(());
    }
    let (lab, tgt) = lab(MIB, &[])?;
    let index = add_target(&lab, &tgt, &[])?;
    let sid = login(&lab, &index)?["sid"].clone();
    let portal = tgt.portal();
    drop(tgt);
    let state = || -> Result<String> {
        let sessions = lab.json(&["session", "list"])?;
        ensure!(
            sessions[0]["sid"] == sid,
            "the session changed its number: {sessions}"
        );
        Ok(sessions[0]["state"].as_str().unwrap_or_default().to_owned())
    };
    until(Duration::from_secs(10), "the session to fail", || {
        Ok((state()? == "FAILED").then_some(()))
    })?;
    let tgt = Tgtd::start_on(portal)?;
    tgt.add_target(1, IQN, &[&lab.path().join("lun")], &[])?;
    until(Duration::from_secs(40), "the session to come back", || {
        Ok((state()? == "LOGGED_IN").then_some(()))
    })?;
    write_and_read_back(&lab, MIB)
}

#[test]
fn after_a_power_cycle_the_flash_target_is_logged_in_by_itself() -> Result<()> {
    if left_out(
        "after_a_power_cycle_the_flash_target_is_logged_in_by_itself",
        NEEDS,
    ) {
        return Ok(());
    }
    let (mut lab, tgt) = lab(MIB, &[])?;
    let index = add_target(&lab, &tgt, &[])?;
    login(&lab, &index)?;
    lab.fault(&["power-cycle"])?;
    let back = |lab: &Lab| {
        until(Duration::from_secs(30), "the session to come back", || {
            let sessions = lab.json(&["session", "list"])?;
            Ok((sessions[0]["state"] == "LOGGED_IN" && sessions[0]["target_name"] == IQN).then_some(()))
        })
    };
    back(&lab)?;
    // The whole emulator ends as if the machine lost power: the flash file is all that is left.
    lab.kill();
    lab.restart()?;
    back(&lab)
}
