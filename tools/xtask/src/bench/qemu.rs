//! The card in a virtual machine: how long the driver takes to start, and its disks against the guest's own iSCSI initiator.
//!
//! One guest without KVM has both: a disk through the stock qla4xxx and our card, and the same logical unit through its iscsi_tcp
//! and QEMU's user networking. fio runs on them in turn. Latency of mailbox commands is that of reading `fw_state`, behind which
//! the driver asks the firmware (`ql4_attr.c` `qla4xxx_fw_state_show`).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use lab_tests::need::find_tool;
use lab_tests::process::{own_binary, until};
use lab_tests::qemu::{Cache, Card, Guest, Initramfs, Kernel, unavailable};
use lab_tests::target::Target;
use serde_json::Value;

use super::Args;
use super::adapter::hbaemu;
use super::table::{Verdicts, Wanted, median};
use crate::workspace::build_lab;

const SERIES: &str = "6.1";
const IQN: &str = "iqn.2026-11.org.example:bench";
const INITIATOR: &str = "iqn.2026-11.org.example:guest";
/// What drives our card, and what the peer needs.
const OURS: &[&str] = &["sd_mod", "qla4xxx"];
const PEER: &[&str] = &[
    "crc32c_generic",
    "crc32c",
    "virtio_pci",
    "virtio_net",
    "iscsi_tcp",
];
/// The host as QEMU's user networking shows it.
const HOST: &str = "10.0.2.2";
const NETWORK: &[&str] = &["-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0"];
const MINUTE: Duration = Duration::from_secs(60);
/// Seconds of one fio run.
const SECONDS: u32 = 5;
/// Commands of the latency measurement.
const COMMANDS: u32 = 1500;
/// The most one may take; a lost one takes a minute.
const WORST_MS: f64 = 1000.0;

/// What is measured on both disks: a name, fio's mode, block size and depth.
const PATTERNS: [(&str, &str, &str, u32); 4] = [
    ("sequential read, 256 KiB, depth 8", "read", "256k", 8),
    ("sequential write, 256 KiB, depth 8", "write", "256k", 8),
    ("random read, 4 KiB, depth 32", "randread", "4k", 32),
    ("random write, 4 KiB, depth 32", "randwrite", "4k", 32),
];

struct Bench {
    cache: Cache,
    kernel: Kernel,
    dir: tempfile::TempDir,
    initramfs: PathBuf,
    modules: Vec<String>,
    card: Card,
    target: Target,
}

/// Runs the measurement.
pub(super) fn run(args: &Args) -> Result<Verdicts> {
    let mut verdicts = Verdicts::default();
    if let Some(reason) = unavailable() {
        println!("left out: bench qemu: {reason}");
        return Ok(verdicts);
    }
    let Some(iscsistart) = find_tool("iscsistart") else {
        println!("left out: bench qemu: iscsistart is missing (package open-iscsi)");
        return Ok(verdicts);
    };
    build_lab()?;
    let bench = Bench::prepare(&hbaemu(args)?, &iscsistart)?;
    bench.set_up()?;
    let mut guest = bench.start(&mut verdicts)?;
    bench.throughput(&mut guest, &mut verdicts)?;
    latency(&mut guest, &mut verdicts)?;
    guest.power_off()?;
    Ok(verdicts)
}

impl Bench {
    fn prepare(hbaemu: &Path, iscsistart: &Path) -> Result<Self> {
        let cache = Cache::open()?;
        let kernel = cache.kernel(SERIES)?;
        let dir = tempfile::Builder::new().prefix("hba-bench-").tempdir()?;
        let wanted: Vec<&str> = OURS.iter().chain(PEER).copied().collect();
        let mut image = Initramfs::new(&cache, &kernel, &wanted)?;
        image.program(&own_binary("hbactl")?, "/bin/hbactl")?;
        image.program(&own_binary("read_times")?, "/bin/read_times")?;
        image.program(iscsistart, "/bin/iscsistart")?;
        image.package_program(&cache, "fio", "usr/bin/fio", "/bin/fio")?;
        let initramfs = dir.path().join("initramfs");
        image.write(&initramfs)?;
        let target = Target::start_as(hbaemu, dir.path(), IQN, &["--lun", "256M"])?;
        let card = Card::start_as(hbaemu, dir.path(), "isp4032", 2)?;
        Ok(Self {
            modules: image.modules,
            cache,
            kernel,
            dir,
            initramfs,
            card,
            target,
        })
    }

    fn boot(&self) -> Result<Guest> {
        let (dir, sockets) = (self.dir.path(), &self.card.sockets);
        Guest::boot_with(&self.cache, &self.kernel, &self.initramfs, dir, sockets, NETWORK)
    }

    /// Writes the target into the card's flash, as somebody would do once.
    fn set_up(&self) -> Result<()> {
        let mut guest = self.boot()?;
        guest.load(&self.modules, "")?;
        for command in [
            "iface set ipv4 -a host0 ipaddress=127.0.0.21 subnet=255.0.0.0".to_owned(),
            "iface apply -a host0".to_owned(),
            format!(
                "flash add -a host0 --target {IQN} --portal {}",
                self.target.portal()
            ),
        ] {
            let said = guest.hbactl(&command)?;
            ensure!(said.code == 0, "hbactl {command}: {}{}", said.stdout, said.stderr);
        }
        guest.power_off()
    }

    /// Boots with the target in flash: how long until there is a disk, and where the time goes.
    fn start(&self, verdicts: &mut Verdicts) -> Result<Guest> {
        let before = fs::read_to_string(&self.card.log)?.len();
        let begun = Instant::now();
        let mut guest = self.boot()?;
        let booted = begun.elapsed();
        guest.load(&self.modules, "")?;
        until(2 * MINUTE, "the first disk", || {
            Ok((guest.run("test -e /sys/block/sda", MINUTE)?.code == 0).then_some(()))
        })?;
        let disk = begun.elapsed();
        let probe = probe_time(&guest.kernel_log());
        let log = fs::read_to_string(&self.card.log)?;
        let eeprom = eeprom_times(log.get(before..).unwrap_or_default());
        ensure!(!eeprom.is_empty(), "the card's log tells of no EEPROM");
        let (accesses, millis) = eeprom
            .iter()
            .fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
        let probe = probe.unwrap_or_else(|| disk.saturating_sub(booted));
        Verdicts::heading_of("start, both ports, target in flash", &["of", "part"]);
        verdicts.figure(
            "of probing: reading the EEPROM pin by pin",
            &seconds(probe),
            &seconds(Duration::from_millis(millis)),
            millis as f64 / 1000.0 / probe.as_secs_f64(),
            Wanted::Shown,
        );
        verdicts.figure(
            "microseconds an EEPROM access (QEMU, socket, card)",
            &accesses.to_string(),
            &seconds(Duration::from_millis(millis)),
            millis as f64 * 1000.0 / accesses.max(1) as f64,
            Wanted::Shown,
        );
        verdicts.figure(
            "of the time to the first disk: probing",
            &seconds(disk),
            &seconds(probe),
            probe.as_secs_f64() / disk.as_secs_f64(),
            Wanted::Shown,
        );
        Ok(guest)
    }

    /// The same logical unit on both roads, in turn.
    fn throughput(&self, guest: &mut Guest, verdicts: &mut Verdicts) -> Result<()> {
        let port = self.target.portal().port();
        for command in [
            "ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up".to_owned(),
            format!("iscsistart -i {INITIATOR} -t {IQN} -g 1 -a {HOST} -p {port} >&2"),
        ] {
            guest.must(&command, MINUTE)?;
        }
        until(MINUTE, "the peer's disk", || {
            Ok((guest.run("test -e /sys/block/sdb", MINUTE)?.code == 0).then_some(()))
        })?;
        Verdicts::heading_of(
            "disks: iscsi_tcp through user networking, qla4xxx and our card",
            &["peer", "ours"],
        );
        for (what, mode, size, depth) in PATTERNS {
            let mut all = [Vec::new(), Vec::new()];
            for _ in 0..3 {
                for (taken, disk) in all.iter_mut().zip(["sdb", "sda"]) {
                    taken.push(fio(guest, disk, mode, size, depth)?);
                }
            }
            let [peer, ours] = all.map(|taken| median(taken).unwrap_or(0.0));
            verdicts.figure(
                &format!("times the throughput: {what}"),
                &mib(peer),
                &mib(ours),
                ours / peer,
                Wanted::AtLeast(1.0),
            );
        }
        Ok(())
    }
}

/// Mailbox commands while the guest's processors have no time for them.
fn latency(guest: &mut Guest, verdicts: &mut Verdicts) -> Result<()> {
    let state = "/sys/class/scsi_host/host0/fw_state";
    guest.must(&format!("cat {state}"), MINUTE)?;
    guest.must(
        "for n in 1 2; do (while [ ! -e /tmp/stop ]; do :; done) & done >/dev/null 2>&1",
        MINUTE,
    )?;
    let said = guest.must(&format!("read_times {state} {COMMANDS}"), 10 * MINUTE)?;
    guest.must("touch /tmp/stop", MINUTE)?;
    let mut times: Vec<f64> = said
        .lines()
        .map_while(|line| line.parse::<f64>().ok())
        .map(|micros| micros / 1000.0)
        .collect();
    ensure!(
        times.len() == COMMANDS as usize,
        "{} of {COMMANDS} commands",
        times.len()
    );
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    Verdicts::heading_of(
        "1500 mailbox commands, both processors loaded",
        &["median", "99 %"],
    );
    verdicts.figure(
        "milliseconds of the worst",
        &format!("{:.1} ms", at(0.5)),
        &format!("{:.1} ms", at(0.99)),
        at(1.0),
        Wanted::AtMost(WORST_MS),
    );
    let lost = guest.kernel_log().matches("Mailbox Cmd").count();
    verdicts.figure("commands lost", "", "", lost as f64, Wanted::AtMost(0.0));
    Ok(())
}

/// What a disk moves, in MiB a second.
fn fio(guest: &mut Guest, disk: &str, mode: &str, size: &str, depth: u32) -> Result<f64> {
    let report = guest.must(
        &format!(
            "fio --output-format=json --thread --name=x --filename=/dev/{disk} --direct=1 --ioengine=libaio --rw={mode} \
             --bs={size} --iodepth={depth} --time_based --ramp_time=1 --runtime={SECONDS}"
        ),
        2 * MINUTE,
    )?;
    let report: Value =
        serde_json::from_str(report.get(report.find('{').unwrap_or(0)..).unwrap_or_default())?;
    let job = &report["jobs"][0];
    ensure!(job["error"] == 0, "fio on {disk}: {}", job["error"]);
    let side = if mode.ends_with("read") { "read" } else { "write" };
    let rate = job[side]["bw_bytes"]
        .as_f64()
        .context("fio reports no bandwidth")?;
    Ok(rate / f64::from(1u32 << 20))
}

/// How long the driver's probing of both functions took by the guest's clock at the last boot: from its first line to its last.
fn probe_time(log: &str) -> Option<Duration> {
    let at = |line: &str| -> Option<f64> {
        let stamp = line.trim_start().strip_prefix('[')?.split(']').next()?;
        stamp.trim().parse().ok()
    };
    let log = log.get(log.rfind("] Linux version")?..)?;
    let first = log.lines().find(|line| line.contains("Configuring PCI"))?;
    let last = log
        .lines()
        .rfind(|line| line.contains("QLogic iSCSI HBA Driver version"))?;
    Duration::try_from_secs_f64(at(last)? - at(first)?).ok()
}

/// Accesses and milliseconds of each time the EEPROM was read, from the card's log.
fn eeprom_times(log: &str) -> Vec<(u64, u64)> {
    let number = |line: &str, name: &str| -> Option<u64> {
        let rest = line.split(name).nth(1)?;
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    };
    log.lines()
        .filter(|line| line.contains("EEPROM read"))
        .filter_map(|line| Some((number(line, "accesses=")?, number(line, " ms=")?)))
        .collect()
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

fn mib(rate: f64) -> String {
    format!("{rate:.1} MiB/s")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cards_log_tells_of_the_eeprom() {
        let log = "x DEBUG y: EEPROM read port=0 accesses=79000 ms=1512\nother\nEEPROM read port=1 accesses=3 ms=0\n";
        assert_eq!(eeprom_times(log), [(79_000, 1512), (3, 0)]);
    }

    #[test]
    fn probing_lasts_from_its_first_line_to_its_last() {
        let log = "[    0.5] qla4xxx 0000:00:05.1: Configuring PCI space...\n[    0.000000] Linux version 6.1\n\
                   [    1.500000] qla4xxx 0000:00:05.1: Configuring PCI space...\n[    2.0] x\n\
                   [    9.750000]  QLogic iSCSI HBA Driver version: 5.04.00-k6\n";
        assert_eq!(probe_time(log), Some(Duration::from_millis(8250)));
        assert_eq!(probe_time("nothing"), None);
    }
}
