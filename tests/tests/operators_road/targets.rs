//! Targets: by name, and in flash.

use anyhow::{Context, Result, ensure};
use lab_tests::target::Target;
use serde_json::Value;

use super::road::{IQN, Road};

/// A target by its name, one that anybody may log in to: found, logged in to and out of, and forgotten again.
pub(super) fn targets(road: &mut Road) -> Result<()> {
    const OPEN: &str = "iqn.2026-11.org.example:open";
    let target = Target::start(road.lab.path(), OPEN, &["--lun", "8M"])?;
    let portal = target.portal().to_string();
    let of = ["-a", "host1"];
    let listed = road.json(&[&["flash", "discover", &portal, "--no-login"][..], &of].concat())?;
    ensure!(
        listed["paths"].as_array().is_some_and(|all| all.len() == 1),
        "{listed}"
    );
    road.json(&[&["target", "login", OPEN, "--portal", &portal][..], &of].concat())?;
    let all = road.json(&[&["target", "list"][..], &of].concat())?;
    ensure!(all.as_array().is_some_and(|all| all.len() == 1), "{all}");
    road.json(&[&["target", "discovery", "show"][..], &of].concat())?;
    road.json(&[&["target", "refresh"][..], &of].concat())?;
    road.json(&[&["target", "logout", OPEN][..], &of].concat())?;
    road.json(&[&["target", "remove", OPEN][..], &of].concat())?;
    let left = road.json(&[&["target", "list"][..], &of].concat())?;
    ensure!(left == Value::Array(Vec::new()), "{left}");
    Ok(())
}

pub(super) fn flash_and_boot(road: &mut Road) -> Result<String> {
    road.json(&["flash", "params"])?;
    let portal = road.portal.to_string();
    let discover = ["flash", "discover", &portal, "-a", "host1", "--chap", "5"];
    let listed = road.json(&[&discover[..], &["--no-login"]].concat())?;
    ensure!(
        listed["paths"].as_array().is_some_and(|all| all.len() == 1),
        "{listed}"
    );
    let found = road.json(&discover)?;
    ensure!(found["portal"] == portal.as_str(), "{found}");
    // Whatever the discovery left in flash is the target itself; the road takes its own entry.
    let add = [
        "flash", "add", "-a", "host1", "--target", IQN, "--portal", &portal,
    ];
    let added = road.json(&[&add[..], &["--chap", "5", "--bidi"]].concat())?;
    let index = added["after"]["index"]
        .as_u64()
        .or_else(|| added["current"]["index"].as_u64())
        .with_context(|| format!("no index in {added}"))?
        .to_string();
    road.change_once(&["flash", "set", &index, "-a", "host1", "def_time2wait=3"])?;
    let shown = road.json(&["flash", "show", &index, "-a", "host1"])?;
    ensure!(
        shown["params"]["def_time2wait"] == 3 || shown["params"]["def_time2wait"] == "3",
        "{shown}"
    );
    let set = [
        "boot",
        "set",
        "--yes-write-nvram",
        "-a",
        "host1",
        "--primary",
        &index,
        "--mode",
        "manual",
    ];
    if road.card.boots {
        road.change_once(&set)?;
        let boot = road.json(&["boot", "show", "-a", "host1"])?;
        ensure!(boot[0]["slots"][0]["target_name"] == IQN, "{boot}");
    } else {
        road.error(&set, 4)?;
    }
    let login = road.json(&["flash", "login", &index, "-a", "host1"])?;
    ensure!(
        login["after"]["state"] == "LOGGED_IN" || login["change"] == "unchanged",
        "{login}"
    );
    let all = road.json(&["flash", "list", "-a", "host1"])?;
    ensure!(all[0]["session"]["state"] == "LOGGED_IN", "{all}");
    Ok(index)
}
