//! `hbactl session`.

use clap::{Args, Subcommand};

use super::AdapterArg;

/// What to do with sessions.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Sessions, one a line
    #[command(after_help = "Example: hbactl session list --detail")]
    List(List),
    /// Everything about a session and its connection
    #[command(after_help = "Example: hbactl session show 7 -o json")]
    Show(Which),
    /// Log out a session that was made from flash, and wait until it is gone
    #[command(after_help = "Example: hbactl session logout 7")]
    Logout(Which),
    /// Look for new logical units, in one session or in all
    #[command(after_help = "Example: hbactl session rescan 7")]
    Rescan {
        /// Session number; all sessions when left out
        #[arg(value_parser = sid)]
        sid: Option<u32>,
    },
}

/// `session list`.
#[derive(Args, Debug)]
pub struct List {
    /// Of which port (all when left out).
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// With portals, names and addresses (`session show` tells everything)
    #[arg(long)]
    pub detail: bool,
}

/// Which session.
#[derive(Args, Debug)]
pub struct Which {
    /// Session number (see `session list`)
    #[arg(value_parser = sid)]
    pub sid: u32,
}

/// The number that the kernel gave a session.
pub(super) fn sid(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| "a session has a number; `hbactl session list` shows it".into())
}
