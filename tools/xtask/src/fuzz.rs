//! `cargo xtask fuzz`: runs the fuzz targets for a while and keeps what they learn small.
//!
//! The bodies live in the crates (`iscsi::fuzz`, `iscsiuio::fuzz`, `hba::nodes::fuzz`, `scsi::fuzz`, `emu_pci::fuzz`), which replay the committed corpus in their own tests on any toolchain.
//! This task needs cargo-fuzz and a nightly toolchain, and says so when one is missing.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::Args as ClapArgs;

use crate::workspace::{cargo, must, root};

/// The targets, as `fuzz/Cargo.toml` names them.
const TARGETS: [&str; 14] = [
    "framing",
    "login_text",
    "initiator",
    "isns",
    "target",
    "scsi",
    "pci",
    "dhcp4",
    "dhcp6",
    "ra",
    "frames",
    "control",
    "helper",
    "records",
];
/// Longest input in bytes.
const MAX_LEN: u32 = 4096;
/// Longest file and most files of a committed corpus.
const KEEP: (u64, usize) = (1024, 160);

#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Run this target only
    #[arg(value_parser = TARGETS)]
    target: Option<String>,
    /// Minutes for each target
    #[arg(long, default_value_t = 5, value_name = "N")]
    minutes: u32,
    /// Afterwards, add the smallest inputs that reach new code to the committed corpus
    #[arg(long)]
    keep: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let fuzz = root().join("fuzz");
    ensure!(
        works("cargo", &["fuzz", "--version"]),
        "cargo-fuzz is missing: cargo install cargo-fuzz"
    );
    ensure!(
        works("rustc", &["+nightly", "--version"]),
        "a nightly toolchain is missing: rustup toolchain install nightly"
    );
    // cargo-fuzz knows no `--locked`; what is locked and at hand it builds.
    must(&mut cargo(&[
        "fetch",
        "--quiet",
        "--manifest-path",
        "fuzz/Cargo.toml",
    ]))?;
    for target in TARGETS {
        if args.target.as_deref().is_some_and(|only| only != target) {
            continue;
        }
        let (work, corpus) = (format!("work/{target}"), format!("corpus/{target}"));
        std::fs::create_dir_all(fuzz.join(&work)).with_context(|| work.clone())?;
        must(cargo_fuzz(&fuzz, "run", target).args([&work, &corpus]).args([
            "--".to_owned(),
            format!("-max_total_time={}", args.minutes.saturating_mul(60)),
            format!("-max_len={MAX_LEN}"),
            "-rss_limit_mb=1024".to_owned(),
            "-timeout=10".to_owned(),
            "-print_final_stats=1".to_owned(),
        ]))?;
        if args.keep {
            keep(&fuzz, target, &work, &corpus)?;
        }
    }
    Ok(())
}

/// Minimises what was learnt and copies the small ones.
fn keep(fuzz: &Path, target: &str, work: &str, corpus: &str) -> Result<()> {
    must(cargo_fuzz(fuzz, "cmin", target).arg(work))?;
    let mut found = Vec::new();
    for entry in std::fs::read_dir(fuzz.join(work))? {
        let entry = entry?;
        found.push((entry.metadata()?.len(), entry.path()));
    }
    found.sort();
    let there = std::fs::read_dir(fuzz.join(corpus))?.count();
    let small = found.iter().filter(|(len, _)| *len <= KEEP.0);
    for (_, path) in small.take(KEEP.1.saturating_sub(there)) {
        let Some(name) = path.file_name() else {
            bail!("{} has no name", path.display())
        };
        std::fs::copy(path, fuzz.join(corpus).join(name))?;
    }
    Ok(())
}

fn cargo_fuzz(fuzz: &Path, verb: &str, target: &str) -> Command {
    let mut command = Command::new("cargo");
    command
        .args(["+nightly", "fuzz", verb, "--fuzz-dir"])
        .arg(fuzz)
        .arg(target)
        .current_dir(fuzz)
        .env_remove("RUSTUP_TOOLCHAIN");
    command
}

fn works(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .env_remove("RUSTUP_TOOLCHAIN")
        .output()
        .is_ok_and(|output| output.status.success())
}
