//! Several paths to one target: each has an ISID of its own, whoever made it, so that all of them stay up.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::asked::{Asked, IQN};
use lab_tests::target::Target;
use serde_json::Value;

/// An adapter with an address, and a target at three portals of one portal group.
struct Place {
    asked: Asked,
    _target: Target,
    portals: Vec<String>,
}

impl Place {
    fn begin() -> Result<Self> {
        let asked = Asked::with_address(&["--ports", "1"])?;
        let more = [
            "--listen",
            "127.0.0.2:0",
            "--listen",
            "127.0.0.3:0",
            "--lun",
            "8M",
        ];
        let target = Target::start(asked.lab.path(), IQN, &more)?;
        let listing = asked.ok(&["flash", "discover", &target.portal().to_string(), "--no-login"])?;
        let paths = listing["paths"].as_array().context("paths")?;
        let portals: Vec<String> = paths
            .iter()
            .filter_map(|p| Some(p["portal"].as_str()?.split(',').next()?.to_owned()))
            .collect();
        ensure!(portals.len() == 3, "{listing}");
        Ok(Self {
            asked,
            _target: target,
            portals,
        })
    }

    fn add(&self, portal: &str, more: &[&str]) -> Result<Value> {
        let words = [&["flash", "add", "--target", IQN, "--portal", portal], more].concat();
        Ok(self.asked.ok(&words)?["after"].take())
    }

    /// All paths are up, and are so after the time in which each would have ended another.
    fn stay_up(&self, count: usize) -> Result<()> {
        let up = || -> Result<Vec<u64>> {
            let sessions = self.asked.ok(&["session", "list"])?;
            let sessions = sessions.as_array().context("sessions")?;
            ensure!(
                sessions.len() == count && sessions.iter().all(|s| s["state"] == "LOGGED_IN"),
                "{sessions:?}"
            );
            Ok(sessions.iter().filter_map(|s| s["sid"].as_u64()).collect())
        };
        let before = up()?;
        for _ in 0..8 {
            thread::sleep(Duration::from_secs(1));
            ensure!(up()? == before);
        }
        let mut isids: Vec<String> = Vec::new();
        for sid in before {
            let shown = self.asked.ok(&["session", "show", &sid.to_string()])?;
            isids.push(shown["isid"].as_str().context("isid")?.to_owned());
        }
        isids.sort();
        isids.dedup();
        ensure!(isids.len() == count, "{isids:?}");
        Ok(())
    }
}

#[test]
fn three_paths_stay_up() -> Result<()> {
    let place = Place::begin()?;
    for portal in &place.portals {
        let index = place.add(portal, &[])?["index"].to_string();
        place.asked.ok(&["flash", "login", &index])?;
    }
    place.stay_up(3)
}

#[test]
fn a_discovery_that_adds_what_it_finds_brings_every_path_up() -> Result<()> {
    let place = Place::begin()?;
    let found = place
        .asked
        .ok(&["flash", "discover", &place.portals[0], "--add"])?;
    ensure!(found["left_out"].as_array().is_some_and(Vec::is_empty), "{found}");
    ensure!(
        found["targets"].as_array().is_some_and(|t| t.len() == 3),
        "{found}"
    );
    place.stay_up(3)
}

#[test]
fn a_discovery_ends_no_session_that_is_up_and_brings_up_every_other_path() -> Result<()> {
    let place = Place::begin()?;
    let index = place.add(&place.portals[0], &[])?["index"].to_string();
    place.asked.ok(&["flash", "login", &index])?;
    let before = place.asked.ok(&["session", "show", "1"])?;
    let found = place.asked.ok(&["flash", "discover", &place.portals[0]])?;
    let (new, left_out) = (found["sessions"].as_array(), found["left_out"].as_array());
    ensure!(
        new.is_some_and(|s| s.len() == 2) && left_out.is_some_and(Vec::is_empty),
        "{found}"
    );
    ensure!(
        found["present"][0]["sid"] == 1 && found["present"][0]["state"] == "LOGGED_IN",
        "{found}"
    );
    let after = place.asked.ok(&["session", "show", "1"])?;
    ensure!(
        after["tsid"] == before["tsid"],
        "it was not logged in anew: {after}"
    );
    place.stay_up(3)
}

/// An entry that another program made has the ISID that every new entry gets.
#[test]
fn a_login_that_would_end_another_path_is_refused_and_mended_on_demand() -> Result<()> {
    let place = Place::begin()?;
    let first = place.add(&place.portals[0], &[])?;
    let isid = format!("isid={}", first["params"]["isid"].as_str().context("isid")?);
    place.asked.ok(&["flash", "login", &first["index"].to_string()])?;
    let refused = place.asked.refused(
        1,
        &[
            "flash",
            "add",
            "--target",
            IQN,
            "--portal",
            &place.portals[1],
            &isid,
        ],
    )?;
    ensure!(refused.contains("flash target 2 of host1"), "{refused}");
    // The name is set last, by somebody who knows nothing of paths: open-iscsi's tool does that.
    let other = [
        "flash",
        "add",
        "--target",
        "iqn.other",
        "--portal",
        &place.portals[1],
        &isid,
    ];
    let second = place.asked.ok(&other)?["after"]["index"].to_string();
    let renamed = place
        .asked
        .ok(&["flash", "set", &second, &format!("targetname={IQN}")])?;
    ensure!(
        renamed["after"]["params"]["isid"] != first["params"]["isid"],
        "a name that brings a clash brings an ISID, too: {renamed}"
    );
    let back = place.asked.refused(1, &["flash", "set", &second, &isid])?;
    ensure!(back.contains("--new-isid"), "{back}");
    place.asked.ok(&["flash", "login", &second])?;
    place.stay_up(2)
}

#[test]
fn a_target_is_logged_in_to_by_name_over_each_of_its_portals() -> Result<()> {
    let place = Place::begin()?;
    let [first, second, third] = place.portals.as_slice() else {
        unreachable!("there are three");
    };
    let asked = &place.asked;
    asked.refused(3, &["target", "login", IQN])?;
    let login = asked.ok(&["target", "login", IQN, "--portal", first, "--header-digest", "on"])?;
    let made = &login["after"];
    ensure!(
        made["status"] == "logged_in" && made["persistent"] == true,
        "{login}"
    );
    ensure!(
        made["header_digest"] == "crc32c" && made["data_digest"] == "none",
        "{login}"
    );
    for member in [
        "session_id",
        "connection_id",
        "isid",
        "tsih",
        "flash_index",
        "portal",
        "initiator_name",
    ] {
        ensure!(!made[member].is_null(), "{member}: {login}");
    }
    ensure!(
        made["devices"].as_array().is_some_and(|d| d.len() == 1),
        "{login}"
    );
    // Again, however the portal is written: nothing to do.
    let again = asked.ok(&["target", "login", IQN, "--portal", &format!("{first},1")])?;
    ensure!(again["change"] == "unchanged", "{again}");
    let refused = asked.refused(1, &["target", "login", IQN, "--portal", second])?;
    ensure!(refused.contains("--multipath"), "{refused}");
    asked.ok(&["target", "login", IQN, "--portal", second, "--multipath"])?;
    // One that does not stay in flash.
    let brief = asked.ok(&[
        "target",
        "login",
        IQN,
        "--portal",
        third,
        "--multipath",
        "--no-persist",
    ])?;
    ensure!(
        brief["after"]["persistent"] == false && brief["after"]["flash_index"].is_null(),
        "{brief}"
    );
    place.stay_up(3)?;
    let list = asked.ok(&["target", "list"])?;
    let known: Vec<&str> = list[0]["paths"]
        .as_array()
        .context("paths")?
        .iter()
        .filter_map(|p| p["known"].as_str())
        .collect();
    ensure!(known == ["flash", "flash", "discovered"], "{list}");
    asked.ok(&["target", "logout", IQN])?;
    asked.ok(&["target", "remove", IQN])?;
    ensure!(
        asked
            .ok(&["target", "list"])?
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    Ok(())
}

#[test]
fn a_login_by_name_that_fails_leaves_nothing_and_may_take_another_portal() -> Result<()> {
    let place = Place::begin()?;
    let asked = &place.asked;
    let portal = &place.portals[0];
    asked.refused(
        1,
        &[
            "target",
            "login",
            "iqn.2026-11.org.example:nobody",
            "--portal",
            portal,
        ],
    )?;
    ensure!(
        asked
            .ok(&["flash", "list"])?
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    ensure!(
        asked
            .ok(&["session", "list"])?
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    // Known over a portal that is up, and then asked for over one where nobody is.
    asked.ok(&["flash", "add", "--target", IQN, "--portal", portal])?;
    let hop = [
        "target",
        "login",
        IQN,
        "--portal",
        "127.0.0.9:1",
        "--portal-hopping",
        "--timeout",
        "24",
    ];
    let login = asked.ok(&hop)?;
    ensure!(login["after"]["portal"] == portal.as_str(), "{login}");
    ensure!(
        login["after"]["attempts"][0]["portal"] == "127.0.0.9:1",
        "{login}"
    );
    ensure!(
        asked
            .ok(&["flash", "list"])?
            .as_array()
            .is_some_and(|f| f.len() == 1)
    );
    Ok(())
}

#[test]
fn what_no_adapter_can_do_is_answered_with_the_reason() -> Result<()> {
    let asked = Asked::start(&["--ports", "1"])?;
    for (option, reason) in [
        (&["--ipsec"][..], "IPsec"),
        (&["--radius"], "RADIUS"),
        (&["--radius-verify"], "RADIUS"),
        (&["--mapping", "0=0:0:0"], "mappings"),
        (&["--alias", "me"], "alias"),
        (&["--max-connections", "2"], "connections"),
        (&["--type", "discovery"], "discovery"),
        (&["--type", "informational"], "informational"),
        (&["--type", "boot"], "boot"),
        (&["--initiator", "iqn.of:nobody"], "no port is named"),
    ] {
        let words = [&["target", "login", IQN, "--portal", "127.0.0.1:1"], option].concat();
        let said = asked.refused(4, &words)?;
        ensure!(said.contains(reason), "{option:?}: {said}");
    }
    ensure!(
        asked
            .ok(&["flash", "list"])?
            .as_array()
            .is_some_and(Vec::is_empty)
    );
    Ok(())
}
