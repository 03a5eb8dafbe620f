//! Options that every command has.

use std::path::PathBuf;

use clap::{Args, ColorChoice, ValueEnum};
use hba::AdapterId;

/// How answers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: aligned columns, headings
    Table,
    /// For programs: a versioned envelope, see `hbactl schema`
    Json,
    /// For pipes: columns without headings, or a name and a value a line; a tab in between
    Plain,
}

/// Options that every command has.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// How to write the answer
    #[arg(
        short,
        long,
        global = true,
        value_enum,
        default_value = "table",
        value_name = "FORMAT"
    )]
    pub output: Format,

    /// The kernel to speak to: `host` for this machine's, or a directory that `hbaemu serve` serves
    #[arg(
        long,
        global = true,
        env = "HBACTL_ENDPOINT",
        hide_env_values = true,
        default_value = "host",
        value_name = "host|DIR"
    )]
    pub endpoint: String,

    /// The record database: a directory with `nodes`, `ifaces` and the others in it [default: open-iscsi's on this machine, DIR/hbactl/db
    /// beside an emulated one]
    #[arg(
        long,
        global = true,
        env = "HBACTL_DB",
        hide_env_values = true,
        value_name = "DIR"
    )]
    pub db: Option<PathBuf>,

    /// Show what would change, and change nothing
    #[arg(long, global = true)]
    pub dry_run: bool,

    /// Seconds that the whole command may take, 1 to 86400 [default: 60; lun read, lun write, ping, event follow and session watch: as long as it takes]
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86400))]
    pub timeout: Option<u64>,

    /// Tell more on stderr; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// When to use colour; NO_COLOR is honoured
    #[arg(long, global = true, default_value = "auto", value_name = "WHEN")]
    pub color: ColorChoice,
}

/// Which adapter port.
#[derive(Args, Clone, Debug)]
pub struct AdapterArg {
    /// The adapter port: host number (`2`, `host2`), MAC address or PCI name. Not needed when there is only one
    #[arg(short, long, value_name = "ADAPTER")]
    pub adapter: Option<AdapterId>,
}
