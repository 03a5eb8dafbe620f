//! What this host keeps: records, portals that are asked, who owns a session, and what nobody logs in to by himself.

use std::fs;

use anyhow::{Result, ensure};
use lab_tests::target::Target;
use serde_json::Value;

use super::road::Road;

const OPEN: &str = "iqn.2026-11.org.example:kept";

/// Records by hand and by discovery, permanent ones, interfaces, portals, exclusions: made, shown, changed, taken away.
pub(super) fn records(road: &mut Road) -> Result<()> {
    let target = Target::start(road.lab.path(), OPEN, &["--lun", "8M"])?;
    let portal = target.portal().to_string();
    road.json(&["node", "keys"])?;
    road.json(&["iface", "record", "make", "-a", "host1"])?;
    road.change_once(&["iface", "record", "add", "storage0", "iface.net_ifacename=eth1"])?;
    road.change_once(&["iface", "record", "set", "storage0", "iface.vlan_id=7"])?;
    road.json(&["iface", "record", "list"])?;
    road.json(&["iface", "record", "show", "storage0"])?;
    road.json(&["iface", "record", "remove", "storage0"])?;

    fs::write(
        road.lab.endpoint().join("hbactl/db/initiatorname.iscsi"),
        "InitiatorName=iqn.2026-11.org.example:host\n",
    )?;
    let found = road.json(&["target", "discover", &portal])?;
    ensure!(found["paths"][0]["stored"][0] == "db", "{found}");
    road.json(&["target", "portal", "list"])?;
    road.json(&["target", "portal", "show", &portal])?;
    road.change_once(&["target", "portal", "add", "192.0.2.9"])?;
    road.json(&["target", "portal", "remove", "192.0.2.9"])?;

    let other = ["--portal", "192.0.2.5:3260,1"];
    road.change_once(&[&["node", "add", OPEN][..], &other].concat())?;
    road.change_once(&[&["node", "set", OPEN, "node.startup=automatic"][..], &other].concat())?;
    road.json(&[&["node", "show", OPEN][..], &other].concat())?;
    let listed = road.json(&["node", "list"])?;
    ensure!(listed.as_array().is_some_and(|all| all.len() == 2), "{listed}");
    let keep = ["--portal", "192.0.2.5:3260,1", "--store", "db"];
    road.json(&["target", "persistent", "list"])?;
    road.change_once(&[&["target", "persistent", "remove", OPEN][..], &keep].concat())?;
    road.change_once(&[&["target", "persistent", "add", OPEN][..], &keep].concat())?;
    road.json(&["node", "remove", OPEN])?;
    let left = road.json(&["node", "list"])?;
    ensure!(left == Value::Array(Vec::new()), "{left}");

    road.change_once(&["target", "exclude", "add", "--target", OPEN])?;
    road.json(&["target", "exclude", "list"])?;
    road.json(&["target", "exclude", "check", "--target", OPEN])?;
    road.json(&["target", "exclude", "remove", "--target", OPEN])?;
    road.json(&["session", "policy"])?;
    Ok(())
}

/// Who owns a session: claimed, ended by its owner's name.
pub(super) fn owners(road: &mut Road) -> Result<()> {
    let target = Target::start(road.lab.path(), OPEN, &["--lun", "8M"])?;
    let portal = target.portal().to_string();
    road.json(&["target", "login", OPEN, "--portal", &portal, "-a", "host1"])?;
    let sessions = road.json(&["session", "list"])?;
    let sessions = sessions.as_array().into_iter().flatten();
    let mut ours = sessions.filter(|session| session["target_name"] == OPEN);
    let sid = ours
        .next()
        .map(|session| session["sid"].to_string())
        .unwrap_or_default();
    road.change_once(&["session", "claim", &sid, "--owner", "backup"])?;
    road.json(&["session", "release", &sid])?;
    road.json(&["session", "claim", &sid, "--owner", "backup"])?;
    road.json(&["session", "logout", "--owner", "backup"])?;
    road.json(&["target", "remove", OPEN, "-a", "host1"])?;
    Ok(())
}
