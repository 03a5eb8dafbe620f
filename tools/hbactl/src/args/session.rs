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
    #[command(
        after_help = "While a disk of the session is mounted, swapped to, or part of a map, a volume or an array, that is said and nothing \
                      is done without --force.\nExample: hbactl session logout 7"
    )]
    Logout(Logout),
    /// Look for logical units that are new, gone or of another size, in one session or in all
    #[command(
        after_help = "Asks the target what it has (REPORT LUNS), has the kernel scan, has it look again at disks of another size, and \
                      says what became of each unit:\n\
                      \x20 found      the target has it, and the operating system has it new\n\
                      \x20 gone       the target lists it no more; it stays until it is taken out with --remove\n\
                      \x20 removed    taken out\n\
                      \x20 grown      larger than before (also: shrunk)\n\
                      \x20 not_taken  listed, and not taken by the operating system\n\
                      \x20 stale      of another size than the operating system shows\n\
                      With --dry-run the target is asked, and nothing is scanned.\n\
                      Example: hbactl session rescan 7 --remove"
    )]
    Rescan(Rescan),
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

/// `session logout`.
#[derive(Args, Debug)]
pub struct Logout {
    /// Which session.
    #[command(flatten)]
    pub which: Which,
    /// Also when disks of it are in use
    #[arg(long)]
    pub force: bool,
}

/// `session rescan`.
#[derive(Args, Debug)]
pub struct Rescan {
    /// Session number; all sessions when left out
    #[arg(value_parser = sid)]
    pub sid: Option<u32>,
    /// Take out of the operating system what the target lists no more
    #[arg(long)]
    pub remove: bool,
    /// Also when it is in use
    #[arg(long, requires = "remove")]
    pub force: bool,
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
