//! The tree's disk is full: what needs room is refused whole, and everything catches up when there is room again. Needs root.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::asked::describe;
use lab_tests::lab::{READY, hbactl};
use lab_tests::namespace::Namespace;
use lab_tests::need::{Need, left_out};
use lab_tests::process::{Running, own_binary, until};

#[test]
fn a_tree_on_a_full_disk_refuses_whole_and_catches_up() -> Result<()> {
    let needs = &[Need::Root, Need::Namespaces, Need::Tool("mount", "mount")];
    if left_out("a_tree_on_a_full_disk_refuses_whole_and_catches_up", needs) {
        return Ok(());
    }
    Namespace::new(&[])?.run(story)?
}

fn add(endpoint: &Path, name: &str) -> Result<Output> {
    let target = format!("iqn.2026-11.org.example:{name}");
    let args = ["flash", "add", "--target", &target, "--portal", "127.0.0.1"];
    Ok(hbactl(endpoint, &args)?.output()?)
}

/// Every name in a directory and below it.
fn names(dir: &Path, out: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        out.insert(entry.path().display().to_string());
        if entry.file_type()?.is_dir() {
            names(&entry.path(), out)?;
        }
    }
    Ok(())
}

/// Takes every byte that is left.
fn fill(ballast: &Path) -> Result<()> {
    let out = Command::new("dd")
        .args(["if=/dev/zero", "bs=4k"])
        .arg(format!("of={}", ballast.display()))
        .output()?;
    ensure!(!out.status.success(), "the disk is not full: {}", describe(&out));
    Ok(())
}

/// In the namespace: the endpoint is on a small file system of its own, the flash file is not.
fn story() -> Result<()> {
    let small = tempfile::tempdir()?;
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
        .arg(small.path())
        .status()?;
    ensure!(mounted.success(), "tmpfs cannot be mounted");
    let elsewhere = tempfile::tempdir_in("/dev/shm")?;
    let endpoint = small.path().join("hba");
    let mut serve = Command::new(own_binary("hbaemu")?);
    serve
        .arg("serve")
        .arg(&endpoint)
        .args(["--ports", "1", "--flash"])
        .arg(elsewhere.path().join("flash.img"));
    let _serving = Running::start(&mut serve, "ready", READY)?;
    let first = add(&endpoint, "first")?;
    ensure!(first.status.success(), "{}", describe(&first));
    let sys = endpoint.join("sys");
    let mut before = BTreeSet::new();
    names(&sys, &mut before)?;

    let ballast = small.path().join("ballast");
    fill(&ballast)?;
    for _ in 0..2 {
        let refused = add(&endpoint, "second")?;
        ensure!(
            refused.status.code().is_some_and(|code| code != 0),
            "added to a full disk: {}",
            describe(&refused)
        );
        ensure!(
            describe(&refused).contains("error: cannot "),
            "{}",
            describe(&refused)
        );
    }
    let mut after = BTreeSet::new();
    names(&sys, &mut after)?;
    let differ: Vec<_> = before.symmetric_difference(&after).collect();
    ensure!(differ.is_empty(), "the tree has something half: {differ:?}");
    let state = sys.join("class/iscsi_host/host1/port_state");
    let fault = Command::new(own_binary("hbaemu")?)
        .args(["fault", "--endpoint"])
        .arg(&endpoint)
        .args(["link-down", "0"])
        .output()?;
    ensure!(fault.status.success(), "{}", describe(&fault));
    ensure!(
        !fs::read_to_string(&state)?.is_empty(),
        "an attribute was emptied"
    );

    fs::remove_file(&ballast)?;
    for name in ["second", "third"] {
        let again = add(&endpoint, name)?;
        ensure!(again.status.success(), "with room again: {}", describe(&again));
    }
    until(Duration::from_secs(20), "the link to be shown as down", || {
        Ok((fs::read_to_string(&state)?.trim() == "LINK DOWN").then_some(()))
    })?;
    let list = hbactl(&endpoint, &["-o", "plain", "flash", "list"])?.output()?;
    let list = String::from_utf8(list.stdout).context("not UTF-8")?;
    for name in [":first", ":second", ":third"] {
        ensure!(list.matches(name).count() == 1, "{name}: {list}");
    }
    Ok(())
}
