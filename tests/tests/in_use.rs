//! What stands on a disk is said before the disk is taken away: through every verb that logs out, removes or resets. The lists of the
//! kernel (`proc`, `holders`) are written into the endpoint's directory, as a kernel would have them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::lab::Lab;
use lab_tests::process::until;
use lab_tests::target::Target;
use serde_json::Value;

const IQN: &str = "iqn.2026-11.org.example:in-use";

/// A session with a disk, and how to have things stand on it.
struct Used {
    lab: Lab,
    target: Target,
    sid: String,
    index: String,
    disk: String,
}

impl Used {
    fn begin(address: &str) -> Result<Self> {
        let lab = Lab::start(&["--ports", "1"])?;
        lab.json(&[
            "iface",
            "set",
            "ipv4",
            &format!("ipaddress={address}"),
            "subnet=255.0.0.0",
        ])?;
        lab.json(&["iface", "apply"])?;
        let target = Target::start(lab.path(), IQN, &["--lun", "8M"])?;
        let portal = target.portal().to_string();
        let change = lab.json(&["flash", "add", "--target", IQN, "--portal", &portal])?;
        let index = change["after"]["index"].to_string();
        lab.json(&["flash", "login", &index])?;
        let disk = until(Duration::from_secs(20), "a disk", || {
            let disks = lab.json(&["lun", "list"])?;
            Ok(disks[0]["block_device"].as_str().map(str::to_owned))
        })?;
        let sid = lab.json(&["session", "list"])?[0]["sid"].to_string();
        Ok(Self {
            lab,
            target,
            sid,
            index,
            disk,
        })
    }

    fn block(&self) -> PathBuf {
        self.lab.endpoint().join("sys/class/block").join(&self.disk)
    }

    fn number(&self) -> Result<String> {
        Ok(fs::read_to_string(self.block().join("dev"))?.trim().to_owned())
    }

    /// Mounts a device number somewhere.
    fn mount(&self, number: &str, source: &str, point: &str) -> Result<()> {
        let dir = self.lab.endpoint().join("proc/self");
        fs::create_dir_all(&dir)?;
        let line = format!("36 35 {number} / {point} rw,relatime shared:1 - ext4 {source} rw\n");
        Ok(fs::write(dir.join("mountinfo"), line)?)
    }

    fn free(&self) -> Result<()> {
        Ok(fs::remove_dir_all(self.lab.endpoint().join("proc"))?)
    }

    /// Puts a device mapper map on the disk, as the kernel shows it.
    fn map(&self) -> Result<()> {
        fs::create_dir_all(self.block().join("holders/dm-7"))?;
        let map = self.lab.endpoint().join("sys/class/block/dm-7");
        fs::create_dir_all(map.join("dm"))?;
        fs::create_dir_all(map.join("slaves").join(&self.disk))?;
        fs::create_dir_all(map.join("slaves/sdzz"))?;
        fs::write(map.join("dm/name"), "mpathq\n")?;
        fs::write(map.join("dm/uuid"), "mpath-36001\n")?;
        Ok(fs::write(map.join("dev"), "254:7\n")?)
    }

    /// Expects a refusal and gives its text.
    fn refused(&self, args: &[&str]) -> Result<String> {
        let out = self.lab.hbactl(args)?;
        let text = String::from_utf8_lossy(&out.stderr).into_owned();
        ensure!(
            out.status.code() == Some(1),
            "{args:?} ended with {}: {text}",
            out.status
        );
        Ok(text)
    }
}

#[test]
fn every_verb_that_takes_a_mounted_disk_away_says_so_and_does_nothing() -> Result<()> {
    let used = Used::begin("127.0.0.141")?;
    let (sid, index) = (used.sid.as_str(), used.index.as_str());
    used.mount(
        &used.number()?,
        &format!("/dev/{}", used.disk),
        "/mnt/my\\040data",
    )?;
    used.lab.json(&["iface", "set", "ipv4", "mtu=1400"])?;
    for verb in [
        &["session", "logout", sid][..],
        &["flash", "logout", index],
        &["flash", "remove", index],
        &["iface", "apply"],
        &["adapter", "reset"],
    ] {
        let text = used.refused(verb)?;
        ensure!(
            text.contains(&format!("({}) is mounted at /mnt/my data (ext4)", used.disk))
                && text.contains("--force"),
            "{verb:?}: {text}"
        );
    }
    let sessions = used.lab.json(&["session", "list"])?;
    ensure!(
        sessions[0]["state"] == "LOGGED_IN",
        "nothing was done: {sessions}"
    );
    let uses = used.lab.json(&["lun", "uses", "--session", sid])?;
    ensure!(
        uses[0]["what"]["use"] == "mounted" && uses[0]["what"]["point"] == "/mnt/my data",
        "{uses}"
    );
    // A dry run tells, and force does it.
    let planned = used.lab.hbactl(&["--dry-run", "session", "logout", sid])?;
    ensure!(planned.status.success() && String::from_utf8_lossy(&planned.stderr).contains("is mounted at"));
    let out = used.lab.hbactl(&["session", "logout", sid, "--force"])?;
    let text = String::from_utf8_lossy(&out.stderr).into_owned();
    ensure!(
        out.status.success() && text.contains("taken away by force"),
        "{text}"
    );
    ensure!(used.lab.json(&["session", "list"])? == Value::Array(Vec::new()));
    Ok(())
}

#[test]
fn the_way_from_the_disk_to_the_root_file_system_is_told() -> Result<()> {
    let used = Used::begin("127.0.0.142")?;
    used.map()?;
    let text = used.refused(&["session", "logout", &used.sid])?;
    ensure!(
        text.contains("is part of dm-7 (multipath map mpathq, 2 paths)"),
        "{text}"
    );
    used.mount("254:7", "/dev/mapper/mpathq", "/")?;
    let text = used.refused(&["session", "logout", &used.sid])?;
    ensure!(
        text.contains(
            "is mounted at / (ext4, the root file system) through dm-7 (multipath map mpathq, 2 paths)"
        ) && text.contains("shut the machine down"),
        "{text}"
    );
    // What the machine starts from is not taken away, but that it runs from there is said.
    let boot = used.lab.hbactl(&[
        "--dry-run",
        "boot",
        "set",
        "--primary",
        &used.index,
        "--yes-write-nvram",
    ])?;
    let text = String::from_utf8_lossy(&boot.stderr).into_owned();
    ensure!(
        boot.status.success() && text.contains("this machine runs from"),
        "{text}"
    );
    Ok(())
}

#[test]
fn swap_counts_and_a_disk_that_is_free_again_goes() -> Result<()> {
    let used = Used::begin("127.0.0.143")?;
    let proc = used.lab.endpoint().join("proc");
    fs::create_dir_all(&proc)?;
    let swaps = format!(
        "Filename Type Size Used Priority\n/dev/{} partition 8188 0 -2\n",
        used.disk
    );
    fs::write(proc.join("swaps"), swaps)?;
    let text = used.refused(&["flash", "logout", &used.index])?;
    ensure!(
        text.contains("is swap space") && text.contains("swapoff"),
        "{text}"
    );
    used.free()?;
    let gone = used.lab.json(&["flash", "logout", &used.index])?;
    ensure!(gone["change"] == "changed", "{gone}");
    Ok(())
}

#[test]
fn a_unit_that_is_gone_at_the_target_and_in_use_here_is_not_taken_out() -> Result<()> {
    let used = Used::begin("127.0.0.144")?;
    used.target.lun("add", &["--number", "4", "4M"])?;
    let found = used.lab.json(&["session", "rescan", &used.sid])?;
    ensure!(found["units"][0]["fate"] == "found", "{found}");
    let disks = used.lab.json(&["lun", "list"])?;
    let new = disks[1]["block_device"]
        .as_str()
        .context("a second disk")?
        .to_owned();
    let dev = fs::read_to_string(used.lab.endpoint().join("sys/class/block").join(&new).join("dev"))?;
    used.target.lun("remove", &["4"])?;
    used.mount(dev.trim(), &format!("/dev/{new}"), "/srv")?;
    let text = used.refused(&["session", "rescan", &used.sid, "--remove"])?;
    ensure!(text.contains(&format!("({new}) is mounted at /srv")), "{text}");
    let told = used.lab.json(&["session", "rescan", &used.sid])?;
    ensure!(
        told["units"][0]["fate"] == "gone" && told["change"] == "unchanged",
        "{told}"
    );
    used.free()?;
    let removed = used.lab.json(&["session", "rescan", &used.sid, "--remove"])?;
    ensure!(
        removed["units"][0]["fate"] == "removed" && removed["change"] == "changed",
        "{removed}"
    );
    let disks = used.lab.json(&["lun", "list"])?;
    ensure!(disks.as_array().is_some_and(|all| all.len() == 1), "{disks}");
    Ok(())
}
