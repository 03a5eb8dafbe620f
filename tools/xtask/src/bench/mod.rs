//! Measurements against the peers, as ratios of one run.

use clap::Args as ClapArgs;

/// What to measure.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Which measurements (all of them when none is named)
    names: Vec<String>,
}

/// Runs the named measurements.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if let Some(name) = args.names.first() {
        anyhow::bail!("there is no measurement named {name:?}");
    }
    Ok(())
}
