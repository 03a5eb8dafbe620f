//! A card that was prepared outside of the guest, in both boot modes of the driver, and the flash read from both sides.
//!
//! Owns the order of the checks and the guest. What is compared stands in [`truth`] and [`stock`].
//! Source: `ql4_os.c`, `ql4xdisablesysfsboot` (`qla4xxx_build_ddb_list`, `qla4xxx_sysfs_ddb_export`, `qla4xxx_setup_boot_info`).

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use lab_tests::process::{own_binary, until};
use lab_tests::qemu::{Cache, Card, Guest, Initramfs, Kernel};
use lab_tests::target::Target;

use super::checks::Checks;
use super::road::{MINUTE, good, kernel_is_content, listed};
use super::{stock, truth};

/// The card's hosts are not the first ones: the stock iscsiadm does not find host number 0. AHCI brings six.
const MODULES: &[&str] = &["ahci", "qla4xxx", "sd_mod", "sg"];
/// What the guest calls the card's two ports.
pub(super) const HOSTS: [&str; 2] = ["host6", "host7"];
/// Targets: without CHAP, with CHAP, with two logical units.
pub(super) const PLAIN: &str = "iqn.2026-11.org.example:plain";
pub(super) const CHAP: &str = "iqn.2026-11.org.example:chap";
pub(super) const TWO: &str = "iqn.2026-11.org.example:two";
/// The account of the second target.
pub(super) const USER: &str = "operator";
pub(super) const SECRET: &str = "correct-horse-12";

/// The guest and what it depends on.
pub(super) struct Scene<'a> {
    cache: &'a Cache,
    kernel: &'a Kernel,
    dir: PathBuf,
    initramfs: PathBuf,
    modules: Vec<String>,
    /// The chip.
    pub(super) chip: &'a str,
    /// The card.
    pub(super) card: Card,
    /// The guest.
    pub(super) guest: Guest,
    _targets: [Target; 3],
}

impl Scene<'_> {
    fn reboot(&mut self, parameters: &str) -> Result<()> {
        self.guest.power_off()?;
        self.guest = Guest::boot(
            self.cache,
            self.kernel,
            &self.initramfs,
            &self.dir,
            &self.card.sockets,
        )?;
        self.guest.load(&self.modules, parameters)
    }
}

/// Walks through it, with a card of its own in `dir`.
pub(super) fn walk(
    cache: &Cache,
    kernel: &Kernel,
    chip: &str,
    dir: &Path,
    checks: &mut Checks,
) -> Result<()> {
    let dir = dir.join("boot");
    std::fs::create_dir_all(&dir)?;
    let (targets, prepared) = checks.check(
        "a card is prepared outside: emulated kernel, flash dump and load",
        || {
            let targets = targets(&dir)?;
            let portals = [&targets[0], &targets[1], &targets[2]].map(Target::portal);
            let prepared = truth::prepare(chip, &dir, portals)?;
            Ok((targets, prepared))
        },
    )?;
    let mut scene = checks.check(
        "ql4xdisablesysfsboot=1: the driver logs in during its probe",
        || {
            let mut scene = start(cache, kernel, chip, dir, targets)?;
            scene.guest.load(&scene.modules, "ql4xdisablesysfsboot=1")?;
            logged_in(&mut scene.guest, &[CHAP, PLAIN, TWO])?;
            let exported = scene.guest.must("ls /sys/firmware", MINUTE)?;
            ensure!(!exported.contains("iscsi_boot"), "exported too: {exported}");
            Ok(scene)
        },
    )?;
    truth::driver_reads(&mut scene, &prepared, checks);
    stock::walk(&mut scene, checks);
    truth::driver_writes(&mut scene, &prepared, checks);
    checks.verdict()?;
    checks.check(
        "ql4xdisablesysfsboot=0: exported to user space, not logged in",
        || {
            scene.reboot("ql4xdisablesysfsboot=0")?;
            let guest = &mut scene.guest;
            logged_in(guest, &[CHAP])?;
            let shown = listed(guest, &format!("boot show -a {}", HOSTS[0]))?;
            let exported = shown[0]["targets"].to_string();
            for (slot, target) in ["target0", "target1"].iter().zip([PLAIN, TWO]) {
                ensure!(exported.contains(target), "hbactl boot show: {}", shown[0]);
                let path = format!("/sys/firmware/iscsi_boot6/{slot}/target-name");
                let name = guest.must(&format!("cat {path}"), MINUTE)?;
                ensure!(name.trim() == target, "{path} is {name:?}");
            }
            Ok(())
        },
    )?;
    checks.check("the stock iscsiadm finds the exported boot targets", || {
        stock::firmware(&mut scene)
    })?;
    checks.check(
        "user space logs in to the boot targets: sessions and disks",
        || {
            let guest = &mut scene.guest;
            let nodes = listed(guest, &format!("flash list -a {}", HOSTS[0]))?;
            for target in [PLAIN, TWO] {
                let node = nodes.iter().find(|node| node["target_name"] == target);
                let index = node.and_then(|node| node["index"].as_u64());
                let index = index.with_context(|| format!("no flash target {target} in {nodes:?}"))?;
                good(guest, &format!("flash login {index} -a {}", HOSTS[0]))?;
            }
            logged_in(guest, &[CHAP, PLAIN, TWO])?;
            super::road::disks(guest, 4)
        },
    )?;
    kernel_is_content(&scene.guest, checks, &[])?;
    scene.guest.power_off()
}

fn targets(dir: &Path) -> Result<[Target; 3]> {
    let accounts = dir.join("accounts");
    std::fs::write(&accounts, format!("{USER}:{SECRET}\n"))?;
    let accounts = accounts.to_string_lossy().into_owned();
    Ok([
        Target::start(dir, PLAIN, &["--lun", "64M"])?,
        Target::start(dir, CHAP, &["--lun", "96M", "--chap-file", &accounts])?,
        Target::start(dir, TWO, &["--lun", "16M", "--lun", "32M"])?,
    ])
}

fn start<'a>(
    cache: &'a Cache,
    kernel: &'a Kernel,
    chip: &'a str,
    dir: PathBuf,
    targets: [Target; 3],
) -> Result<Scene<'a>> {
    let mut image = Initramfs::new(cache, kernel, MODULES)?;
    image.program(&own_binary("hbactl")?, "/bin/hbactl")?;
    stock::install(&mut image)?;
    image.file("root/secret", 0o600, SECRET.into());
    let modules = image.modules.clone();
    let initramfs = dir.join("initramfs");
    image.write(&initramfs)?;
    let card = Card::start(&dir, chip, HOSTS.len())?;
    let guest = Guest::boot(cache, kernel, &initramfs, &dir, &card.sockets)?;
    Ok(Scene {
        cache,
        kernel,
        dir,
        initramfs,
        modules,
        chip,
        card,
        guest,
        _targets: targets,
    })
}

/// Waits until just these targets are logged in.
fn logged_in(guest: &mut Guest, targets: &[&str]) -> Result<()> {
    until(MINUTE, &format!("sessions with {targets:?}"), || {
        let sessions = listed(guest, "session list")?;
        let mut up: Vec<&str> = sessions
            .iter()
            .filter(|session| session["state"] == "LOGGED_IN")
            .filter_map(|session| session["target_name"].as_str())
            .collect();
        up.sort_unstable();
        Ok((up == targets).then_some(()))
    })
}
