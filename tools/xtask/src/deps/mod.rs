//! `cargo xtask deps`: what the crates stand on.
//!
//! Owns which findings fail: arrows between crates, dependencies without a use, licences, versions that stand twice and the two lock
//! files are this repository's own and always fail. Versions taken back and advisories come from outside and change by themselves:
//! here they fail, the test command only tells of them.

mod advisories;
mod arrows;
mod licences;
mod lock;
mod twice;
mod unused;
mod yanked;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args as ClapArgs;

use lock::Lock;

/// What to check against.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// A checkout of an advisory database in RustSec's format; else the one that cargo-audit keeps in cargo's home, when it is there
    #[arg(long, value_name = "DIR")]
    advisories: Option<PathBuf>,
    /// Do not ask the registry which versions were taken back since cargo last looked
    #[arg(long)]
    offline: bool,
}

/// What comes from outside.
#[derive(Default)]
struct Outside {
    /// What should be dealt with.
    found: Vec<String>,
    /// What could not be looked at, and why.
    left_out: Vec<String>,
}

/// Checks everything, and fails on anything.
pub(crate) fn run(args: &Args) -> Result<()> {
    let locks = within()?;
    if !args.offline
        && let Err(why) = yanked::refresh()
    {
        println!("deps: the registry was not asked ({why:#}); what cargo knew before counts");
    }
    let outside = outside(&locks, args.advisories.clone())?;
    for line in &outside.left_out {
        println!("deps: {line}");
    }
    if !outside.found.is_empty() {
        bail!("{}", outside.found.join("\n"));
    }
    Ok(())
}

/// The part of the test command: what is ours fails, the rest becomes lines of its closing list. Asks no registry.
pub(crate) fn in_tests() -> Result<Vec<String>> {
    let outside = outside(&within()?, None)?;
    let mut lines = outside.found;
    lines.extend(
        outside
            .left_out
            .into_iter()
            .map(|line| format!("left out: {line}")),
    );
    Ok(lines)
}

/// What this repository decides by itself.
fn within() -> Result<Vec<Lock>> {
    arrows::check()?;
    unused::check()?;
    licences::check()?;
    let locks = lock::check()?;
    locks.first().map_or(Ok(()), twice::check)?;
    Ok(locks)
}

fn outside(locks: &[Lock], database: Option<PathBuf>) -> Result<Outside> {
    let mut outside = Outside::default();
    yanked::check(locks, &mut outside)?;
    advisories::check(locks, database, &mut outside)?;
    Ok(outside)
}
