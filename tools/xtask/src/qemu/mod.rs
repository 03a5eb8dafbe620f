//! `cargo xtask qemu`: stock kernels with their own qla4xxx on our PCI functions, one line per check.
//!
//! Owns the choice of kernels and the logs. What is checked stands in the modules below. The first run makes a private QEMU root (a
//! minute, 300 MB); kernels are fetched once each.

mod boot;
mod checks;
mod disks;
mod equality;
mod faults;
mod load;
mod multipath;
mod road;
mod stock;
mod truth;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args as ClapArgs;
use lab_tests::qemu::{Cache, unavailable};

use crate::packages;
use crate::workspace::build_lab;
use checks::Checks;

/// What to run.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Kernel series of the distribution; repeatable
    #[arg(long = "kernel", value_name = "SERIES", default_values = ["6.1", "6.12", "7"])]
    kernels: Vec<String>,
    /// Leave out the disks of tgt, the faults under load and the boot modes (they take ten minutes a kernel)
    #[arg(long)]
    quick: bool,
    /// How long the verifying load on tgt's disks runs
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    load: u64,
    /// Only the equality script: in the guest and on the emulated kernel, compared
    #[arg(long)]
    equality: bool,
    /// Only a card prepared outside of the guest: flash from both sides, both boot modes, the stock open-iscsi beside hbactl
    #[arg(long, conflicts_with = "equality")]
    boot: bool,
    /// Only two ports, two portals of an array and dm-multipath over both, with paths pulled under load
    #[arg(long, conflicts_with_all = ["equality", "boot"])]
    multipath: bool,
    /// The chip
    #[arg(long, default_value = "isp4032", value_parser = ["isp4022", "isp4032"])]
    chip: String,
    /// Where logs are kept; a temporary directory, kept only on failure, when left out
    #[arg(long, value_name = "DIR")]
    logs: Option<PathBuf>,
}

/// How much of the lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// From an empty card to disks, and a power cycle.
    Road,
    /// That, disks of tgt with a load of so many seconds, faults under load, and both boot modes.
    All {
        /// Seconds.
        load: u64,
    },
    /// The lane of the tests: the road, and the equality script.
    Tests,
    /// The equality script.
    Equality,
    /// A card prepared outside, both boot modes, the stock open-iscsi.
    Boot,
    /// Two paths to one disk, and dm-multipath.
    Multipath,
}

/// Runs the lane.
pub(crate) fn run(args: &Args) -> Result<()> {
    packages::install(packages::FOR_QEMU)?;
    if let Some(why) = unavailable() {
        bail!("the QEMU lane cannot run here: {why}");
    }
    build_lab()?;
    let what = match (args.equality, args.quick) {
        _ if args.boot => What::Boot,
        _ if args.multipath => What::Multipath,
        (true, _) => What::Equality,
        (false, true) => What::Road,
        (false, false) => What::All { load: args.load },
    };
    if matches!(what, What::All { .. }) {
        packages::install(&[packages::TGT])?;
    }
    if matches!(what, What::All { .. } | What::Boot) {
        packages::install(&[packages::OPEN_ISCSI])?;
    }
    let passed = kernels(&args.kernels, &args.chip, what, args.logs.as_deref())?;
    println!("{passed} checks passed on {} kernels", args.kernels.len());
    Ok(())
}

/// The part that belongs to the tests: one kernel's road to its disks, and the equality script. Why it had to be left out, or `None`.
pub(crate) fn in_tests() -> Result<Option<String>> {
    if let Some(why) = unavailable() {
        return Ok(Some(why));
    }
    let series = "6.1";
    match Cache::open().and_then(|cache| cache.kernel(series)) {
        Err(error) => Ok(Some(format!("{error:#}"))),
        Ok(_) => {
            kernels(&[series.to_owned()], "isp4032", What::Tests, None)?;
            Ok(None)
        }
    }
}

/// Runs the checks on each kernel; how many passed.
pub(crate) fn kernels(series: &[String], chip: &str, what: What, logs: Option<&Path>) -> Result<usize> {
    let cache = Cache::open().context("no private QEMU")?;
    let mut checks = Checks::default();
    for series in series {
        let kernel = cache
            .kernel(series)
            .with_context(|| format!("no kernel {series}"))?;
        let temporary = tempfile::Builder::new().prefix("hbaq").tempdir()?;
        let dir = match logs {
            Some(logs) => {
                let dir = logs.join(&kernel.release);
                if dir.exists() {
                    // A card's flash of an earlier run would log in to targets that are gone.
                    std::fs::remove_dir_all(&dir)?;
                }
                std::fs::create_dir_all(&dir)?;
                dir
            }
            None => temporary.path().to_path_buf(),
        };
        checks.kernel(&kernel.release);
        let all = |checks: &mut Checks| {
            match what {
                What::Equality => return equality::walk(&cache, &kernel, chip, &dir, checks),
                What::Boot => return boot::walk(&cache, &kernel, chip, &dir, checks),
                What::Multipath => return multipath::walk(&cache, &kernel, chip, &dir, checks),
                _ => {}
            }
            let mut lab = checks.check("the kernel boots in QEMU", || {
                road::Lab::start(&cache, &kernel, chip, &dir, matches!(what, What::All { .. }))
            })?;
            road::walk(&mut lab, checks)?;
            if let What::All { load } = what {
                let mut peer = disks::walk(&mut lab, checks, load)?;
                faults::walk(&mut lab, &mut peer, checks)?;
                peer.remove(&mut lab)?;
            }
            road::kernel_is_content(&lab.guest, checks, &[])?;
            lab.guest.power_off()?;
            drop(lab);
            if matches!(what, What::All { .. }) {
                multipath::walk(&cache, &kernel, chip, &dir, checks)?;
                boot::walk(&cache, &kernel, chip, &dir, checks)?;
            }
            if what != What::Road {
                equality::walk(&cache, &kernel, chip, &dir, checks)?;
            }
            Ok(())
        };
        if let Err(error) = all(&mut checks) {
            let kept = match logs {
                Some(_) => dir,
                None => temporary.keep(),
            };
            return Err(error.context(format!("logs are in {}", kept.display())));
        }
    }
    Ok(checks.passed())
}
