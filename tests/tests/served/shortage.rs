//! Out of descriptors: the adapter sleeps, and goes on when there are some again.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use driver_sys::port::Seqpacket;
use lab_tests::lab::READY;
use lab_tests::process::{Running, own_binary, until};

use super::proc::{descriptors, ticks};

/// So many descriptors may the adapter have.
const LIMIT: u32 = 32;

fn answers(dir: &Path) -> Result<Option<()>> {
    let control = Seqpacket::connect(dir.join("control"), None)?;
    if control.send(b"ready", "a command").is_err() {
        return Ok(None);
    }
    let mut buffer = [0; 64];
    let soon = Instant::now() + Duration::from_secs(2);
    Ok(control
        .receive(&mut buffer, Some(soon), "its answer")
        .ok()
        .map(drop))
}

#[test]
fn without_descriptors_the_adapter_sleeps_and_then_goes_on() -> Result<()> {
    let lab = tempfile::tempdir()?;
    let dir = lab.path().join("hba");
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("ulimit -n {LIMIT}; exec \"$@\""), "sh"])
        .arg(own_binary("hbaemu")?)
        .arg("serve")
        .arg(&dir)
        .args(["--ports", "1", "--no-sync"]);
    let running = Running::start(&mut command, "ready", READY)?;
    let pid = running.pid();
    let mut callers: Vec<Seqpacket> = Vec::new();
    for _ in 0..100 {
        callers.push(Seqpacket::connect(dir.join("netlink"), None)?);
    }
    until(READY, "the callers to be taken or turned away", || {
        Ok((descriptors(pid)? >= LIMIT as usize / 2).then_some(()))
    })?;
    ensure!(descriptors(pid)? < LIMIT as usize, "nothing is left for the card");
    let (before, begin) = (ticks(pid)?, Instant::now());
    std::thread::sleep(Duration::from_secs(1));
    let used = ticks(pid)? - before;
    // A tick is a hundredth of a second.
    ensure!(
        used < 30,
        "{used} hundredths of a second of processor time in {:?}",
        begin.elapsed()
    );
    callers.clear();
    until(READY, "an answer", || answers(&dir))?;
    Ok(())
}
