//! Measurements against the peers, as ratios of one run.

mod adapter;
mod db;
mod emulator;
mod flash;
mod io;
mod offload;
mod path;
mod qemu;
mod sessions;
mod table;

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args as ClapArgs;

/// What to measure.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Which measurements (all of them when none is named): sessions, db, flash, emulator, io, path, offload, qemu
    names: Vec<String>,
    /// Runs of each program and size, taken in turn; the median counts
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=999))]
    runs: u16,
    /// Measure this hbactl instead of building one
    #[arg(long, value_name = "PATH")]
    hbactl: Option<PathBuf>,
    /// Measure this hbaemu instead of building one
    #[arg(long, value_name = "PATH")]
    hbaemu: Option<PathBuf>,
    /// Measure I/O at real-time priority, for a machine that has other work
    #[arg(long)]
    realtime: bool,
    /// Print the figures without failing when one is missed
    #[arg(long)]
    no_fail: bool,
}

type Measurement = fn(&Args) -> Result<table::Verdicts>;

const MEASUREMENTS: &[(&str, Measurement)] = &[
    ("sessions", sessions::run),
    ("db", db::run),
    ("flash", flash::run),
    ("emulator", emulator::run),
    ("io", io::run),
    ("path", path::run),
    ("offload", offload::run),
    ("qemu", qemu::run),
];

/// Runs the named measurements; fails when one missed a wanted figure.
pub(crate) fn run(args: &Args) -> Result<()> {
    let known = |name: &&String| MEASUREMENTS.iter().any(|(known, _)| known == name);
    if let Some(name) = args.names.iter().find(|name| !known(name)) {
        let names: Vec<_> = MEASUREMENTS.iter().map(|(name, _)| *name).collect();
        bail!(
            "there is no measurement named {name:?}; there is: {}",
            names.join(", ")
        );
    }
    let mut missed = Vec::new();
    for (name, measure) in MEASUREMENTS {
        if args.names.is_empty() || args.names.iter().any(|wanted| wanted == name) {
            missed.extend(measure(args)?.missed());
        }
    }
    if missed.is_empty() || args.no_fail {
        Ok(())
    } else {
        bail!("missed: {}", missed.join("; "))
    }
}
