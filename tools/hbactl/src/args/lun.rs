//! `hbactl lun`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use hba::ids::Hctl;

use super::AdapterArg;

/// What to do with logical units.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Logical units the operating system has
    #[command(after_help = "Example: hbactl lun list --session 7")]
    List(List),
    /// What stands on the disks: mounts, swap, maps, volumes, arrays
    #[command(
        after_help = "What logs out, removes or resets looks at this first, and does nothing without --force while it is not empty.\n\
                      Example: hbactl lun uses --session 7"
    )]
    Uses(List),
    /// INQUIRY: vendor, product, revision; --vpd for a page of vital product data
    #[command(after_help = "Example: hbactl lun inquiry 2:0:0:1 --vpd 0x83")]
    Inquiry(Inquiry),
    /// REPORT LUNS: logical units as the target tells them
    #[command(after_help = "Example: hbactl lun report 2:0:0:0")]
    Report(Which),
    /// READ CAPACITY: blocks and block length
    #[command(after_help = "Example: hbactl lun capacity 2:0:0:1 -o json")]
    Capacity(Which),
    /// Read blocks to a file
    #[command(after_help = "Example: hbactl lun read 2:0:0:1 --out disk.img --start 0 --blocks 2048")]
    Read(Read),
    /// Write blocks from a file
    #[command(after_help = "Example: hbactl lun write 2:0:0:1 --in disk.img --verify --yes")]
    Write(Write),
}

/// `lun list`.
#[derive(Args, Debug)]
pub struct List {
    /// Of which port (all when left out).
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// Only those of this session
    #[arg(long, value_name = "SID", value_parser = super::session::sid, conflicts_with = "adapter")]
    pub session: Option<u32>,
}

/// Which logical unit.
#[derive(Args, Debug)]
pub struct Which {
    /// HOST:CHANNEL:TARGET:LUN (see `lun list`)
    #[arg(value_name = "H:C:T:L")]
    pub lun: Hctl,
}

/// `lun inquiry`.
#[derive(Args, Debug)]
pub struct Inquiry {
    /// Which logical unit.
    #[command(flatten)]
    pub which: Which,
    /// Page of vital product data, decimal or 0x hex (0x80 serial number, 0x83 identification, 0xb0 limits)
    #[arg(long, value_name = "PAGE", value_parser = page)]
    pub vpd: Option<u8>,
}

/// Which blocks.
#[derive(Args, Debug)]
pub struct Range {
    /// First block
    #[arg(long, default_value_t = 0)]
    pub start: u64,
    /// Number of blocks; to the end when left out
    #[arg(long)]
    pub blocks: Option<u64>,
}

/// `lun read`.
#[derive(Args, Debug)]
pub struct Read {
    /// Which logical unit.
    #[command(flatten)]
    pub which: Which,
    /// Which blocks.
    #[command(flatten)]
    pub range: Range,
    /// Where to; `-` is stdout. A file is there when all has been read, or not at all
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Replace a file that is there, or write to a device that nobody has in use
    #[arg(long)]
    pub overwrite: bool,
}

/// `lun write`.
#[derive(Args, Debug)]
pub struct Write {
    /// Which logical unit.
    #[command(flatten)]
    pub which: Which,
    /// Which blocks.
    #[command(flatten)]
    pub range: Range,
    /// Where from; `-` is stdin. It must fit into the range, or nothing is written
    #[arg(long = "in", value_name = "FILE")]
    pub input: PathBuf,
    /// Read every chunk back and compare
    #[arg(long)]
    pub verify: bool,
    /// Yes, overwrite what is on the logical unit
    #[arg(long)]
    pub yes: bool,
}

fn page(text: &str) -> Result<u8, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(hex) => u8::from_str_radix(hex, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| "expected a page number, 0 to 255 or 0x00 to 0xff".into())
}
