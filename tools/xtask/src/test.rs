//! `cargo xtask test`: everything that this machine can prove, and an honest list of the rest.

use std::fs;
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use clap::{Args as ClapArgs, ValueEnum};

use crate::packages;
use crate::workspace::{build_all_programs, build_lab, cargo, must};
use crate::{deps, features, loc, qemu, repeat};

/// A part of the tests that can be run by itself.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Lane {
    /// Everything
    Default,
    /// What meets other people's programs (tgt, open-iscsi, libiscsi), with their output and tgt's figures beside ours
    Peer,
    /// Stock kernels on our PCI functions
    Qemu,
}

/// What to run.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Skip formatting, lints, documentation and the structure checks
    #[arg(long)]
    tests_only: bool,
    /// Which part
    #[arg(long, value_enum, default_value = "default")]
    lane: Lane,
    /// Do not install missing packages; tests that need them are left out
    #[arg(long)]
    no_install: bool,
    #[command(flatten)]
    repeat: repeat::Args,
}

/// Runs the checks and the tests.
pub(crate) fn run(args: &Args) -> Result<()> {
    let begun = Instant::now();
    if !args.no_install {
        packages::install(packages::FOR_TESTS)?;
        packages::install(packages::FOR_QEMU)?;
    }
    match (args.lane, args.repeat.repeat) {
        (Lane::Default, None) => {}
        (Lane::Default, Some(rounds)) => return repeat::run(&args.repeat, rounds, &[]),
        (Lane::Peer, None) => return peer(),
        (Lane::Peer, Some(rounds)) => {
            return repeat::run(&args.repeat, rounds, &repeat::test_files("peer_")?);
        }
        (Lane::Qemu, rounds) => return in_qemu(&args.repeat, rounds.unwrap_or(1)),
    }
    let mut outside = Vec::new();
    if !args.tests_only {
        must(&mut cargo(&["fmt", "--all", "--check"]))?;
        outside = deps::in_tests()?;
        loc::run()?;
        features::check()?;
        must(&mut cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]))?;
        must(
            cargo(&[
                "doc",
                "--workspace",
                "--no-deps",
                "--document-private-items",
                "--quiet",
            ])
            .env("RUSTDOCFLAGS", "-D warnings"),
        )?;
    }
    let note = tempfile::NamedTempFile::new()?;
    build_all_programs()?;
    must(cargo(&["test", "--workspace", "--no-fail-fast"]).env("HBA_LEFT_OUT", note.path()))?;
    let mut left_out = fs::read_to_string(note.path())?;
    if let Some(why) = qemu::in_tests()? {
        let strict = std::env::var_os("HBA_TEST_STRICT").is_some_and(|value| value == "1");
        ensure!(!strict, "the stock driver in QEMU cannot run here: {why}");
        left_out.push_str(&format!("left out: the stock driver in QEMU: {why}\n"));
    }
    for line in outside {
        left_out.push_str(&line);
        left_out.push('\n');
    }
    println!("\nAll tests passed in {} s.", begun.elapsed().as_secs());
    if left_out.is_empty() {
        println!("Nothing was left out.");
    } else {
        print!("Left out on this machine:\n{left_out}");
    }
    Ok(())
}

/// The lane of the peers: what they print is part of the result.
fn peer() -> Result<()> {
    let names = repeat::test_files("peer_")?;
    build_all_programs()?;
    let mut args = vec!["test", "--package", "lab-tests"];
    args.extend(names.iter().flat_map(|name| ["--test", name]));
    args.extend(["--", "--nocapture"]);
    must(cargo(&args).env("HBA_LANE", "peer"))
}

/// The lane of the stock kernels, so many times.
fn in_qemu(conditions: &repeat::Args, rounds: u32) -> Result<()> {
    build_lab()?;
    let _load = conditions.conditions()?;
    for round in 1..=rounds {
        if let Some(why) = qemu::in_tests()? {
            bail!("the QEMU lane cannot run here: {why}");
        }
        if rounds > 1 {
            println!("round {round} of {rounds} passed");
        }
    }
    Ok(())
}
