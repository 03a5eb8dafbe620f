//! What is excluded, asked by whoever logs in by himself; and the list as it is read and written.

use std::fs;

use anyhow::{Context, Result, ensure};

use super::IQN;
use super::owned::{Owned, answers};

#[test]
fn a_discovery_does_not_log_in_to_what_is_excluded_and_a_named_login_does() -> Result<()> {
    let owned = Owned::begin("127.0.0.155")?;
    let (lab, portal) = (&owned.lab, owned.portal.as_str());
    let change = answers(lab, "target.logout", &["target", "logout", IQN, "--exclude"])?;
    ensure!(
        change["data"]["diff"].to_string().contains("exclusion"),
        "{change}"
    );
    ensure!(fs::read_to_string(owned.rules())? == format!("target={IQN}\n"));
    let found = answers(lab, "flash.discover", &["flash", "discover", portal, "--add"])?;
    let left = &found["data"]["left_out"][0];
    ensure!(
        left["target"] == IQN
            && left["why"]
                .as_str()
                .is_some_and(|why| why.contains("exclusions.conf:1")),
        "{found}"
    );
    ensure!(owned.owners()?.is_empty(), "{:?}", owned.owners()?);
    // Who names it means it.
    lab.json(&["flash", "login", &owned.index])?;
    ensure!(owned.owners()?.len() == 1);
    lab.json(&["flash", "logout", &owned.index])?;
    // A portal of its own accord.
    lab.json(&["flash", "discover", portal, "--keep"])?;
    let all = answers(lab, "target.refresh", &["target", "refresh"])?;
    ensure!(
        all["data"][0]["portals"][0]["discovery"]["left_out"][0]["target"] == IQN,
        "{all}"
    );
    let (address, _) = portal.rsplit_once(':').context("a portal")?;
    answers(
        lab,
        "target.exclude.add",
        &["target", "exclude", "add", "--portal", address],
    )?;
    let all = answers(lab, "target.refresh", &["target", "refresh"])?;
    let asked = &all["data"][0]["portals"][0];
    ensure!(
        asked["discovery"].is_null()
            && asked["failure"].is_null()
            && asked["excluded"]
                .as_str()
                .is_some_and(|why| why.contains("exclusions.conf:2")),
        "{all}"
    );
    ensure!(owned.owners()?.is_empty());
    let checked = answers(
        lab,
        "target.exclude.check",
        &["target", "exclude", "check", "--portal", portal, "-a", "host1"],
    )?;
    ensure!(
        checked["data"]["excluded"] == true && checked["data"]["by"]["line"] == 2,
        "{checked}"
    );
    // Taken back, it is logged in to again.
    let rule = ["--portal", address];
    answers(
        lab,
        "target.exclude.remove",
        &[&["target", "exclude", "remove"], &rule[..]].concat(),
    )?;
    owned.refused(3, &[&["target", "exclude", "remove"], &rule[..]].concat())?;
    lab.json(&["target", "exclude", "remove", "--target", IQN])?;
    ensure!(fs::read_to_string(owned.rules())?.is_empty());
    lab.json(&["target", "refresh"])?;
    ensure!(owned.owners()?.len() == 1);
    Ok(())
}

#[test]
fn the_list_is_read_as_far_as_it_reads_and_written_as_it_must_be() -> Result<()> {
    let owned = Owned::begin("127.0.0.156")?;
    let lab = &owned.lab;
    fs::write(
        owned.rules(),
        "# mine\nspeed=fast target=iqn.x\niface=ipv4-iface-1-0\n",
    )?;
    let all = answers(lab, "target.exclude.list", &["target", "exclude", "list"])?;
    ensure!(all["data"].as_array().map(Vec::len) == Some(1), "{all}");
    ensure!(
        all["warnings"][0]
            .as_str()
            .is_some_and(|w| w.contains("exclusions.conf:2") && w.contains("speed is not known")),
        "{all}"
    );
    for bad in [
        &["--portal", "storage.example"][..],
        &["--target", "a b"],
        &["--portal", "10.0.0.5,1"],
        &["-a", "a/b"],
        &["--iface", ""],
        &[],
    ] {
        owned.refused(2, &[&["target", "exclude", "add"], bad].concat())?;
    }
    let planned = answers(
        lab,
        "target.exclude.add",
        &[
            "--dry-run",
            "target",
            "exclude",
            "add",
            "--target",
            "iqn.2026-11.org.example:new",
        ],
    )?;
    ensure!(planned["data"]["change"] == "planned", "{planned}");
    ensure!(fs::read_to_string(owned.rules())?.lines().count() == 3);
    lab.json(&[
        "target",
        "exclude",
        "add",
        "--transport",
        "qla4xxx",
        "--portal",
        "2001:db8::0001",
    ])?;
    let text = fs::read_to_string(owned.rules())?;
    ensure!(
        text == "# mine\nspeed=fast target=iqn.x\niface=ipv4-iface-1-0\nportal=2001:db8::1 transport=qla4xxx\n",
        "{text}"
    );
    let again = lab.json(&[
        "target",
        "exclude",
        "add",
        "--transport",
        "qla4xxx",
        "--portal",
        "[2001:DB8::1]",
    ])?;
    ensure!(
        again["change"] == "unchanged" && again["current"]["line"] == 4,
        "{again}"
    );
    Ok(())
}
