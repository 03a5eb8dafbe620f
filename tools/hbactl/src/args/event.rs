//! `hbactl event`.

use clap::{Args, Subcommand};

use super::AdapterArg;

/// What to do with events.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Print events as they happen, until interrupted
    #[command(after_help = "Example: hbactl event follow --count 1 --only link_down --for 30")]
    Follow(Follow),
}

/// `event follow`.
#[derive(Args, Debug)]
pub struct Follow {
    /// Of which port (all when left out).
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// Only events of this name, as JSON shows it (link_up, session_created, …); repeatable
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Objects that appear and go in sysfs too
    #[arg(long)]
    pub objects: bool,
    /// End after so many events
    #[arg(long)]
    pub count: Option<u64>,
    /// End after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    pub seconds: Option<u64>,
}
