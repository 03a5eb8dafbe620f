//! A full disk with everything on it: tree, flash, hbactl's records, and the log. What needs room is refused with an answer, and the
//! adapter lives. Needs root.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use anyhow::{Result, ensure};
use lab_tests::lab::READY;
use lab_tests::namespace::Namespace;
use lab_tests::need::{Need, left_out};
use lab_tests::process::{Running, own_binary, until};

#[test]
fn a_full_disk_is_answered_and_not_died_of() -> Result<()> {
    let needs = &[Need::Root, Need::Namespaces, Need::Tool("mount", "mount")];
    if left_out("a_full_disk_is_answered_and_not_died_of", needs) {
        return Ok(());
    }
    Namespace::new(&[])?.run(story)?
}

fn add(endpoint: &Path, name: &str) -> Result<Output> {
    let target = format!("iqn.2026-11.org.example:{name}");
    let args = ["flash", "add", "--target", &target, "--portal", "127.0.0.1"];
    Ok(lab_tests::lab::hbactl(endpoint, &args)?.output()?)
}

fn story() -> Result<()> {
    let small = tempfile::tempdir()?;
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"])
        .arg(small.path())
        .status()?;
    ensure!(mounted.success(), "tmpfs cannot be mounted");
    let (endpoint, log) = (small.path().join("hba"), small.path().join("log"));
    let mut serve = Command::new(own_binary("hbaemu")?);
    serve.arg("serve").arg(&endpoint).args(["--ports", "1"]);
    let mut running = Running::start(serve.stderr(File::create(&log)?), "ready", READY)?;
    let first = add(&endpoint, "first")?;
    ensure!(first.status.success(), "{first:?}");
    let ballast = small.path().join("ballast");
    let filled = Command::new("dd")
        .args(["if=/dev/zero", "bs=4k"])
        .arg(format!("of={}", ballast.display()))
        .output()?;
    ensure!(!filled.status.success(), "the disk is not full");
    for name in ["second", "third"] {
        let refused = add(&endpoint, name)?;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        ensure!(!refused.status.success(), "added to a full disk: {said}");
        ensure!(
            said.contains("error: cannot ") && !said.contains("closed the connection"),
            "{said}"
        );
    }
    // This is the adapter's own matter: it cannot show it, and cannot log that either, once the log's last page is full.
    for round in 0..100 {
        let fault = Command::new(own_binary("hbaemu")?)
            .arg("fault")
            .arg("--endpoint")
            .arg(&endpoint)
            .args([["link-down", "0"], ["link-up", "0"]][round % 2])
            .output()?;
        ensure!(fault.status.success(), "{fault:?}");
    }
    fs::remove_file(&ballast)?;
    let again = add(&endpoint, "second")?;
    ensure!(again.status.success(), "with room again: {again:?}");
    // What could not be logged is told when it can.
    until(Duration::from_secs(20), "the log to say what it lost", || {
        Ok(fs::read_to_string(&log)?.contains("were lost").then_some(()))
    })?;
    running.signal(nix::sys::signal::Signal::SIGTERM)?;
    ensure!(running.ended(READY)? == Some(0));
    Ok(())
}
