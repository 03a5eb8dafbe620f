//! The stock iscsiadm over the emulated kernel's tree lists what hbactl lists: adapters, sessions, flash targets, logical units.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::need::{Need, left_out};
use lab_tests::peer::{self, Peer};
use lab_tests::process::until;
use lab_tests::tgt::{self, Tgtd};
use serde_json::Value;

const IQN: &str = "iqn.2026-11.org.example:disk";

/// Two ports, a session over the first to a target of tgt, and the peer over the tree.
fn lab() -> Result<(Lab, Tgtd, Peer)> {
    let lab = Lab::start(&["--ports", "2"])?;
    lab.json(&[
        "iface",
        "set",
        "--adapter",
        "host1",
        "ipv4",
        "ipaddress=127.0.0.31",
        "subnet=255.0.0.0",
    ])?;
    lab.json(&["iface", "apply", "--adapter", "host1"])?;
    let lun = lab.lun_file("lun", 8 << 20)?;
    let tgt = Tgtd::start()?;
    tgt.add_target(1, IQN, &[&lun], &[])?;
    let portal = tgt.portal().to_string();
    let added = lab.json(&[
        "flash",
        "add",
        "--adapter",
        "host1",
        "--target",
        IQN,
        "--portal",
        &portal,
    ])?;
    let index = added["after"]["index"].as_u64().context("an index")?.to_string();
    for name in ["iqn.2026-11.org.example:second", "iqn.2026-11.org.example:third"] {
        lab.json(&[
            "flash",
            "add",
            "--adapter",
            "host1",
            "--target",
            name,
            "--portal",
            "10.1.2.3:3261",
        ])?;
    }
    lab.json(&["flash", "login", "--adapter", "host1", &index])?;
    until(Duration::from_secs(10), "the disk to appear", || {
        let luns = lab.json(&["lun", "list"])?;
        let luns = luns.as_array().context("no list")?;
        Ok(luns.iter().any(|lun| lun["device_type"] == 0).then_some(()))
    })?;
    let peer = Peer::over(&lab.endpoint().join("sys"))?;
    Ok((lab, tgt, peer))
}

fn needs() -> Vec<Need> {
    [tgt::NEEDS, peer::NEEDS].concat()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or("<empty>")
}

fn listed(lab: &Lab, args: &[&str], line: impl Fn(&Value) -> String) -> Result<Vec<String>> {
    let all = lab.json(args)?;
    let mut lines: Vec<String> = all.as_array().context("a list")?.iter().map(line).collect();
    ensure!(!lines.is_empty(), "hbactl {args:?} lists nothing");
    lines.sort();
    Ok(lines)
}

fn theirs(peer: &Peer, args: &[&str]) -> Result<Vec<String>> {
    let mut lines = peer.lines(args)?;
    lines.sort();
    Ok(lines)
}

#[test]
fn iscsiadm_lists_what_hbactl_lists() -> Result<()> {
    if left_out("iscsiadm_lists_what_hbactl_lists", &needs()) {
        return Ok(());
    }
    let (lab, _tgt, peer) = lab()?;
    let hosts = listed(&lab, &["adapter", "list"], |a| {
        let (ip, mac, netdev) = (text(a, "ip_address"), text(a, "mac"), text(a, "netdev"));
        let (transport, name) = (text(a, "transport"), text(a, "initiator_name"));
        format!("{transport}: [{}] {ip},[{mac}],{netdev} {name}", a["host"])
    })?;
    assert_eq!(hosts.len(), 2);
    assert_eq!(theirs(&peer, &["-m", "host"])?, hosts);

    let sessions = listed(&lab, &["session", "list"], |s| {
        let owner = if s["owner"] == "flash" {
            "flash"
        } else {
            "non-flash"
        };
        let (transport, address, target) = (text(s, "transport"), text(s, "address"), text(s, "target_name"));
        format!(
            "{transport}: [{}] {address}:{},{} {target} ({owner})",
            s["sid"], s["port"], s["tpgt"]
        )
    })?;
    assert_eq!(theirs(&peer, &["-m", "session"])?, sessions);

    let flash = listed(&lab, &["flash", "list", "--adapter", "host1"], |f| {
        let (address, target) = (text(f, "address"), text(f, "target_name"));
        format!(
            "qla4xxx: [{}] {address}:{},{} {target}",
            f["index"], f["port"], f["tpgt"]
        )
    })?;
    assert_eq!(flash.len(), 3);
    assert_eq!(
        theirs(&peer, &["-m", "host", "-H", "1", "-C", "flashnode"])?,
        flash
    );
    Ok(())
}

#[test]
fn iscsiadm_tells_the_details_that_hbactl_tells() -> Result<()> {
    if left_out("iscsiadm_tells_the_details_that_hbactl_tells", &needs()) {
        return Ok(());
    }
    let (lab, _tgt, peer) = lab()?;
    let shown = lab.json(&["session", "list", "--detail"])?;
    let one = &shown[0];
    let lines = peer.lines(&["-m", "session", "-P", "3"])?;
    let value = |key: &str| -> Result<&str> {
        let found = lines
            .iter()
            .find_map(|line| line.trim().strip_prefix(key)?.strip_prefix(": "));
        found.with_context(|| format!("{key} in {lines:?}"))
    };
    let portal = format!(
        "{}:{},{}",
        text(one, "current_address"),
        one["current_port"],
        one["tpgt"]
    );
    assert_eq!(value("Current Portal")?, portal);
    assert_eq!(value("SID")?, one["sid"].to_string());
    assert_eq!(value("iSCSI Session State")?, text(one, "state"));
    assert_eq!(value("Iface HWaddress")?, text(one, "mac"));
    assert_eq!(value("Iface IPaddress")?, text(one, "port_address"));
    assert_eq!(value("Iface Initiatorname")?, text(one, "initiator_name"));
    let full = lab.json(&["session", "show", &one["sid"].to_string()])?;
    let connection = &full["connections"][0];
    assert_eq!(
        value("MaxRecvDataSegmentLength")?,
        connection["max_recv_dlength"].to_string()
    );
    assert_eq!(
        value("FirstBurstLength")?,
        full["params"]["first_burst_len"].to_string()
    );
    let luns = lab.json(&["lun", "list"])?;
    let disk = luns
        .as_array()
        .context("a list")?
        .iter()
        .find(|lun| lun["device_type"] == 0)
        .context("a disk")?;
    let address = text(disk, "address").split(':').collect::<Vec<_>>();
    let [host, channel, id, lun] = address[..] else {
        anyhow::bail!("{disk}")
    };
    let attached = format!("scsi{host} Channel {:0>2} Id {id} Lun: {lun}", channel);
    ensure!(
        lines.iter().any(|line| line.trim() == attached),
        "{attached} in {lines:?}"
    );
    Ok(())
}
