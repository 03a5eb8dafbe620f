//! Claims: shown, kept from others, let go, ended with their sessions; and what is boot's.

use std::fs;

use anyhow::{Result, ensure};
use lab_tests::process::until;

use super::owned::{Owned, answers};
use super::{IQN, SOON};

#[test]
fn a_claim_is_shown_kept_from_others_and_let_go() -> Result<()> {
    let owned = Owned::begin("127.0.0.151")?;
    let lab = &owned.lab;
    let sid = &owned.sid()?;
    let planned = answers(
        lab,
        "session.claim",
        &["--dry-run", "session", "claim", sid, "--owner", "hbad"],
    )?;
    ensure!(
        planned["data"]["change"] == "planned" && !owned.entry(sid).exists(),
        "{planned}"
    );
    let change = answers(
        lab,
        "session.claim",
        &["session", "claim", sid, "--owner", "hbad"],
    )?;
    ensure!(change["data"]["after"]["owner"] == "hbad", "{change}");
    let shown = answers(lab, "session.show", &["session", "show", sid])?;
    ensure!(
        shown["data"]["held_by"] == "hbad" && shown["data"]["owner"] == "flash",
        "{shown}"
    );
    ensure!(
        shown["data"]["held_since"]
            .as_str()
            .is_some_and(|s| s.ends_with('Z')),
        "{shown}"
    );
    ensure!(fs::read_to_string(owned.entry(sid).join("target"))? == format!("{IQN}\n"));
    for (owner, count) in [("hbad", 1), ("flash", 0), ("boot", 0)] {
        for more in [&[][..], &["--detail"]] {
            let args = [&["session", "list", "--owner", owner], more].concat();
            let found = lab.json(&args)?;
            ensure!(found.as_array().map(Vec::len) == Some(count), "{args:?}: {found}");
        }
    }
    let text = owned.refused(1, &["session", "claim", sid, "--owner", "other"])?;
    ensure!(
        text.contains("owned by hbad since") && text.contains("--force"),
        "{text}"
    );
    owned.refused(2, &["session", "claim", sid, "--owner", "two words"])?;
    owned.refused(3, &["session", "claim", "4242", "--owner", "hbad"])?;
    owned.refused(5, &["session", "logout", sid, "--owner", "other"])?;
    lab.json(&["session", "claim", sid, "--owner", "other", "--force"])?;
    let change = answers(lab, "session.release", &["session", "release", sid])?;
    ensure!(change["data"]["before"][0]["owner"] == "other", "{change}");
    ensure!(owned.owners()? == [(1, "flash".to_owned())] && !owned.entry(sid).exists());
    let change = answers(lab, "session.release", &["session", "release", sid])?;
    ensure!(change["data"]["change"] == "unchanged", "{change}");
    Ok(())
}

#[test]
fn a_number_that_is_given_again_inherits_no_owner() -> Result<()> {
    let mut owned = Owned::begin("127.0.0.152")?;
    // Logged out and in again: the entry goes with its session.
    owned.lab.json(&["session", "claim", "1", "--owner", "hbad"])?;
    owned.lab.json(&["flash", "logout", &owned.index])?;
    ensure!(!owned.entry("1").exists(), "it stayed behind its session");
    owned.lab.json(&["flash", "login", &owned.index])?;
    let sid = owned.sid()?;
    ensure!(owned.owners()?[0].1 == "flash");
    owned.lab.json(&["session", "claim", &sid, "--owner", "boot"])?;
    // The kernel starts again, and counts anew.
    for _ in 0..2 {
        owned.lab.kill();
        owned.lab.restart()?;
        let sid = until(SOON, "a session", || {
            Ok(owned.owners()?.first().map(|(sid, _)| sid.to_string()))
        })?;
        ensure!(
            owned.owners()?[0].1 == "flash",
            "it inherited: {:?}",
            owned.owners()?
        );
        owned.lab.json(&["session", "claim", &sid, "--owner", "boot"])?;
    }
    owned.lab.kill();
    owned.lab.restart()?;
    until(SOON, "a session", || {
        Ok(owned.owners()?.iter().find(|o| o.0 == 1).map(drop))
    })?;
    ensure!(owned.entry("1").exists(), "the number was not given again");
    let change = answers(&owned.lab, "session.release", &["session", "release", "--gone"])?;
    ensure!(change["data"]["before"][0]["owner"] == "boot", "{change}");
    ensure!(!owned.entry("1").exists());
    // A claim on a living one is left alone.
    owned.lab.json(&["session", "claim", "1", "--owner", "hbad"])?;
    owned.lab.json(&["session", "release", "--gone"])?;
    ensure!(owned.owners()? == [(1, "hbad".to_owned())]);
    Ok(())
}

#[test]
fn sessions_of_boot_are_not_ended_in_passing() -> Result<()> {
    let mut owned = Owned::begin("127.0.0.153")?;
    let verbs: [&[&str]; 4] = [
        &["session", "logout", "1"],
        &["session", "logout", "--owner", "boot"],
        &["target", "logout", IQN],
        &["flash", "logout", "2"],
    ];
    ensure!(owned.index == "2");
    owned.lab.json(&["session", "claim", "1", "--owner", "boot"])?;
    for verb in verbs {
        let text = owned.refused(5, verb)?;
        ensure!(text.contains("boot"), "{verb:?}: {text}");
    }
    ensure!(owned.owners()? == [(1, "boot".to_owned())]);
    // Nothing of it is written down as excluded.
    owned.refused(5, &["target", "logout", IQN, "--exclude"])?;
    ensure!(!owned.rules().exists());
    // What it holds says so without anybody's claim.
    owned.lab.json(&["session", "release", "1"])?;
    let set = [
        "boot",
        "set",
        "--primary",
        "2",
        "--mode",
        "manual",
        "--yes-write-nvram",
    ];
    owned.lab.json(&set)?;
    owned.lab.kill();
    owned.lab.restart()?;
    until(SOON, "a boot session", || {
        Ok(owned.owners()?.iter().find(|o| o.1 == "boot").map(drop))
    })?;
    let sid = owned.sid()?;
    let shown = owned.lab.json(&["session", "show", &sid])?;
    ensure!(shown["kind"] == "boot" && shown["held_by"] == "boot", "{shown}");
    owned.refused(5, &["session", "claim", &sid, "--owner", "hbad", "--force"])?;
    for verb in [
        &["session", "logout", &sid, "--force"][..],
        &["target", "logout", IQN],
        &["target", "logout", IQN, "--force"],
    ] {
        owned.refused(5, verb)?;
    }
    ensure!(owned.owners()?.len() == 1);
    Ok(())
}

#[test]
fn sessions_of_one_owner_are_ended_together() -> Result<()> {
    let owned = Owned::begin("127.0.0.154")?;
    let lab = &owned.lab;
    let none = answers(
        lab,
        "session.logout.owned",
        &["session", "logout", "--owner", "hbad"],
    )?;
    ensure!(none["data"]["change"] == "unchanged", "{none}");
    lab.json(&["session", "claim", "1", "--owner", "hbad"])?;
    let change = answers(
        lab,
        "target.logout",
        &["target", "logout", IQN, "--owner", "flash"],
    )?;
    ensure!(change["data"]["change"] == "unchanged", "{change}");
    let change = answers(
        lab,
        "session.logout.owned",
        &["session", "logout", "--owner", "hbad", "--exclude"],
    )?;
    ensure!(change["data"]["before"][0]["sid"] == 1, "{change}");
    ensure!(owned.owners()?.is_empty());
    let rules = fs::read_to_string(owned.rules())?;
    ensure!(
        rules.starts_with(&format!("target={IQN} portal={} host=", owned.portal))
            && rules.lines().count() == 1,
        "{rules}"
    );
    Ok(())
}
