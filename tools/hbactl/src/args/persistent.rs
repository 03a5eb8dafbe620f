//! `hbactl target persistent`.

use clap::{Args, Subcommand, ValueEnum};
use hba::ids::{Portal, TargetName};

use super::AdapterArg;
use super::flash::portal;

/// What to do with targets that are logged in to by themselves.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Targets that are logged in to by themselves: flash targets, and records that are not manual
    #[command(
        after_help = "A target that both stores have is marked: both log in, and one of them is refused.\n\
                            Example: hbactl target persistent list --store db"
    )]
    List(List),
    /// Keep a target, so that it is logged in to at every start. Nobody logs in now
    #[command(
        after_help = "Example: hbactl target persistent add iqn.2026-11.org.example:disk --portal 10.0.0.5 --store db"
    )]
    Add(Add),
    /// Let a target be logged in to by itself no more: a flash target goes, a record becomes manual. Sessions stay
    #[command(
        after_help = "Example: hbactl target persistent remove iqn.2026-11.org.example:disk --store flash"
    )]
    Remove(Remove),
}

/// Where a target is kept.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Store {
    /// In an adapter's flash: the adapter logs in
    Flash,
    /// In open-iscsi's database: a daemon of this host logs in
    Db,
}

/// `target persistent list`.
#[derive(Args, Debug)]
pub struct List {
    /// Only what is kept there
    #[arg(long, value_enum)]
    pub store: Option<Store>,
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
}

/// `target persistent add`.
#[derive(Args, Debug)]
pub struct Add {
    /// Target name, byte for byte
    pub target: TargetName,
    /// Portal, as ADDRESS or ADDRESS:PORT, IPv6 in brackets, with ,TAG if you like
    #[arg(short, long, value_parser = portal)]
    pub portal: Portal,
    /// Where to keep it
    #[arg(long, value_enum)]
    pub store: Store,
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// Interface record to log in through (of --store db)
    #[arg(short = 'I', long)]
    pub iface: Option<String>,
}

/// `target persistent remove`.
#[derive(Args, Debug)]
pub struct Remove {
    /// Target name, byte for byte
    pub target: TargetName,
    /// Only what goes over this portal
    #[arg(short, long, value_parser = portal)]
    pub portal: Option<Portal>,
    /// Where it is kept
    #[arg(long, value_enum)]
    pub store: Store,
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// Also when a flash target has a session
    #[arg(long)]
    pub force: bool,
}
