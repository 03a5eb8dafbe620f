//! `cargo xtask test`: everything that this machine can prove, and an honest list of the rest.

use std::fs;
use std::time::Instant;

use anyhow::Result;
use clap::Args as ClapArgs;

use crate::packages;
use crate::workspace::{cargo, must};
use crate::{deps, loc};

/// What to run.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Skip formatting, lints, documentation and the structure checks
    #[arg(long)]
    tests_only: bool,
    /// Do not install missing packages; tests that need them are left out
    #[arg(long)]
    no_install: bool,
}

/// Runs the checks and the tests.
pub(crate) fn run(args: &Args) -> Result<()> {
    let begun = Instant::now();
    if !args.no_install {
        packages::install(packages::FOR_TESTS)?;
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
    let left_out = fs::read_to_string(note.path())?;
    println!("\nAll tests passed in {} s.", begun.elapsed().as_secs());
    if left_out.is_empty() {
        println!("Nothing was left out for want of a package or a privilege.");
    } else {
        print!("Left out on this machine:\n{left_out}");
    }
    for (what, why) in NOT_HERE {
        println!("Not part of this run: {what}: {why}");
    }
    Ok(())
}

/// What no machine of this run covers.
const NOT_HERE: &[(&str, &str)] = &[("the stock qla4xxx driver in QEMU", "cargo xtask qemu runs it")];
