//! The road from an empty card to disks in a stock kernel, and back after a power cycle.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::process::{own_binary, until};
use lab_tests::qemu::{Cache, Card, Guest, Initramfs, Kernel};
use lab_tests::target::Target;
use serde_json::Value;

use super::checks::Checks;
use super::load::FIO;

/// What the guest loads, in this order and with what each needs.
pub(super) const MODULES: &[&str] = &["qla4xxx", "sd_mod", "sg", "crc32c_generic", "crc32c", "ext4"];
pub(super) const MINUTE: Duration = Duration::from_secs(60);
pub(super) const PLAIN: &str = "iqn.2026-11.org.example:plain";
const CHAP: &str = "iqn.2026-11.org.example:chap";
const TWO: &str = "iqn.2026-11.org.example:two";
pub(super) const SECRET: &str = "correct-horse-12";

/// A guest with its card and targets.
pub(super) struct Lab<'a> {
    cache: &'a Cache,
    kernel: &'a Kernel,
    /// Where its files lie.
    pub(super) dir: &'a Path,
    initramfs: PathBuf,
    modules: Vec<String>,
    chip: &'a str,
    /// The card.
    pub(super) card: Card,
    /// The guest.
    pub(super) guest: Guest,
    /// Targets: plain, with CHAP, with two logical units.
    pub(super) targets: [Target; 3],
}

impl<'a> Lab<'a> {
    /// Starts targets and card and boots the guest, with fio in it if it is to run a load.
    pub(super) fn start(
        cache: &'a Cache,
        kernel: &'a Kernel,
        chip: &'a str,
        dir: &'a Path,
        load: bool,
    ) -> Result<Self> {
        let mut image = Initramfs::new(cache, kernel, MODULES)?;
        image.program(&own_binary("hbactl")?, "/bin/hbactl")?;
        image.root_program(cache, "usr/sbin/mke2fs", "/sbin/mke2fs")?;
        if load {
            image.package_program(cache, "fio", FIO.1, FIO.0)?;
        }
        image.file("root/secret", 0o600, SECRET.into());
        let modules = image.modules.clone();
        let initramfs = dir.join("initramfs");
        image.write(&initramfs)?;
        let accounts = dir.join("accounts");
        std::fs::write(&accounts, format!("operator:{SECRET}\n"))?;
        let accounts = accounts.to_string_lossy().into_owned();
        let targets = [
            Target::start(dir, PLAIN, &["--lun", "64M"])?,
            Target::start(
                dir,
                CHAP,
                &["--lun", "96M", "--chap-file", &accounts, "--trace", "tmf"],
            )?,
            Target::start(dir, TWO, &["--lun", "16M", "--lun", "32M"])?,
        ];
        let card = Card::start(dir, chip, 2)?;
        let guest = Guest::boot(cache, kernel, &initramfs, dir, &card.sockets)?;
        Ok(Self {
            cache,
            kernel,
            dir,
            initramfs,
            modules,
            chip,
            card,
            guest,
            targets,
        })
    }

    /// Loads the driver and what it needs.
    pub(super) fn load(&mut self, parameters: &str) -> Result<()> {
        self.guest.load(&self.modules, parameters)
    }

    /// Switches the guest off and boots it again; the card goes on.
    pub(super) fn reboot(&mut self, parameters: &str) -> Result<()> {
        self.guest.power_off()?;
        self.boot_again(parameters)
    }

    /// Takes the guest's power away and boots it again; the card goes on.
    pub(super) fn cut_power(&mut self) -> Result<()> {
        self.guest.cut_power()?;
        self.boot_again("")
    }

    fn boot_again(&mut self, parameters: &str) -> Result<()> {
        self.guest = Guest::boot(
            self.cache,
            self.kernel,
            &self.initramfs,
            self.dir,
            &self.card.sockets,
        )?;
        self.load(parameters)
    }
}

/// Walks it.
pub(super) fn walk(lab: &mut Lab<'_>, checks: &mut Checks) -> Result<()> {
    checks.check("the stock driver probes both functions", || {
        lab.load("")?;
        let hosts = listed(&mut lab.guest, "adapter list")?;
        ensure!(hosts.len() == 2, "{hosts:?}");
        Ok(())
    })?;
    let chip = lab.chip;
    checks.check("addresses are set and both ports ping", || {
        let guest = &mut lab.guest;
        for (host, address) in [("host0", "127.0.0.21"), ("host1", "127.0.0.22")] {
            good(
                guest,
                &format!("iface set ipv4 -a {host} ipaddress={address} subnet=255.0.0.0"),
            )?;
            good(guest, &format!("iface apply -a {host}"))?;
            good(guest, &format!("iface ping ipv4 -a {host} 127.0.0.1 --count 2"))?;
        }
        Ok(())
    })?;
    checks.check("flash targets are added, with CHAP and two logical units", || {
        let guest = &mut lab.guest;
        good(
            guest,
            "chap add -a host0 --user operator --secret-file /root/secret",
        )?;
        let entries = listed(guest, "chap list -a host0")?;
        let entry = entries.first().and_then(|entry| entry["index"].as_u64());
        let entry = entry.context("the CHAP entry is not listed")?;
        let chap = format!(" --chap {entry}");
        for (target, (name, more)) in lab
            .targets
            .iter()
            .zip([(PLAIN, ""), (CHAP, chap.as_str()), (TWO, "")])
        {
            let portal = target.portal();
            good(
                guest,
                &format!("flash add -a host0 --target {name} --portal {portal}{more}"),
            )?;
        }
        Ok(())
    })?;
    checks.check("their sessions come up and four disks appear", || {
        let guest = &mut lab.guest;
        for node in listed(guest, "flash list -a host0")? {
            let index = node["index"].as_u64().context("a target without an index")?;
            good(guest, &format!("flash login {index} -a host0"))?;
        }
        disks(guest, 4)
    })?;
    checks.check("ext4 on one disk: written, unmounted, mounted, compared", || {
        let guest = &mut lab.guest;
        let disk = disk_of(guest, 64 << 20)?;
        for command in [
            &format!("/sbin/mke2fs -q -t ext4 /dev/{disk}"),
            &format!("mount -t ext4 /dev/{disk} /mnt"),
            "dd if=/dev/urandom of=/mnt/data bs=1M count=24 2>/dev/null",
            "sha256sum /mnt/data >/root/sum && umount /mnt",
            "echo 3 >/proc/sys/vm/drop_caches",
            &format!("mount -t ext4 /dev/{disk} /mnt"),
            "sha256sum -c /root/sum && umount /mnt",
        ] {
            guest.must(command, MINUTE)?;
        }
        Ok(())
    })?;
    checks.check("raw writes of the others compare equal", || {
        let guest = &mut lab.guest;
        for size in [96u64 << 20, 32 << 20, 16 << 20] {
            let disk = disk_of(guest, size)?;
            for command in [
                "dd if=/dev/urandom of=/tmp/a bs=1M count=8 2>/dev/null",
                &format!("dd if=/tmp/a of=/dev/{disk} bs=64k conv=fsync 2>/dev/null"),
                "echo 3 >/proc/sys/vm/drop_caches",
                &format!("cmp -n 8388608 /tmp/a /dev/{disk}"),
            ] {
                guest.must(command, MINUTE)?;
            }
        }
        Ok(())
    })?;
    checks.check("what the driver wrote is in the flash file", || {
        let shown = flash(&lab.card, chip)?;
        for name in [PLAIN, CHAP, TWO, "operator"] {
            ensure!(shown.contains(name), "no {name} in {shown}");
        }
        ensure!(!shown.contains(SECRET), "a secret is shown");
        Ok(())
    })?;
    checks.check("power off and on: the targets are logged in again", || {
        let data = lab.guest.must("cat /root/sum", MINUTE)?;
        lab.reboot("")?;
        let guest = &mut lab.guest;
        disks(guest, 4)?;
        let disk = disk_of(guest, 64 << 20)?;
        guest.must(&format!("mount -t ext4 /dev/{disk} /mnt"), MINUTE)?;
        let again = guest.must("sha256sum /mnt/data", MINUTE)?;
        ensure!(again == data, "{again} is not {data}");
        Ok(())
    })?;
    checks.check(
        "a disk with a mounted file system is not taken away unasked",
        || {
            let guest = &mut lab.guest;
            let disk = disk_of(guest, 64 << 20)?;
            let sid = session_of(guest, &disk)?;
            let said = format!("({disk}) is mounted at /mnt (ext4)");
            for verb in [&format!("session logout {sid}"), "adapter reset host0"] {
                in_use(guest, verb, &said)?;
            }
            guest.must("test -s /mnt/data && umount /mnt", MINUTE).map(drop)
        },
    )
}

/// `hbactl` refuses this, says what stands on the disks, and what it would take.
pub(super) fn in_use(guest: &mut Guest, args: &str, what: &str) -> Result<()> {
    let said = guest.hbactl(args)?;
    ensure!(
        said.code == 1 && said.stderr.contains(what) && said.stderr.contains("--force"),
        "hbactl {args} ended with {}: {}{}",
        said.code,
        said.stdout,
        said.stderr
    );
    Ok(())
}

/// The session behind a disk.
pub(super) fn session_of(guest: &mut Guest, disk: &str) -> Result<u64> {
    let units = listed(guest, "lun list")?;
    let unit = units.iter().find(|unit| unit["block_device"] == disk);
    unit.and_then(|unit| unit["sid"].as_u64())
        .with_context(|| format!("no session has {disk}: {units:?}"))
}

/// The guest's kernel has nothing bad to say, but for what is `known` of its own reports.
pub(super) fn kernel_is_content(guest: &Guest, checks: &mut Checks, known: &[&str]) -> Result<()> {
    checks.check(
        "the driver lost no mailbox command and the kernel is content",
        || {
            let log = unknown(&guest.kernel_log(), known);
            for bad in [
                "Mailbox Cmd",
                "Oops",
                "BUG:",
                "invalid status entry",
                "Call Trace",
            ] {
                ensure!(!log.contains(bad), "the kernel says {bad:?}");
            }
            Ok(())
        },
    )
}

/// A kernel's log without those reports ("cut here" to "end trace") that have one of these words.
fn unknown(log: &str, known: &[&str]) -> String {
    let mut rest = log;
    let mut kept = String::new();
    while let Some((before, report)) = rest.split_once("[ cut here ]") {
        kept.push_str(before);
        let (report, after) = report.split_once("end trace").unwrap_or((report, ""));
        if !known.iter().any(|words| report.contains(words)) {
            kept.push_str(report);
        }
        rest = after;
    }
    kept + rest
}

/// Runs `hbactl` in the guest; it must succeed.
pub(super) fn good(guest: &mut Guest, args: &str) -> Result<String> {
    let said = guest.hbactl(args)?;
    ensure!(
        said.code == 0,
        "hbactl {args} ended with {}: {}{}",
        said.code,
        said.stdout,
        said.stderr
    );
    Ok(said.stdout)
}

/// The list that a command shows as JSON.
pub(super) fn listed(guest: &mut Guest, args: &str) -> Result<Vec<Value>> {
    let json: Value = serde_json::from_str(&good(guest, &format!("{args} -o json"))?)?;
    let list = json["data"].as_array();
    Ok(list
        .with_context(|| format!("hbactl {args}: no list in {json}"))?
        .clone())
}

/// Waits until the guest has so many disks.
pub(super) fn disks(guest: &mut Guest, count: usize) -> Result<()> {
    until(MINUTE, "the disks", || {
        let names = guest.must("ls /sys/block", MINUTE)?;
        Ok((names.matches("sd").count() == count).then_some(()))
    })
}

/// The disk of that size.
pub(super) fn disk_of(guest: &mut Guest, bytes: u64) -> Result<String> {
    let script = format!(
        "for d in /sys/block/sd*; do [ $(cat $d/size) = {} ] && echo ${{d##*/}}; done; true",
        bytes / 512
    );
    let name = guest.must(&script, MINUTE)?.trim().to_owned();
    ensure!(!name.is_empty(), "no disk of {bytes} bytes");
    Ok(name)
}

/// What `hbaemu flash show` says about the card.
fn flash(card: &Card, chip: &str) -> Result<String> {
    let out = Command::new(own_binary("hbaemu")?)
        .args(["flash", "show", "--json", "--chip", chip])
        .arg(&card.flash)
        .output()?;
    ensure!(
        out.status.success(),
        "hbaemu flash show: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::unknown;

    #[test]
    fn a_known_report_is_left_out_and_others_stay() {
        let log = "a\n[ cut here ]\nWARNING known\nCall Trace\nend trace 0\nb\n[ cut here ]\nBUG: other\nend trace 0\nc";
        let left = unknown(log, &["known"]);
        assert!(
            !left.contains("Call Trace") && left.contains("BUG: other"),
            "{left}"
        );
        assert!(
            left.starts_with("a\n") && left.ends_with('c') && left.contains("b\n"),
            "{left}"
        );
        assert!(unknown(log, &[]).contains("Call Trace"));
        assert!(unknown("a [ cut here ] BUG: cut off", &["known"]).contains("BUG:"));
    }
}
