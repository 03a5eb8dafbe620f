//! `hbactl session`.

use clap::{Args, Subcommand, ValueEnum};
use hba::registry::OwnerName;

use super::AdapterArg;
use super::event::Looks;

/// What to do with sessions.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Sessions, one a line
    #[command(
        after_help = "OWNER is boot for a session that holds what the machine starts from, else who has claimed it (session claim), else who \
                      made it: flash (the driver) or user (a program).\n\
                      Example: hbactl session list --owner hbad"
    )]
    List(List),
    /// Everything about a session and its connection
    #[command(after_help = "Example: hbactl session show 7 -o json")]
    Show(Which),
    /// Say whose a session is, for everybody who reads it
    #[command(
        after_help = "The claim is kept in /run/hbactl/registry/session-SID (of an emulated adapter in DIR/hbactl/registry), a small file a \
                      fact, for everybody to read and for no daemon to serve. It ends with the session: a number that is given again inherits \
                      nothing. The owner boot is protected: no logout of several sessions ends it, and one that names it needs --force.\n\
                      Example: hbactl session claim 7 --owner hbad"
    )]
    Claim(Claim),
    /// Take a claim away: the session is its maker's again
    #[command(
        after_help = "With --gone the claims on sessions that are no more go, as udev has it done after each end.\n\
                      Example: hbactl session release 7"
    )]
    Release(Release),
    /// Log out a session that was made from flash, and wait until it is gone; or all that one owner has
    #[command(
        after_help = "While a disk of the session is mounted, swapped to, or part of a map, a volume or an array, that is said and nothing \
                      is done without --force; nor is a session ended that is boot's. --exclude lays down the rule first (see target exclude): \
                      whatever happens then, no session is gone without it.\n\
                      Example: hbactl session logout 7 --exclude\n\
                      \x20        hbactl session logout --owner hbad"
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
    /// Only those of this owner
    #[arg(long, value_name = "NAME", value_parser = owner)]
    pub owner: Option<OwnerName>,
    /// With portals, names and addresses (`session show` tells everything)
    #[arg(long)]
    pub detail: bool,
}

/// `session claim`.
#[derive(Args, Debug)]
pub struct Claim {
    /// Which session.
    #[command(flatten)]
    pub which: Which,
    /// Whose it is: flash, iscsid, hbad, boot, hbactl, or one plain word of at most 32 characters
    #[arg(long, value_name = "NAME", value_parser = owner)]
    pub owner: OwnerName,
    /// Also when somebody else has claimed it
    #[arg(long)]
    pub force: bool,
}

/// `session release`.
#[derive(Args, Debug)]
pub struct Release {
    /// Session number (see `session list`)
    #[arg(value_parser = sid, required_unless_present = "gone", conflicts_with = "gone")]
    pub sid: Option<u32>,
    /// All claims on sessions that are gone
    #[arg(long)]
    pub gone: bool,
}

/// `session logout`.
#[derive(Args, Debug)]
pub struct Logout {
    /// Session number (see `session list`); with --owner, all of that owner's when left out
    #[arg(value_parser = sid, required_unless_present = "owner")]
    pub sid: Option<u32>,
    /// Only what this owner has
    #[arg(long, value_name = "NAME", value_parser = owner)]
    pub owner: Option<OwnerName>,
    /// Of which port, of an owner's sessions (all when left out).
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// Nobody who logs in by himself logs in there again: lay down a rule first
    #[arg(long)]
    pub exclude: bool,
    /// Also when disks of it are in use, or when it is boot's
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

/// Reads an owner's name; what is wrong with it is a usage error.
pub(super) fn owner(text: &str) -> Result<OwnerName, String> {
    text.parse::<OwnerName>()
        .map_err(|e| e.answer().unwrap_or("expected one plain word").to_owned())
}

/// The number that the kernel gave a session.
pub(super) fn sid(text: &str) -> Result<u32, String> {
    text.parse()
        .map_err(|_| "a session has a number; `hbactl session list` shows it".into())
}
