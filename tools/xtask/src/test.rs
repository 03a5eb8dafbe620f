//! `cargo xtask test`: everything that this machine can prove, and an honest list of the rest.

use std::fs;
use std::time::Instant;

use anyhow::{Result, bail, ensure};
use clap::Args as ClapArgs;

use crate::packages;
use crate::workspace::{cargo, must};
use crate::{deps, loc, qemu};

/// What to run.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Skip formatting, lints, documentation and the structure checks
    #[arg(long)]
    tests_only: bool,
    /// Only this lane: `qemu` is stock kernels on our PCI functions
    #[arg(long, value_parser = ["qemu"])]
    lane: Option<String>,
    /// Do not install missing packages; tests that need them are left out
    #[arg(long)]
    no_install: bool,
}

/// Runs the checks and the tests.
pub(crate) fn run(args: &Args) -> Result<()> {
    let begun = Instant::now();
    if !args.no_install {
        packages::install(packages::FOR_TESTS)?;
        packages::install(packages::FOR_QEMU)?;
    }
    if args.lane.is_some() {
        must(&mut cargo(&["build", "-p", "tools", "--bins", "--quiet"]))?;
        return match qemu::in_tests()? {
            None => Ok(()),
            Some(why) => bail!("the QEMU lane cannot run here: {why}"),
        };
    }
    if !args.tests_only {
        must(&mut cargo(&["fmt", "--all", "--check"]))?;
        deps::run()?;
        loc::run()?;
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
    must(&mut cargo(&["build", "--workspace", "--bins", "--quiet"]))?;
    must(cargo(&["test", "--workspace"]).env("HBA_LEFT_OUT", note.path()))?;
    let mut left_out = fs::read_to_string(note.path())?;
    if let Some(why) = qemu::in_tests()? {
        let strict = std::env::var_os("HBA_TEST_STRICT").is_some_and(|value| value == "1");
        ensure!(!strict, "the stock driver in QEMU cannot run here: {why}");
        left_out.push_str(&format!("left out: the stock driver in QEMU: {why}\n"));
    }
    println!("\nAll tests passed in {} s.", begun.elapsed().as_secs());
    if left_out.is_empty() {
        println!("Nothing was left out for want of a package or a privilege.");
    } else {
        print!("Left out on this machine:\n{left_out}");
    }
    Ok(())
}
