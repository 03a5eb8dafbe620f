//! `hbactl event`.

use clap::{Args, Subcommand};

use super::AdapterArg;

/// What to do with events.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Print events as they happen, until interrupted
    #[command(
        after_help = "The kernel sends no event when a session that an adapter made by itself fails, comes back, or is refused: those \
                      (session_failed, session_recovered, session_expired, login_failed) are seen by looking at the states of sessions \
                      every --look-every seconds; what is shorter than that is not seen. login_failed is what the target told this \
                      host, which asked it once an outage in the adapter's name.\n\
                      Example: hbactl event follow --count 1 --only link_down --for 30"
    )]
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
    /// What the kernel asks of the network helper too (path_requested, interface_down). Whoever listens to that is a helper to the
    /// kernel: where none runs, logins wait for an answer in vain
    #[arg(long)]
    pub paths: bool,
    /// How states are watched.
    #[command(flatten)]
    pub looks: Looks,
    /// End after so many events
    #[arg(long)]
    pub count: Option<u64>,
    /// End after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    pub seconds: Option<u64>,
}

/// How the states of sessions are watched.
#[derive(Args, Clone, Debug)]
pub struct Looks {
    /// Look at the states of sessions so often; 0 for never
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=3600))]
    pub look_every: u64,
    /// Do not log in to the target of a session that stays away, to learn why
    #[arg(long)]
    pub no_ask: bool,
}
