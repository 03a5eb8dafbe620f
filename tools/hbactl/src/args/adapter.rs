//! `hbactl adapter`.

use clap::{Args, Subcommand};
use hba::AdapterId;

use super::event;

/// What to do with adapters.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Every adapter port, one a line
    #[command(after_help = "Example: hbactl adapter list -o json")]
    List,
    /// Everything about a port: versions, state, capabilities, table sizes
    #[command(after_help = "Example: hbactl adapter show host2")]
    Show(Which),
    /// Reset an adapter; its sessions drop and come back
    #[command(after_help = "Example: hbactl adapter reset host2 --force")]
    Reset(Reset),
    /// Follow the events of a port (as `event follow --adapter`)
    #[command(after_help = "Example: hbactl adapter events -a host2 --for 60")]
    Events(event::Follow),
}

/// Which adapter port.
#[derive(Args, Debug)]
pub struct Which {
    /// Host number (`2`, `host2`), MAC address or PCI name; not needed when there is only one
    pub adapter: Option<AdapterId>,
    /// The same, as other nouns have it
    #[arg(
        short = 'a',
        long = "adapter",
        value_name = "ADAPTER",
        conflicts_with = "adapter"
    )]
    pub named: Option<AdapterId>,
}

impl Which {
    /// The port that was named, either way.
    #[must_use]
    pub fn id(&self) -> Option<&AdapterId> {
        self.adapter.as_ref().or(self.named.as_ref())
    }
}

/// `adapter reset`.
#[derive(Args, Debug)]
pub struct Reset {
    /// Which port.
    #[command(flatten)]
    pub which: Which,
    /// Also when sessions would drop
    #[arg(long)]
    pub force: bool,
}
