//! A load that verifies itself: the distribution's fio in the guest, on disks without a file system.
//!
//! Owns fio's options and how its verdict is read. Random blocks of 512 B to 1 MiB, 32 under way on each disk, each with a CRC of
//! its own, read back and compared soon after it was written. Source: fio(1).

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::process::until;
use lab_tests::qemu::Guest;
use serde_json::Value;

use super::road::MINUTE;

/// Where fio lies in the guest, and where its package has it.
pub(super) const FIO: (&str, &str) = ("/bin/fio", "usr/bin/fio");
const OPTIONS: &str = "--output-format=json --output=/tmp/fio.json --thread --direct=1 --ioengine=libaio --iodepth=32 \
    --rw=randwrite --bsrange=512-1M --verify=crc32c --verify_fatal=1 --verify_backlog=128 --time_based";
/// Longest until a load goes on after a fault, or ends when it is told to.
const RECOVERY: Duration = Duration::from_secs(180);

/// A running load.
#[derive(Debug)]
pub(super) struct Load {
    disks: Vec<String>,
}

impl Load {
    /// Starts it on these disks, for so many seconds or until [`Load::stop`].
    pub(super) fn start(guest: &mut Guest, disks: &[String], seconds: u64) -> Result<Self> {
        let jobs: Vec<String> = disks
            .iter()
            .map(|disk| format!("--name={disk} --filename=/dev/{disk}"))
            .collect();
        let command = format!(
            "rm -f /tmp/fio.json /tmp/fio.code; \
             (fio {OPTIONS} --runtime={seconds} {} >/tmp/fio.said 2>&1; echo $? >/tmp/fio.code) >/dev/null 2>&1 &",
            jobs.join(" ")
        );
        guest.must(&command, MINUTE)?;
        Ok(Self {
            disks: disks.to_vec(),
        })
    }

    /// Waits until something has been read and written on every disk from now on.
    pub(super) fn moves(&self, guest: &mut Guest) -> Result<()> {
        for disk in &self.disks {
            let begun = done(guest, disk)?;
            until(RECOVERY, &format!("the load on {disk} to go on"), || {
                ensure!(!ended(guest)?, "the load has ended: {}", said(guest)?);
                let now = done(guest, disk)?;
                Ok((now.0 > begun.0 + 8 && now.1 > begun.1 + 8).then_some(()))
            })?;
        }
        Ok(())
    }

    /// Tells it to end; what it did.
    pub(super) fn stop(self, guest: &mut Guest) -> Result<Done> {
        guest.must("kill -INT $(pidof fio loader | tr ' ' '\\n' | head -1)", MINUTE)?;
        self.finish(guest, RECOVERY)
    }

    /// Waits for its end; what it did.
    pub(super) fn finish(self, guest: &mut Guest, limit: Duration) -> Result<Done> {
        until(limit, "the load to end", || {
            std::thread::sleep(Duration::from_millis(500));
            Ok(ended(guest)?.then_some(()))
        })?;
        let code = guest.must("cat /tmp/fio.code", MINUTE)?;
        let said = said(guest)?;
        // 128: it was told to end.
        ensure!(
            matches!(code.trim(), "0" | "128"),
            "fio ended with {}: {said}",
            code.trim()
        );
        let report = guest.must("cat /tmp/fio.json", MINUTE)?;
        let report = report.get(report.find('{').context("fio left no report")?..);
        let report: Value = serde_json::from_str(report.unwrap_or_default())?;
        let jobs = report["jobs"].as_array().context("fio reports no jobs")?;
        ensure!(jobs.len() == self.disks.len(), "fio reports {} jobs", jobs.len());
        let mut done = Done::default();
        for job in jobs {
            ensure!(job["error"] == 0, "fio found {}: {said}", job["error"]);
            done.written += job["write"]["io_bytes"].as_u64().unwrap_or(0);
            done.compared += job["read"]["io_bytes"].as_u64().unwrap_or(0);
        }
        ensure!(done.written > 0 && done.compared > 0, "fio did nothing: {done:?}");
        Ok(done)
    }
}

/// What a load did, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) written: u64,
    pub(super) compared: u64,
}

fn ended(guest: &mut Guest) -> Result<bool> {
    Ok(guest.run("test -e /tmp/fio.code", MINUTE)?.code == 0)
}

fn said(guest: &mut Guest) -> Result<String> {
    guest.must("head -c 4000 /tmp/fio.said", MINUTE)
}

/// Reads and writes that a disk has completed.
fn done(guest: &mut Guest, disk: &str) -> Result<(u64, u64)> {
    let text = guest.must(&format!("cat /sys/block/{disk}/stat"), MINUTE)?;
    let numbers: Vec<u64> = text
        .split_whitespace()
        .map_while(|word| word.parse().ok())
        .collect();
    match numbers[..] {
        [reads, _, _, _, writes, ..] => Ok((reads, writes)),
        _ => anyhow::bail!("the kernel counts {text:?} for {disk}"),
    }
}
