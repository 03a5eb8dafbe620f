//! Logical units that appear and vanish behind a session of the adapter, and before somebody else's initiator.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::need::{Need, find_tool, left_out};
use lab_tests::process::until;
use lab_tests::target::Target;

const IQN: &str = "iqn.2026-11.org.example:growing";

/// The numbers that REPORT LUNS brings through the adapter.
fn reported(lab: &Lab) -> Result<String> {
    let disks = lab.json(&["lun", "list"])?;
    let disk = disks[0]["address"].as_str().context("no disk")?;
    Ok(lab.json(&["lun", "report", disk])?.to_string())
}

#[test]
fn the_adapter_sees_units_come_and_go() -> Result<()> {
    let lab = Lab::start(&["--ports", "1"])?;
    lab.json(&["iface", "set", "ipv4", "ipaddress=127.0.0.64", "subnet=255.0.0.0"])?;
    lab.json(&["iface", "apply"])?;
    let target = Target::start(lab.path(), IQN, &["--lun", "8M"])?;
    let portal = target.portal().to_string();
    let change = lab.json(&["flash", "add", "--target", IQN, "--portal", &portal])?;
    lab.json(&["flash", "login", &change["after"]["index"].to_string()])?;
    until(Duration::from_secs(20), "a disk", || {
        let disks = lab.json(&["lun", "list"])?;
        Ok(disks[0]["address"].is_string().then_some(()))
    })?;
    let before = reported(&lab)?;
    // A relative name is the caller's.
    std::fs::write(lab.path().join("disk.img"), vec![0; 1 << 20])?;
    let file = lab.path().join("disk.img").display().to_string();
    let told = target.lun("add", &["--number", "5", &file])?;
    ensure!(told.contains("logical unit 5"), "{told}");
    let with = reported(&lab)?;
    ensure!(with != before && with.contains('5'), "{before} became {with}");
    let list = target.lun("list", &["--json"])?;
    let list: serde_json::Value = serde_json::from_str(&list)?;
    ensure!(
        list[1]["lun"] == 5 && list[1]["blocks"] == 2048 && list[1]["unit"] == file.as_str(),
        "{list}"
    );
    target.lun("remove", &["5"])?;
    let after = reported(&lab)?;
    ensure!(after == before, "{before} became {after}");
    ensure!(target.lun("remove", &["5"]).is_err(), "it is gone");
    Ok(())
}

#[test]
fn libiscsi_finds_a_unit_that_was_added() -> Result<()> {
    let needs = &[
        Need::Tool("iscsi-ls", "libiscsi-bin"),
        Need::Tool("iscsi-inq", "libiscsi-bin"),
    ];
    if left_out("libiscsi_finds_a_unit_that_was_added", needs) {
        return Ok(());
    }
    let dir = tempfile::tempdir()?;
    let target = Target::start(dir.path(), IQN, &["--lun", "8M"])?;
    let portal = target.portal();
    let run = |tool: &str, args: &[&str]| -> Result<(bool, String)> {
        let out = Command::new(find_tool(tool).context("not installed")?)
            .args(args)
            .output()?;
        Ok((
            out.status.success(),
            String::from_utf8_lossy(&out.stdout).into_owned(),
        ))
    };
    let unit = format!("iscsi://{portal}/{IQN}/3");
    ensure!(!run("iscsi-inq", &[&unit])?.1.contains("VIRTUAL-DISK"));
    target.lun("add", &["--number", "3", "2M"])?;
    let (good, text) = run("iscsi-inq", &[&unit])?;
    ensure!(good && text.contains("VIRTUAL-DISK"), "{text}");
    let (good, text) = run("iscsi-ls", &["-s", &format!("iscsi://{portal}")])?;
    ensure!(good && text.contains("Lun:0") && text.contains("Lun:3"), "{text}");
    target.lun("remove", &["3"])?;
    let (_, text) = run("iscsi-ls", &["-s", &format!("iscsi://{portal}")])?;
    ensure!(!text.contains("Lun:3"), "{text}");
    Ok(())
}
