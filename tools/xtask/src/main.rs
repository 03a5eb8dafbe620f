//! Tasks around the build: `cargo xtask help` lists them.

#![expect(clippy::print_stdout, reason = "a task talks to whoever runs it")]

mod bench;
mod built;
mod child;
mod demo;
mod deps;
mod dist;
mod features;
mod fuzz;
mod loc;
mod packages;
mod qemu;
mod reference;
mod repeat;
mod soak;
mod test;
mod workspace;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Build, test, demonstrate and measure",
    max_term_width = 110
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every test that this machine can run, and say what was left out and why
    Test(test::Args),
    /// Run the tests that prove something only after many rounds, each within a limit
    Soak(soak::Args),
    /// Walk the operator's road on an emulated two-port ISP4032 and a real target
    Demo(demo::Args),
    /// Measure against the peers in the same run and print ratios
    Bench(bench::Args),
    /// Run stock kernels with their own qla4xxx driver on our PCI functions, in QEMU
    Qemu(qemu::Args),
    /// Build hbactl (static, small, its functions ordered by use) and iscsiuio with its units and man page, as they are installed
    Dist(dist::Args),
    /// Run the fuzz targets (needs cargo-fuzz and a nightly toolchain)
    Fuzz(fuzz::Args),
    /// Check what the crates stand on: arrows between ours, licences, lock files, versions taken back, advisories
    Deps(deps::Args),
    /// Check the ledger of features (docs/features.toml): every claim has its proof; write docs/features.md
    Features(features::Args),
    /// Print file sizes and fail over the hard limit
    Loc,
    /// Write docs/reference (exit codes, schemas), man pages and completions
    Reference(reference::Args),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().task {
        Task::Test(args) => test::run(&args),
        Task::Soak(args) => soak::run(&args),
        Task::Demo(args) => demo::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Dist(args) => dist::run(&args),
        Task::Fuzz(args) => fuzz::run(&args),
        Task::Qemu(args) => qemu::run(&args),
        Task::Deps(args) => deps::run(&args),
        Task::Features(args) => features::run(&args),
        Task::Loc => loc::run(),
        Task::Reference(args) => reference::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
