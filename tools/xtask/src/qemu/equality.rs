//! The equality script in a stock kernel and on the emulated kernel: two transcripts, one comparison.
//!
//! Owns the two runs. What is normalised and compared stands in [`lab_tests::equality`].

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::equality::{compare, known};
use lab_tests::lab;
use lab_tests::process::own_binary;
use lab_tests::qemu::{Cache, Card, Guest, Initramfs, Kernel};
use lab_tests::target::Target;

use super::checks::Checks;
use super::road::MODULES;

const IQN: &str = "iqn.2026-11.org.example:disk";
const LUNS: &[&str] = &["--lun", "16M", "--lun", "8M"];
/// The script has 200 commands; each is a new process under TCG.
const LIMIT: Duration = Duration::from_secs(900);

/// Runs the script on both and compares. The transcripts are left in `dir`.
pub(super) fn walk(
    cache: &Cache,
    kernel: &Kernel,
    chip: &str,
    dir: &Path,
    checks: &mut Checks,
) -> Result<()> {
    let dir = dir.join("equality");
    std::fs::create_dir_all(&dir)?;
    let beside = dir.join("emulated");
    std::fs::create_dir_all(&beside)?;
    let (stock, emulated) = std::thread::scope(|scope| {
        let emulated = scope.spawn(|| on_emulated(chip, &beside));
        let stock = checks.check("the equality script runs in the guest", || {
            in_guest(cache, kernel, chip, &dir)
        })?;
        let emulated = checks.check("the equality script runs on the emulated kernel", || {
            emulated
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("the run panicked")))
        })?;
        anyhow::Ok((stock, emulated))
    })?;
    std::fs::write(dir.join("stock.txt"), &stock)?;
    std::fs::write(dir.join("emulated.txt"), &emulated)?;
    checks.check("the two transcripts are equal but for known differences", || {
        let found = compare(&emulated, &stock, &kernel.release, &known()?);
        std::fs::write(dir.join("unknown.txt"), found.unknown.join("\n") + "\n")?;
        found
            .accept()
            .with_context(|| format!("compare emulated.txt and stock.txt in {}", dir.display()))
    })
}

fn in_guest(cache: &Cache, kernel: &Kernel, chip: &str, dir: &Path) -> Result<String> {
    let mut image = Initramfs::new(cache, kernel, MODULES)?;
    image.program(&own_binary("hbactl")?, "/bin/hbactl")?;
    image.program(&own_binary("equality")?, "/bin/equality")?;
    let modules = image.modules.clone();
    let initramfs = dir.join("initramfs");
    image.write(&initramfs)?;
    let target = Target::start(dir, IQN, LUNS)?;
    let card = Card::start(dir, chip, 2)?;
    let mut guest = Guest::boot(cache, kernel, &initramfs, dir, &card.sockets)?;
    guest.load(&modules, "")?;
    let portal = target.portal();
    let transcript = guest.must(&format!("equality host /bin/hbactl {portal} {IQN}"), LIMIT)?;
    guest.power_off()?;
    Ok(transcript)
}

fn on_emulated(chip: &str, dir: &Path) -> Result<String> {
    let lab = lab::Lab::start(&["--ports", "2", "--chip", chip, "--first-host", "0"])?;
    let target = Target::start(dir, IQN, LUNS)?;
    let out = Command::new(own_binary("equality")?)
        .arg(lab.endpoint())
        .arg(own_binary("hbactl")?)
        .arg(target.portal().to_string())
        .arg(IQN)
        .output()?;
    ensure!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}
