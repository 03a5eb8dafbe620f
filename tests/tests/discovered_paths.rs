//! A SendTargets entry whose target has several portals: each path that the card makes of it stays up, whoever logs in.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::asked::{Asked, IQN};
use lab_tests::process::until;
use lab_tests::target::Target;

/// Sessions are up, as many as there are portals, the same ones for longer than it takes them to end each other, each with an ISID of its
/// own.
fn stay_up(asked: &Asked, count: usize) -> Result<()> {
    let up = || -> Result<Option<Vec<u64>>> {
        let sessions = asked.ok(&["session", "list"])?;
        let sessions = sessions.as_array().context("sessions")?;
        let all = sessions.len() == count && sessions.iter().all(|s| s["state"] == "LOGGED_IN");
        Ok(all.then(|| sessions.iter().filter_map(|s| s["sid"].as_u64()).collect()))
    };
    let before = until(Duration::from_secs(40), "every path to be up", up)?;
    for _ in 0..5 {
        thread::sleep(Duration::from_secs(1));
        ensure!(up()?.as_ref() == Some(&before), "a path went down");
    }
    let mut isids = BTreeSet::new();
    for sid in before {
        let shown = asked.ok(&["session", "show", &sid.to_string()])?;
        isids.insert(shown["isid"].as_str().context("isid")?.to_owned());
    }
    ensure!(isids.len() == count, "{isids:?}");
    Ok(())
}

fn walk(mode: &[&str]) -> Result<()> {
    let mut asked = Asked::with_address(&[&["--ports", "1"], mode].concat())?;
    let more = [
        "--listen",
        "127.0.0.2:0",
        "--listen",
        "127.0.0.3:0",
        "--lun",
        "8M",
    ];
    let target = Target::start(asked.lab.path(), IQN, &more)?;
    asked.ok(&["flash", "add", "--portal", &target.portal().to_string()])?;
    asked.lab.kill();
    asked.lab.restart()?;
    stay_up(&asked, 3)
}

#[test]
fn paths_that_the_driver_logs_in_to_stay_up() -> Result<()> {
    walk(&[])
}

#[test]
fn paths_that_the_firmware_logs_in_to_stay_up() -> Result<()> {
    walk(&["--fw-mode", "auto"])
}
