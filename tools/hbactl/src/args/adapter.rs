//! `hbactl adapter`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};
use hba::AdapterId;
use hba::ops::memory::Test;

use super::{AdapterArg, event};

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
    /// Addresses that sessions are made from
    #[command(after_help = "Example: hbactl adapter portals host2")]
    Portals(Which),
    /// Give the initiator of a port another name, in the adapter's flash; counts when the adapter starts again
    #[command(
        name = "set-name",
        after_help = "Example: hbactl adapter set-name iqn.2026-11.org.example:host7 -a host2 --yes-write-flash\n\
                      The driver has no parameter for it: the control block is read from flash, changed, written back, and read again. A copy\n\
                      of what was there is kept. Without --yes-write-flash nothing is written; --dry-run shows what would be."
    )]
    SetName(SetName),
    /// Read what an adapter remembers, as it is: flash, NVRAM, address control blocks
    #[command(
        after_help = "Example: hbactl adapter dump flash --area ifcb -a host2 --out ifcb.bin\n\
                      Nothing is written to the adapter. The CHAP area has secrets: it goes into a file of yours alone, and only with\n\
                      --with-secrets."
    )]
    Dump(Dump),
    /// Run a self test of the firmware
    #[command(after_help = diag_help())]
    Diag(Diag),
    /// Put areas of flash and NVRAM back to what the factory wrote; counts when the adapter starts again
    #[command(
        name = "restore-defaults",
        after_help = "Example: hbactl adapter restore-defaults chap -a host2 --yes-write-flash\n\
                      A copy of each area is kept. Without --yes-write-flash nothing is written; --dry-run shows what would be."
    )]
    RestoreDefaults(RestoreDefaults),
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

/// `adapter set-name`.
#[derive(Args, Debug)]
pub struct SetName {
    /// The name (iqn., eui. or naa.)
    #[arg(required_unless_present = "default", conflicts_with = "default")]
    pub name: Option<String>,
    /// The name that the maker gave the port
    #[arg(long)]
    pub default: bool,
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// The adapter's flash may be written, past the driver
    #[arg(long)]
    pub yes_write_flash: bool,
}

/// What can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Memory {
    /// An area of flash (see --area)
    Flash,
    /// The serial EEPROM (40xx)
    Nvram,
    /// An address control block that the firmware works with (see --index)
    Acb,
    /// The states of the port's addresses: eight mailboxes for each of four
    AcbState,
}

/// An area of flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Area {
    /// Addresses, product and serial number
    Sysinfo,
    /// The control block that a start begins with
    Ifcb,
    /// Flash targets
    Ddb,
    /// The CHAP table, secrets included
    Chap,
}

/// `adapter dump`.
#[derive(Args, Debug)]
pub struct Dump {
    /// What to read
    #[arg(value_enum)]
    pub memory: Memory,
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// Which area of flash
    #[arg(long, value_enum, required_if_eq("memory", "flash"))]
    pub area: Option<Area>,
    /// Which address control block: 0 or 1
    #[arg(long, default_value = "0", value_parser = super::number::<0, 1>)]
    pub index: u32,
    /// Write the bytes into this new file, for its owner only, instead of showing them
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Read the CHAP area although it has secrets
    #[arg(long, requires = "out")]
    pub with_secrets: bool,
}

/// `adapter diag`.
#[derive(Args, Debug)]
pub struct Diag {
    /// Which test
    #[arg(value_parser = PossibleValuesParser::new(Test::ALL.iter().map(|test| test.name)))]
    pub test: String,
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// The test may disturb the port's work
    #[arg(long)]
    pub yes_disturb: bool,
    /// Also when sessions would drop
    #[arg(long)]
    pub force: bool,
}

fn diag_help() -> String {
    let rows = Test::ALL.iter().map(|test| {
        let word = if test.disturbs.is_some() {
            " (needs --yes-disturb)"
        } else {
            ""
        };
        format!("  {:<18} {}{word}", test.name, test.about)
    });
    format!(
        "Example: hbactl adapter diag flash -a host2\n\nTests:\n{}",
        rows.collect::<Vec<_>>().join("\n")
    )
}

/// A region that the factory wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Region {
    /// The control block: addresses, initiator name, session defaults
    Ifcb,
    /// Flash targets: none is left
    Ddb,
    /// The CHAP table: no entry is left
    Chap,
    /// The port's boot configuration in the NVRAM
    Nvram,
}

/// `adapter restore-defaults`.
#[derive(Args, Debug)]
pub struct RestoreDefaults {
    /// What to put back
    #[arg(required = true, value_enum, value_name = "REGION")]
    pub regions: Vec<Region>,
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// The adapter's flash may be written, past the driver
    #[arg(long)]
    pub yes_write_flash: bool,
}
