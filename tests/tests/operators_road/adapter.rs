//! The adapter itself: addresses, accounts, memories, its driver.

use std::fs;

use anyhow::{Context, Result, ensure};
use lab_tests::schema::check;
use serde_json::Value;

use super::road::{Road, TARGET_SECRET};

pub(super) fn addresses(road: &mut Road) -> Result<()> {
    road.json(&["iface", "params"])?;
    road.json(&["iface", "set", "ipv4", "-a", "host1", "mtu=1400"])?;
    road.json(&["iface", "unset", "ipv4", "-a", "host1"])?;
    let address = ["ipaddress=127.0.0.21", "subnet=255.0.0.0"];
    road.change_once(&[&["iface", "set", "ipv4", "-a", "host1"][..], &address].concat())?;
    let shown = road.json(&["iface", "show", "ipv4", "-a", "host1"])?;
    ensure!(shown["staged"]["ipaddress"]["staged"] == "127.0.0.21", "{shown}");
    ensure!(shown["address"] != "127.0.0.21", "staged is not applied: {shown}");
    road.change_once(&["iface", "apply", "-a", "host1"])?;
    let all = road.json(&["iface", "list", "-a", "host1"])?;
    ensure!(all[0]["address"] == "127.0.0.21", "{all}");
    let ping = road.json(&["ping", "ipv4", "127.0.0.1", "-a", "host1", "-c", "2", "-i", "10"])?;
    ensure!(ping["received"] == 2, "{ping}");
    Ok(())
}

pub(super) fn accounts(road: &mut Road) -> Result<()> {
    let (secret, peer) = (road.path("secret"), road.path("peer-secret"));
    fs::write(&peer, TARGET_SECRET)?;
    let add = ["chap", "add", "-a", "host1", "--user"];
    let ours = [&add[..], &["initiator", "--index", "5", "--secret-file", &secret]].concat();
    let added = road.json(&ours)?;
    ensure!(added["after"]["secret"] == "********", "{added}");
    let theirs = [
        "array",
        "--direction",
        "in",
        "--index",
        "6",
        "--secret-file",
        &peer,
    ];
    road.json(&[&add[..], &theirs].concat())?;
    let spare = ["spare", "--index", "9", "--secret-file", &secret];
    road.json(&[&add[..], &spare].concat())?;
    road.json(&["chap", "set", "9", "-a", "host1", "--user", "other"])?;
    road.json(&["chap", "remove", "9", "-a", "host1"])?;
    let all = road.json(&["chap", "list", "-a", "host1"])?;
    ensure!(all.as_array().is_some_and(|all| all.len() == 2), "{all}");
    Ok(())
}

/// What the adapter remembers; nothing of it is changed here.
pub(super) fn memories(road: &mut Road) -> Result<()> {
    let portals = road.json(&["adapter", "portals", "host1"])?;
    ensure!(portals[0]["address"] == "127.0.0.21", "{portals}");
    let entry = road.json(&["chap", "show", "5", "-a", "host1"])?;
    ensure!(
        entry["username"] == "initiator" && entry["secret"] == "********",
        "{entry}"
    );
    let cleared = road.json(&["--dry-run", "chap", "clear", "-a", "host1", "--force"])?;
    ensure!(cleared["change"] == "planned", "{cleared}");
    let ifcb = road.json(&["adapter", "dump", "flash", "--area", "ifcb", "-a", "host1"])?;
    ensure!(ifcb["length"] == 768, "{ifcb}");
    let tested = road.json(&["adapter", "diag", "nvram", "-a", "host1"])?;
    ensure!(tested["passed"] == true, "{tested}");
    let name = "iqn.2026-11.org.example:host";
    road.error(&["adapter", "set-name", name, "-a", "host1"], 2)?;
    let named = road.json(&["--dry-run", "adapter", "set-name", name, "-a", "host1"])?;
    ensure!(named["after"]["name"] == name, "{named}");
    let restore = ["--dry-run", "adapter", "restore-defaults", "chap", "-a", "host1"];
    if road.card.boots {
        let planned = road.json(&restore)?;
        ensure!(planned["change"] == "planned", "{planned}");
    } else {
        road.error(&restore, 4)?;
    }
    Ok(())
}

/// The driver's parameters.
pub(super) fn driver(road: &mut Road) -> Result<()> {
    let shown = road.json(&["module", "show"])?;
    ensure!(shown.as_array().is_some_and(|all| all.len() == 9), "{shown}");
    road.change_once(&["module", "set", "ql4xmaxqdepth=16"])?;
    let now = road.json(&["module", "translate", "ql4xkeepalive=30"])?;
    ensure!(now[0]["new"] == "ql4xsess_recovery_tmo", "{now}");
    Ok(())
}

/// A remark beside answers that come one by one: an envelope of its own, on stderr. Here of a change that nobody heard the end of.
pub(super) fn remark(road: &mut Road) -> Result<()> {
    let dir = road.lab.endpoint().join("hbactl/intent");
    fs::create_dir_all(&dir)?;
    let record = dir.join("left.json");
    let intent = r#"{"version":1,"host":1,"process":1,"verb":"chap add","intent":{"what":"chap","index":1,"before":null,"after":"x"}}"#;
    fs::write(&record, intent)?;
    let out = road
        .lab
        .hbactl(&["-o", "json", "event", "follow", "--for", "1"])?;
    fs::remove_file(&record)?;
    let line = String::from_utf8(out.stderr)?;
    let warning: Value = serde_json::from_str(&line).with_context(|| format!("not JSON: {line}"))?;
    let schema = road.lab.hbactl(&["schema", "warning"])?;
    check(&serde_json::from_slice(&schema.stdout)?, &warning)?;
    road.seen.insert("warning".to_owned());
    Ok(())
}
