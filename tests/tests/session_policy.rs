//! Who brings a session back, and by which rule, of sessions of each kind on an emulated adapter.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::asked::{Asked, IQN};
use lab_tests::process::until;
use lab_tests::target::Target;
use serde_json::Value;

/// The number of the one session that is up.
fn up(asked: &Asked) -> Result<String> {
    until(Duration::from_secs(40), "a session", || {
        let sessions = asked.ok(&["session", "list"])?;
        let sid = sessions[0]["sid"].as_u64();
        Ok(sid
            .filter(|_| sessions[0]["state"] == "LOGGED_IN")
            .map(|sid| sid.to_string()))
    })
}

fn rule(asked: &Asked) -> Result<Value> {
    let sid = up(asked)?;
    Ok(asked.ok(&["session", "policy", "--sid", &sid])?["session"].clone())
}

#[test]
fn a_session_from_flash_is_the_drivers_and_waits_as_its_entry_says() -> Result<()> {
    let asked = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(asked.lab.path(), IQN, &["--lun", "8M"])?;
    let index = asked.add_target(&target, &[])?;
    asked.ok(&["flash", "set", &index, "def_time2wait=7"])?;
    asked.ok(&["flash", "login", &index])?;
    let told = rule(&asked)?;
    ensure!(
        told["keeper"] == "driver" && told["intent"] == "configured" && told["owner"] == "flash",
        "{told}"
    );
    ensure!(
        told["time2wait"] == 7 && told["first_wait"] == 11 && told["longest_wait"] == 11,
        "{told}"
    );
    ensure!(told["given_up_after"].is_null(), "{told}");
    let why = told["intent_why"].as_str().context("a reason")?;
    ensure!(why.contains(&format!("index {index}")), "{why}");
    Ok(())
}

#[test]
fn a_session_that_a_discovery_found_is_told_apart() -> Result<()> {
    let mut asked = Asked::with_address(&["--ports", "1"])?;
    let target = Target::start(asked.lab.path(), IQN, &["--lun", "8M"])?;
    asked.ok(&["flash", "add", "--portal", &target.portal().to_string()])?;
    asked.lab.kill();
    asked.lab.restart()?;
    let told = rule(&asked)?;
    ensure!(
        told["keeper"] == "driver" && told["intent"] == "discovered",
        "{told}"
    );
    let why = told["intent_why"].as_str().context("a reason")?;
    ensure!(why.contains("SendTargets entry"), "{why}");
    Ok(())
}

#[test]
fn the_rules_are_told_without_an_adapter_and_a_session_that_is_not_there_is_missed() -> Result<()> {
    let asked = Asked::start(&["--ports", "1"])?;
    let missed = asked.refused(3, &["session", "policy", "--sid", "77"])?;
    ensure!(missed.contains("show the policy of session 77"), "{missed}");
    let rules = asked.ok(&["session", "policy", "--endpoint", "/nowhere/at/all"])?;
    let intents: Vec<&str> = rules["policies"]
        .as_array()
        .context("rules")?
        .iter()
        .filter_map(|rule| rule["intent"].as_str())
        .collect();
    ensure!(intents == ["configured", "discovered", "boot"], "{rules}");
    ensure!(rules["session"].is_null(), "{rules}");
    Ok(())
}
