//! Logins, logouts and scans at once.

use anyhow::{Result, ensure};
use lab_tests::asked::describe;
use lab_tests::lab::Lab;
use lab_tests::rounds;
use lab_tests::target::Target;

use super::{all_succeed, at_once, iqn, lab, list, quietly, writers};

/// A lab with an address, and a target that is in flash twice: under two portals' names, so that there are two sessions to it.
fn with_target() -> Result<(Lab, Target)> {
    let (lab, _) = lab(&[])?;
    quietly(
        &lab,
        &[
            "iface set ipv4 -a host1 ipaddress=127.0.0.21 subnet=255.0.0.0",
            "iface apply -a host1",
        ],
    )?;
    let target = Target::start(lab.path(), &iqn("disk"), &["--lun", "8M"])?;
    lab.json(&[
        "flash",
        "add",
        "-a",
        "host1",
        "--target",
        &iqn("disk"),
        "--portal",
        &target.portal().to_string(),
    ])?;
    Ok((lab, target))
}

#[test]
fn logins_and_logouts_of_one_target_at_once_end_in_one_answer() -> Result<()> {
    let (lab, _target) = with_target()?;
    for round in rounds::each("login and logout", 3, 50) {
        let count = writers() as usize;
        all_succeed(&lab, &vec!["flash login -a host1 2".to_owned(); count])?;
        let sessions = list(&lab, "session list")?;
        ensure!(
            sessions.len() == 1 && sessions[0]["state"] == "LOGGED_IN",
            "round {round}: {sessions:?}"
        );
        let sid = sessions[0]["sid"].as_u64().unwrap_or_default();
        let mut lines = vec!["flash logout -a host1 2".to_owned(); count];
        // One that names the session finds it, or finds it gone.
        lines.push(format!("session logout {sid}"));
        for (line, out) in lines.iter().zip(at_once(&lab, &lines)?) {
            let gone = line.starts_with("session") && out.status.code() == Some(3);
            ensure!(
                out.status.success() || gone,
                "round {round}: {line}: {}",
                describe(&out)
            );
        }
        let left = list(&lab, "session list")?;
        ensure!(left.is_empty(), "round {round}: {left:?}");
    }
    Ok(())
}

#[test]
fn a_scan_of_all_sessions_goes_on_when_one_of_them_leaves() -> Result<()> {
    let (lab, _target) = with_target()?;
    let more = Target::start(lab.path(), &iqn("more"), &["--lun", "8M"])?;
    lab.json(&[
        "flash",
        "add",
        "-a",
        "host1",
        "--target",
        &iqn("more"),
        "--portal",
        &more.portal().to_string(),
    ])?;
    lab.json(&["flash", "login", "-a", "host1", "2"])?;
    for round in rounds::each("rescan", 4, 50) {
        lab.json(&["flash", "login", "-a", "host1", "3"])?;
        let lines = ["session rescan", "flash logout -a host1 3", "session rescan"].map(str::to_owned);
        for (line, out) in lines.iter().zip(at_once(&lab, &lines)?) {
            ensure!(out.status.success(), "round {round}: {line}: {}", describe(&out));
        }
        ensure!(list(&lab, "session list")?.len() == 1, "round {round}");
    }
    Ok(())
}
