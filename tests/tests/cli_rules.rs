//! Rules of `hbactl` against an emulated two-port adapter and our own target: what a dry run leaves alone, what is not written
//! twice, what is refused with which exit code. Needs no privileges.

use std::fs;

use anyhow::{Context, Result, ensure};
use lab_tests::asked::{Asked, IQN, SECRET, describe, index, text};
use lab_tests::target::Target;
use serde_json::Value;

#[test]
fn a_dry_run_changes_nothing() -> Result<()> {
    let lab = Asked::with_address(&["--ports", "2"])?;
    let target = Target::start(lab.lab.path(), IQN, &["--lun", "64M"])?;
    let portal = target.portal().to_string();
    let secret = lab.secret("secret", SECRET)?;
    let flash = lab.add_target(&target, &[])?;
    let chap = index(&lab.ok(&["chap", "add", "-a", "1", "-u", "alice", "--secret-file", &secret])?)?;
    let image = lab.lab.endpoint().join("flash.img");
    let before = (fs::read(&image)?, nouns(&lab)?);
    for args in [
        &[
            "flash",
            "add",
            "-a",
            "1",
            "--target",
            "iqn.2026-11.org.example:other",
            "--portal",
            &portal,
        ][..],
        &["flash", "set", &flash, "-a", "1", "def_time2wait=9"],
        &["flash", "set", &flash, "-a", "1", "--chap", &chap],
        &["flash", "login", &flash, "-a", "1"],
        &["flash", "remove", &flash, "-a", "1"],
        &["chap", "add", "-a", "1", "-u", "bob", "--secret-file", &secret],
        &["chap", "set", &chap, "-a", "1", "-u", "bob"],
        &["chap", "remove", &chap, "-a", "1"],
        &[
            "boot",
            "set",
            "--yes-write-nvram",
            "-a",
            "1",
            "--primary",
            &flash,
            "--mode",
            "manual",
        ],
        &["iface", "set", "ipv4", "-a", "1", "mtu=9000"],
        &["adapter", "reset", "1"],
    ] {
        let change = lab.ok(&[&["--dry-run"], args].concat())?;
        ensure!(change["change"] == "planned", "{args:?}: {change}");
    }
    ensure!(
        (fs::read(&image)?, nouns(&lab)?) == before,
        "a dry run changed something"
    );
    Ok(())
}

/// What can be changed, as JSON.
fn nouns(lab: &Asked) -> Result<Vec<Value>> {
    [
        ["iface", "list"],
        ["flash", "list"],
        ["chap", "list"],
        ["boot", "show"],
        ["session", "list"],
    ]
    .iter()
    .map(|args| lab.ok(args))
    .collect()
}

#[test]
fn what_is_so_already_is_not_written_again() -> Result<()> {
    let lab = Asked::with_address(&["--ports", "2"])?;
    let target = Target::start(lab.lab.path(), IQN, &["--lun", "64M"])?;
    let portal = target.portal().to_string();
    let secret = lab.secret("secret", SECRET)?;
    let flash = lab.add_target(&target, &[])?;
    let twice = |args: &[&str]| -> Result<()> {
        lab.ok(args).with_context(|| format!("first {args:?}"))?;
        let again = lab.ok(args).with_context(|| format!("second {args:?}"))?;
        ensure!(again["change"] == "unchanged", "{args:?} again: {again}");
        Ok(())
    };
    twice(&["flash", "add", "-a", "1", "--target", IQN, "--portal", &portal])?;
    twice(&[
        "flash",
        "set",
        &flash,
        "-a",
        "1",
        "def_time2wait=9",
        "header_digest=on",
    ])?;
    twice(&["flash", "login", &flash, "-a", "1"])?;
    twice(&["flash", "logout", &flash, "-a", "1"])?;
    twice(&[
        "chap",
        "add",
        "-a",
        "1",
        "-u",
        "alice",
        "--index",
        "7",
        "--secret-file",
        &secret,
    ])?;
    twice(&["chap", "set", "7", "-a", "1", "-u", "bob"])?;
    twice(&[
        "boot",
        "set",
        "--yes-write-nvram",
        "-a",
        "1",
        "--primary",
        &flash,
        "--mode",
        "manual",
    ])?;
    twice(&["boot", "clear", "--yes-write-nvram", "-a", "1"])?;
    twice(&["iface", "set", "ipv4", "-a", "1", "gateway=127.0.0.1"])?;
    twice(&["iface", "apply", "-a", "1"])?;
    twice(&["iface", "unset", "ipv4", "-a", "1"])?;
    Ok(())
}

#[test]
fn rules_are_kept_with_the_exit_code_that_is_promised() -> Result<()> {
    let lab = Asked::with_address(&["--ports", "2"])?;
    let target = Target::start(lab.lab.path(), IQN, &["--lun", "64M"])?;
    let secret = lab.secret("secret", SECRET)?;
    let flash = lab.add_target(&target, &[])?;
    // 2: values.
    lab.refused(2, &["flash", "set", &flash, "-a", "1", "no_such_parameter=1"])?;
    lab.refused(2, &["flash", "set", &flash, "-a", "1", "def_time2wait=70000"])?;
    lab.refused(2, &["flash", "set", &flash, "-a", "1", "def_time2wait=soon"])?;
    lab.refused(2, &["iface", "set", "ipv4", "-a", "1", "mtu"])?;
    let short = lab.secret("short", "elevenbytes")?;
    lab.refused(
        2,
        &["chap", "add", "-a", "1", "-u", "alice", "--secret-file", &short],
    )?;
    lab.refused(2, &["chap", "add", "-a", "1", "-u", "alice"])?;
    // 3: things that are not there.
    lab.refused(3, &["flash", "remove", "40", "-a", "1"])?;
    lab.refused(3, &["flash", "show", "4000000000", "-a", "1"])?;
    lab.refused(3, &["chap", "remove", "40", "-a", "1"])?;
    lab.refused(
        3,
        &["boot", "set", "--yes-write-nvram", "-a", "1", "--primary", "40"],
    )?;
    lab.refused(3, &["session", "show", "999"])?;
    lab.refused(3, &["session", "logout", "999"])?;
    lab.refused(3, &["stats", "connection", "999"])?;
    lab.refused(3, &["lun", "inquiry", "9:0:0:0"])?;
    lab.refused(3, &["adapter", "show", "host77"])?;
    lab.refused(3, &["iface", "show", "ipv6-7", "-a", "1"])?;
    // 4: what the adapter cannot.
    lab.refused(4, &["flash", "set", &flash, "-a", "1", "portal_type=ipv6"])?;
    lab.refused(4, &["flash", "set", &flash, "-a", "1", "is_boot_target=1"])?;
    // Several adapters, none named.
    let which = lab.refused(2, &["flash", "remove", "40"])?;
    ensure!(which.contains("host1") && which.contains("host2"), "{which}");
    // In use.
    let chap = index(&lab.ok(&["chap", "add", "-a", "1", "-u", "alice", "--secret-file", &secret])?)?;
    lab.ok(&["flash", "set", &flash, "-a", "1", "--chap", &chap])?;
    let said = lab.refused(1, &["chap", "remove", &chap, "-a", "1"])?;
    ensure!(said.contains(&format!("flash target {flash}")), "{said}");
    ensure!(
        lab.ok(&["chap", "list"])?
            .as_array()
            .is_some_and(|all| all.len() == 1)
    );
    Ok(())
}

#[test]
fn a_boot_target_can_be_neither_removed_nor_logged_out() -> Result<()> {
    let mut lab = Asked::with_address(&["--ports", "2"])?;
    let target = Target::start(lab.lab.path(), IQN, &["--lun", "64M"])?;
    let flash = lab.add_target(&target, &[])?;
    lab.ok(&[
        "boot",
        "set",
        "--yes-write-nvram",
        "-a",
        "1",
        "--primary",
        &flash,
        "--mode",
        "manual",
    ])?;
    let said = lab.refused(5, &["flash", "remove", &flash, "-a", "1"])?;
    ensure!(
        said.contains("boot target") && said.contains("hbactl boot clear"),
        "{said}"
    );
    lab.refused(5, &["flash", "remove", &flash, "-a", "1", "--force"])?;
    // The boot configuration counts from the next start on.
    lab.lab.kill();
    lab.lab.restart()?;
    lab.ok(&["flash", "login", &flash, "-a", "1"])?;
    let sessions = lab.ok(&["session", "list"])?;
    ensure!(
        sessions.as_array().is_some_and(|all| all.len() == 1),
        "{sessions}"
    );
    let sid = sessions[0]["sid"].to_string();
    lab.refused(5, &["flash", "logout", &flash, "-a", "1"])?;
    lab.refused(5, &["session", "logout", &sid])?;
    ensure!(
        lab.ok(&["session", "list"])?
            .as_array()
            .is_some_and(|all| all.len() == 1)
    );
    Ok(())
}

#[test]
fn a_parameter_that_needs_a_restart_is_told_and_kept() -> Result<()> {
    let mut lab = Asked::start(&["--ports", "2"])?;
    lab.ok(&["iface", "set", "ipv4", "-a", "1", "mtu=9000"])?;
    let out = lab.lab.hbactl(&["iface", "apply", "-a", "1"])?;
    ensure!(out.status.success(), "{}", describe(&out));
    ensure!(
        text(&out.stderr).contains("takes effect when the adapter starts again"),
        "{}",
        describe(&out)
    );
    lab.lab.kill();
    lab.lab.restart()?;
    let iface = lab.ok(&["iface", "show", "ipv4", "-a", "1"])?;
    ensure!(iface["params"]["mtu"] == 9000, "{iface}");
    Ok(())
}
