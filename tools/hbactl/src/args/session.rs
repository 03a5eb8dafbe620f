//! `hbactl session`.

use clap::{Args, Subcommand, ValueEnum};

use super::AdapterArg;
use super::event::Looks;

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
    /// Set the recovery time of a session, and queue depth and timeouts of its units
    #[command(after_help = "Names:\n\
                      \x20 recovery_tmo  seconds that disks wait for the session to come back before they answer with errors, or off for ever \
                      (also: replacement_timeout, device_removal_latency)\n\
                      \x20 queue_depth   commands that a unit takes at once; the rest waits in the kernel\n\
                      \x20 timeout       seconds that a command may take\n\
                      \x20 eh_timeout    seconds that a step of error handling may take\n\
                      The kernel forgets them with the session. The recovery time can be set only while the session is up.\n\
                      Example: hbactl session set 7 recovery_tmo=60 queue_depth=16")]
    Set(Set),
    /// Watch over sessions in the foreground: tell events, and do about them what a policy says
    #[command(
        after_help = "The kernel tells when a target's list of units changes, and does nothing about it; it hears of that with the answer \
                      to the next command, so a disk that nobody reads hears nothing. Disks of a session that does not \
                      come back stay. --luns and --on-expiry say what is done. Each thing that is done is told; one that fails is told, and \
                      the watch goes on. It ends after --for or on a signal, when what is being done is finished, and tells what it counted: \
                      logins, losses, and failed logins by kind.\n\
                      Example: hbactl session watch --luns rescan --remove -o json"
    )]
    Watch(Watch),
    /// The paths of a session and how load is spread over them
    #[command(after_help = "Example: hbactl session paths 7")]
    Paths(Which),
    /// When a lost session is tried again and when it is given up; of one session, who brings it back and how
    #[command(
        after_help = "The rules are those that hbad keeps to, by what a session is wanted for (the daemon is to come; until then they are a table):\n\
                      \x20 configured  somebody wrote it down\n\
                      \x20 discovered  a discovery found it, and nobody wrote it down\n\
                      \x20 boot        the machine runs from it\n\
                      DefaultTime2Wait is waited where it is longer. A record's reopen_max ends what was up, boot sessions excepted; its \
                      initial_login_retry_max times the login timeout is how long whoever asked for the first login waits for it. A logout \
                      ends everything.\n\
                      Sessions from flash are brought back by the driver, those of iscsid by iscsid: --sid tells by which rule.\n\
                      Example: hbactl session policy --sid 7"
    )]
    Policy(PolicyOf),
    /// Where the operating system has each target's logical units: bus, target, unit, device
    #[command(after_help = "Example: hbactl session mappings -o json")]
    Mappings(AdapterArg),
}

/// `session set`.
#[derive(Args, Debug)]
pub struct Set {
    /// Which session.
    #[command(flatten)]
    pub which: Which,
    /// What to set
    #[arg(value_name = "NAME=VALUE", required = true)]
    pub settings: Vec<String>,
}

/// `session policy`.
#[derive(Args, Debug)]
pub struct PolicyOf {
    /// What applies to this session, and why
    #[arg(long, value_parser = sid, value_name = "SID")]
    pub sid: Option<u32>,
}

/// `session watch`.
#[derive(Args, Debug)]
pub struct Watch {
    /// Of which port (all when left out).
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// When a target's list of units changes, or a unit's size
    #[arg(long, value_enum, default_value = "report", value_name = "POLICY")]
    pub luns: Luns,
    /// A rescan takes out of the operating system what the target lists no more
    #[arg(long)]
    pub remove: bool,
    /// When a session was away longer than its recovery time
    #[arg(long, value_enum, default_value = "offline", value_name = "POLICY")]
    pub on_expiry: Expiry,
    /// Take units out even when they are in use
    #[arg(long)]
    pub force: bool,
    /// How states are watched.
    #[command(flatten)]
    pub looks: Looks,
    /// End after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    pub seconds: Option<u64>,
}

/// What is done about changed units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Luns {
    /// Nothing
    Off,
    /// Ask the target and tell what differs
    Report,
    /// Scan the session
    Rescan,
}

/// What is done about sessions that do not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Expiry {
    /// Nothing: their disks answer with errors
    Offline,
    /// Take their disks out; they come back with the session
    Delete,
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
