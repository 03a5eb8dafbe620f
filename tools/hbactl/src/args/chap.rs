//! `hbactl chap`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::AdapterArg;

/// What to do with the CHAP table.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Entries of the table and who uses them; secrets are never shown
    #[command(after_help = "Example: hbactl chap list -a host2")]
    List(AdapterArg),
    /// One entry and who uses it; the secret is never shown
    #[command(after_help = "Example: hbactl chap show 4 -a host2")]
    Show(Which),
    /// Add an entry
    #[command(
        after_help = "Example: hbactl chap add -a host2 --user alice --secret-file /root/alice.secret\n\
                            Without a secret option the secret is asked for, when stdin is a terminal."
    )]
    Add(Add),
    /// Change the name or the secret of an entry that nobody uses
    #[command(after_help = "Example: hbactl chap set 4 -a host2 --secret-stdin < new.secret")]
    Set(Set),
    /// Remove an entry that nobody uses
    #[command(after_help = "Example: hbactl chap remove 4 -a host2")]
    Remove(Remove),
    /// Remove every entry, and nothing else: flash targets stay
    #[command(after_help = "Example: hbactl chap clear -a host2 --force\n\
                      Sessions keep their entries: while one uses an entry, nothing is removed. --force removes entries that flash targets\n\
                      name, too. What was removed is put back when not all of it can be.")]
    Clear(Clear),
}

/// Who proves itself with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Direction {
    /// The initiator proves itself to the target
    Out,
    /// The target proves itself to the initiator (mutual CHAP)
    In,
}

/// Where the secret comes from: 12 to 99 bytes, as text or, behind 0x, in hexadecimal. A secret is never taken from the command line.
#[derive(Args, Debug, Clone)]
#[group(multiple = false)]
pub struct SecretSource {
    /// Read the secret from a file: text, or 0x and two hexadecimal digits a byte; one trailing newline is not part of it
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// Read the secret from stdin
    #[arg(long)]
    pub secret_stdin: bool,
    /// Read the secret from a systemd credential
    #[arg(long, value_name = "NAME")]
    pub secret_credential: Option<String>,
}

/// Which entry.
#[derive(Args, Debug)]
pub struct Which {
    /// Index in the table (see `chap list`)
    #[arg(value_parser = super::number16::<0, 0xFFFF>)]
    pub index: u16,
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
}

/// `chap remove`.
#[derive(Args, Debug)]
pub struct Remove {
    /// Which entry.
    #[command(flatten)]
    pub which: Which,
    /// Also when flash targets name it; sessions hold it against this too
    #[arg(long)]
    pub force: bool,
}

/// `chap clear`.
#[derive(Args, Debug)]
pub struct Clear {
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// Also entries that flash targets name
    #[arg(long)]
    pub force: bool,
}

/// `chap add`.
#[derive(Args, Debug)]
pub struct Add {
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// User name, 1 to 255 bytes
    #[arg(short, long)]
    pub user: String,
    /// Who proves itself with it
    #[arg(short, long, value_enum, default_value = "out")]
    pub direction: Direction,
    /// Index in the table; the first free one when left out
    #[arg(short, long, value_parser = super::number16::<0, 0xFFFF>)]
    pub index: Option<u16>,
    /// The secret.
    #[command(flatten)]
    pub secret: SecretSource,
}

/// `chap set`.
#[derive(Args, Debug)]
pub struct Set {
    /// Which entry.
    #[command(flatten)]
    pub which: Which,
    /// New user name, 1 to 255 bytes
    #[arg(short, long)]
    pub user: Option<String>,
    /// The new secret.
    #[command(flatten)]
    pub secret: SecretSource,
}
