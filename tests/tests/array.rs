//! A target that plays an array, and an adapter in front of it: every portal of every group is a path of its own, all lead to one disk,
//! and a path that is pulled comes back by itself while the others work.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::process::until;
use lab_tests::target::Target;
use serde_json::Value;

const IQN: &str = "iqn.2026-11.org.example:array";

fn sessions(lab: &Lab) -> Result<Vec<Value>> {
    let sessions = lab.json(&["session", "list"])?;
    Ok(sessions.as_array().context("sessions are a list")?.clone())
}

/// State of the session with this portal.
fn state(lab: &Lab, port: u16) -> Result<Option<String>> {
    let found = sessions(lab)?.into_iter().find(|session| session["port"] == port);
    Ok(found.and_then(|session| session["state"].as_str().map(str::to_owned)))
}

#[test]
fn each_portal_is_a_path_to_the_same_disk_and_one_that_is_pulled_comes_back() -> Result<()> {
    let lab = Lab::start(&["--ports", "1"])?;
    lab.json(&["iface", "set", "ipv4", "ipaddress=127.0.0.69", "subnet=255.0.0.0"])?;
    lab.json(&["iface", "apply"])?;
    let target = Target::start(
        lab.path(),
        IQN,
        &[
            "--lun",
            "8M",
            "--listen",
            "127.0.0.1:0,2",
            "--group",
            "2=nonoptimized",
        ],
    )?;
    let ports: Vec<u16> = target.portals().iter().map(std::net::SocketAddr::port).collect();
    for portal in target.portals() {
        let added = lab.json(&["flash", "add", "--target", IQN, "--portal", &portal.to_string()])?;
        lab.json(&["flash", "login", &added["after"]["index"].to_string()])?;
    }
    let groups: Vec<Value> = sessions(&lab)?
        .iter()
        .map(|session| session["tpgt"].clone())
        .collect();
    ensure!(groups == [1, 2], "portal groups of the sessions: {groups:?}");
    let disks = lab.json(&["lun", "list"])?;
    let disks = disks.as_array().context("disks are a list")?;
    ensure!(disks.len() == 2, "one disk seen twice: {disks:?}");
    let wwids: Vec<String> = disks
        .iter()
        .filter_map(|disk| disk["address"].as_str())
        .map(|address| {
            let device = format!("sys/class/scsi_device/{address}/device/wwid");
            let path = lab.endpoint().join(device);
            std::fs::read_to_string(&path).with_context(|| path.display().to_string())
        })
        .collect::<Result<_>>()?;
    ensure!(
        !wwids[0].is_empty() && wwids[0] == wwids[1],
        "one name: {wwids:?}"
    );

    let second = target.portals()[1].to_string();
    target.fault(&["portals", "close", &second])?;
    until(Duration::from_secs(20), "the loss of the pulled path", || {
        Ok((state(&lab, ports[1])?.as_deref() != Some("LOGGED_IN")).then_some(()))
    })?;
    ensure!(
        state(&lab, ports[0])?.as_deref() == Some("LOGGED_IN"),
        "the other path stays"
    );
    let address = disks.iter().filter_map(|disk| disk["address"].as_str()).next();
    lab.json(&["lun", "capacity", address.context("a disk without an address")?])?;
    target.fault(&["portals", "open", &second])?;
    until(Duration::from_secs(60), "the pulled path to come back", || {
        Ok((state(&lab, ports[1])?.as_deref() == Some("LOGGED_IN")).then_some(()))
    })
}
