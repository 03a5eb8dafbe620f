//! `hbactl boot`.

use clap::{Args, Subcommand, ValueEnum};

use super::AdapterArg;

/// What to do with the boot configuration.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Boot mode, boot targets, and what the firmware exports to the kernel
    #[command(after_help = "Example: hbactl boot show -a host2")]
    Show(AdapterArg),
    /// Choose the flash targets to boot from; takes effect when the adapter starts again
    #[command(
        after_help = "Example: hbactl boot set -a host2 --primary 2 --mode manual --yes-write-nvram\n\
                            Without --yes-write-nvram nothing is written; --dry-run shows what would be. A copy of the NVRAM is kept."
    )]
    Set(Set),
    /// Take boot targets out: the slot named, or both (boot is then disabled)
    #[command(after_help = "Example: hbactl boot clear -a host2 --slot secondary --yes-write-nvram")]
    Clear(Clear),
}

/// Boot mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Do not boot from this port
    Disabled,
    /// Boot from the targets chosen here
    Manual,
    /// Boot from what DHCP says
    Dhcp,
}

/// `boot set`.
#[derive(Args, Debug)]
#[group(required = true, multiple = true, id = "what")]
pub struct Settings {
    /// Flash target to try first (index)
    #[arg(long, value_name = "INDEX")]
    pub primary: Option<u32>,
    /// Flash target to try second (index)
    #[arg(long, value_name = "INDEX")]
    pub secondary: Option<u32>,
    /// Boot mode
    #[arg(long, value_enum)]
    pub mode: Option<Mode>,
}

/// `boot set`.
#[derive(Args, Debug)]
pub struct Set {
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// What to set.
    #[command(flatten)]
    pub settings: Settings,
    /// The adapter's NVRAM may be written
    #[arg(long)]
    pub yes_write_nvram: bool,
}

/// A boot slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Slot {
    /// Tried first
    Primary,
    /// Tried second
    Secondary,
}

/// `boot clear`.
#[derive(Args, Debug)]
pub struct Clear {
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// Only this slot
    #[arg(long, value_enum)]
    pub slot: Option<Slot>,
    /// The adapter's NVRAM may be written
    #[arg(long)]
    pub yes_write_nvram: bool,
}
