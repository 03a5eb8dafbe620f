//! What people type to `hbaemu`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use emu_array::LunSpec;
use emu_kernel::config::Bond;
use iscsi::chap::ChapAlgorithm;
use isp4xxx::fw::{DhcpLease, RouterAdvertisement};

mod isns;
mod load;
mod target;

pub(super) use isns::Isns;
pub(super) use load::{Load, Loopback};
pub(super) use target::{Digests, Target, Trace};

use super::adapter::{self, Adapter};
use super::network;

/// `hbaemu`.
#[derive(Parser, Debug)]
#[command(
    name = "hbaemu",
    version,
    about = "An iSCSI offload HBA and an iSCSI target, made of software",
    long_about = "Serves an emulated ISP4xxx adapter behind the kernel's iSCSI interfaces (for `hbactl --endpoint DIR`), serves an \
                  iSCSI target, looks into an adapter's flash, and breaks things on purpose.",
    max_term_width = 110,
    arg_required_else_help = true
)]
pub struct Cli {
    /// Tell more on stderr; repeat for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// `hbaemu load` alone.
#[derive(Parser)]
struct LoadOnly {
    #[arg(short, long, action = clap::ArgAction::Count)]
    verbose: u8,
    #[command(flatten)]
    load: Load,
}

impl Cli {
    /// Reads what was typed.
    ///
    /// # Errors
    /// What clap has to say, help included.
    pub fn read(args: &[OsString]) -> Result<Self, clap::Error> {
        // A load may be over sooner than the options of all commands are laid out. Only the whole of them gives help.
        if let [_, word, rest @ ..] = args
            && word == "load"
            && let Ok(only) = LoadOnly::try_parse_from(std::iter::once(word).chain(rest))
        {
            return Ok(Self {
                verbose: only.verbose,
                command: Command::Load(only.load),
            });
        }
        Self::try_parse_from(args)
    }
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Serve an emulated adapter in a directory, until SIGTERM or SIGINT; prints one line when ready
    #[command(after_help = "Example: hbaemu serve /tmp/hba & HBACTL_ENDPOINT=/tmp/hba hbactl adapter list")]
    Serve(Serve),
    /// Serve an adapter as vfio-user PCI functions, until SIGTERM or SIGINT; prints one line when ready
    #[command(
        after_help = "The first socket is PCI function 1, the second function 3.\nExample: hbaemu pci --socket /tmp/fn1.sock --flash card.flash & \
                      qemu-system-x86_64 … -device '{\"driver\":\"vfio-user-pci\",\"addr\":\"05.1\",\"socket\":{\"type\":\"unix\",\"path\":\"/tmp/fn1.sock\"}}'"
    )]
    Pci(Pci),
    /// Serve an iSCSI target, until SIGTERM or SIGINT; prints one line when ready
    #[command(
        after_help = "Example: hbaemu target --listen 127.0.0.1:3260 --iqn iqn.2026-11.org.example:disk --lun 64M\n\
                      An array with two portal groups, the second slower, and a portal that is only announced:\n  \
                      hbaemu target --listen 127.0.0.1:3260,1 --listen 127.0.0.1:3261,2 --group 2=nonoptimized \\\n    \
                      --announce storage.example.net:3260,1 --iqn iqn.2026-11.org.example:array --lun 64M"
    )]
    Target(Target),
    /// Serve an iSNS server for labs, until SIGTERM or SIGINT; prints one line when ready
    Isns(Isns),
    /// Put load on a target from an initiator of our own and print figures as JSON
    #[command(
        hide = true,
        after_help = "Example: hbaemu load 127.0.0.1:3260 iqn.2026-11.org.example:disk --depth 32"
    )]
    Load(Load),
    /// Measure what loopback carries without iSCSI: 48-byte requests, replies of a given size; prints JSON
    #[command(hide = true, after_help = "Example: hbaemu loopback --reply 4096")]
    Loopback(Loopback),
    /// Look into and change an adapter's flash file
    #[command(subcommand)]
    Flash(Flash),
    /// Add, remove and list the logical units of a running target
    #[command(subcommand)]
    Lun(Lun),
    /// Break something on purpose, or mend it
    Fault(Fault),
}

/// How the firmware treats its flash targets at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FwMode {
    /// AUTO CONNECT: the firmware logs in by itself
    Auto,
    /// NON-AUTO CONNECT: the driver tells it to (as Linux does)
    Nonauto,
}

/// Which card.
#[derive(Args, Debug, Clone)]
pub struct Card {
    /// The chip: isp4010, isp4022 or isp4032
    #[arg(long, default_value = "isp4032")]
    pub chip: String,
    /// Ports of the card, each a SCSI host
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=2))]
    pub ports: u32,
}

/// What the firmware does otherwise than that of a card of 2005.
#[derive(Args, Debug, Clone)]
pub struct Firmware {
    /// CHAP algorithms that the firmware offers to targets, best first: md5, sha1, sha-256, sha3-256 (or their numbers, 5 to 8)
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "md5")]
    pub chap_algorithms: Vec<ChapAlgorithm>,
}

/// `hbaemu serve`.
#[derive(Args, Debug)]
pub struct Serve {
    /// The directory to serve in; made if it is missing, refused if something is in it that no earlier `serve` made
    pub dir: PathBuf,
    /// An adapter of the endpoint: qla4xxx (one at most), bnx2i, or tcp for software iSCSI, which has a host for each session; repeatable,
    /// the numbers of hosts go on. Without one, a qla4xxx card
    #[arg(long, value_name = "KIND[:PORTS]")]
    pub adapter: Vec<Adapter>,
    /// Which card.
    #[command(flatten)]
    pub card: Card,
    /// What the L2 ring of bnx2i port PORT (0 when left out) is tied to: a TAP device of this machine, or a network inside of the
    /// emulator where everybody is found (lan, the default); repeatable. Ports count from 0 over all adapters
    #[arg(long, value_name = "[PORT=]tap:NAME", value_parser = adapter::bond)]
    pub l2: Vec<(usize, Bond)>,
    /// Name of the network device of bnx2i port PORT (ethbnxN for hostN when left out); repeatable
    #[arg(long, value_name = "[PORT=]NAME", value_parser = adapter::named)]
    pub netdev: Vec<(usize, String)>,
    /// MTU of the network device of bnx2i port PORT; repeatable
    #[arg(long, value_name = "[PORT=]BYTES", value_parser = adapter::number)]
    pub mtu: Vec<(usize, u16)>,
    /// VLAN of the kernel's route over the network device of bnx2i port PORT; repeatable
    #[arg(long, value_name = "[PORT=]ID", value_parser = adapter::number)]
    pub vlan: Vec<(usize, u16)>,
    /// The flash file; made if it is missing (DIR/flash.img when left out)
    #[arg(long, value_name = "FILE")]
    pub flash: Option<PathBuf>,
    /// Number of the first SCSI host
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub first_host: u32,
    /// Export boot targets under /sys/firmware instead of logging in to them (ql4xdisablesysfsboot=0)
    #[arg(long)]
    pub sysfs_boot: bool,
    /// Reproduce the stock driver's bugs
    #[arg(long)]
    pub quirks: bool,
    /// How the firmware treats its flash targets at start
    #[arg(long, value_enum, default_value = "nonauto")]
    pub fw_mode: FwMode,
    /// What a DHCP server gives port PORT (0 when left out); repeatable. Without one, a port that asks for DHCP keeps asking
    #[arg(long, value_name = "[PORT=]ADDRESS/PREFIX[,GATEWAY]", value_parser = network::lease)]
    pub dhcp_lease: Vec<(usize, DhcpLease)>,
    /// An IPv6 router on the network of port PORT (0 when left out): the prefix it advertises, of 64 bits, and its link-local address
    /// (fe80::1 when left out); repeatable
    #[arg(long, value_name = "[PORT=]PREFIX/64[,ROUTER]", value_parser = network::router)]
    pub ipv6_router: Vec<(usize, RouterAdvertisement)>,
    /// Do not wait for the disk after flash writes: a power loss of this machine may then tear the flash file
    #[arg(long)]
    pub no_sync: bool,
    /// What its firmware does.
    #[command(flatten)]
    pub firmware: Firmware,
    /// Write what goes over the card's connections to a capture file (for Wireshark); CHAP answers and data stand in it. An older
    /// capture of that name is overwritten, nothing else is
    #[arg(long, value_name = "FILE")]
    pub pcap: Option<PathBuf>,
    /// Let the members of GROUP read the tree, follow events and speak to the adapter; what `hbactl` changes stays with the owner, whose
    /// records and locks it needs. Without it the directory is the owner's alone
    #[arg(long, value_name = "GROUP")]
    pub group: Option<String>,
}

/// `hbaemu pci`.
#[derive(Args, Debug)]
pub struct Pci {
    /// The socket of a PCI function; repeat it for a card with two ports
    #[arg(long, required = true, value_name = "PATH")]
    pub socket: Vec<PathBuf>,
    /// The flash file; made if it is missing
    #[arg(long, value_name = "FILE")]
    pub flash: PathBuf,
    /// The chip: isp4022 or isp4032
    #[arg(long, default_value = "isp4032")]
    pub chip: String,
    /// Ports of the card [default: one for each socket]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=2))]
    pub ports: Option<u32>,
    /// A unix socket that `hbaemu fault --pci` talks to
    #[arg(long, value_name = "SOCKET")]
    pub control: Option<PathBuf>,
    /// Do not wait for the disk after flash writes: a power loss of this machine may then tear the flash file
    #[arg(long)]
    pub no_sync: bool,
    /// What its firmware does.
    #[command(flatten)]
    pub firmware: Firmware,
}

/// `hbaemu flash`.
#[derive(Subcommand, Debug)]
pub enum Flash {
    /// Make the flash file of a card as it leaves the factory (FILE, and FILE.nvram beside it)
    #[command(after_help = "Example: hbaemu flash init card.flash --chip isp4032")]
    Init {
        /// The file to make; an existing one is never overwritten
        file: PathBuf,
        /// Which card.
        #[command(flatten)]
        card: Card,
        /// MAC addresses and serial number follow from this number
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Show what a flash file holds; secrets are never shown
    #[command(after_help = "Example: hbaemu flash show card.flash --json")]
    Show {
        /// The file
        file: PathBuf,
        /// Which card.
        #[command(flatten)]
        card: Card,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Copy one port's view out, as the image of a one-port card (OUT, and OUT.nvram beside it)
    #[command(after_help = "Example: hbaemu flash dump card.flash port1.flash --port 1")]
    Dump {
        /// The file
        file: PathBuf,
        /// Where to; an existing file is never overwritten
        out: PathBuf,
        /// Which card.
        #[command(flatten)]
        card: Card,
        /// Which port, from 0
        #[arg(long, default_value_t = 0)]
        port: u32,
    },
    /// Put the image of a one-port card (a dump) into one port's view
    #[command(after_help = "Example: hbaemu flash load card.flash port1.flash --port 0")]
    Load {
        /// The file to change
        file: PathBuf,
        /// The dump
        dump: PathBuf,
        /// Which card.
        #[command(flatten)]
        card: Card,
        /// Which port, from 0
        #[arg(long, default_value_t = 0)]
        port: u32,
    },
}

/// `hbaemu lun`.
#[derive(Subcommand, Debug)]
pub enum Lun {
    /// Add a logical unit; every session hears of it (unit attention 3F/0E)
    #[command(after_help = "Example: hbaemu lun add --target /tmp/disk.control 2G")]
    Add {
        /// The control socket of the `hbaemu target`
        #[arg(long, value_name = "SOCKET")]
        target: PathBuf,
        /// Its number; the lowest that is free when left out
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=16383))]
        number: Option<u16>,
        /// The unit, as for `hbaemu target --lun`
        #[arg(value_name = "FILE|SIZE[,OPTION]")]
        unit: LunSpec,
    },
    /// Remove a logical unit and let go of its file; what it has been asked is ended
    #[command(after_help = "Example: hbaemu lun remove --target /tmp/disk.control 1")]
    Remove {
        /// The control socket of the `hbaemu target`
        #[arg(long, value_name = "SOCKET")]
        target: PathBuf,
        /// Its number
        #[arg(value_parser = clap::value_parser!(u16).range(0..=16383))]
        number: u16,
    },
    /// List the logical units: number, block length in bytes, capacity in blocks, whether they can be written, what they are
    #[command(after_help = "Example: hbaemu lun list --target /tmp/disk.control --json")]
    List {
        /// The control socket of the `hbaemu target`
        #[arg(long, value_name = "SOCKET")]
        target: PathBuf,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// `hbaemu fault`.
#[derive(Args, Debug)]
#[command(after_help = after_help())]
pub struct Fault {
    /// The directory that `hbaemu serve` serves
    #[arg(
        long,
        env = "HBACTL_ENDPOINT",
        hide_env_values = true,
        value_name = "DIR",
        required_unless_present_any = ["target", "pci"]
    )]
    pub endpoint: Option<PathBuf>,
    /// Instead: the control socket of an `hbaemu target`
    #[arg(long, value_name = "SOCKET")]
    pub target: Option<PathBuf>,
    /// Instead: the control socket of an `hbaemu pci`
    #[arg(long, value_name = "SOCKET", conflicts_with = "target")]
    pub pci: Option<PathBuf>,
    /// What to break, with its arguments
    #[arg(required = true, value_name = "FAULT")]
    pub fault: Vec<String>,
}

fn after_help() -> String {
    format!(
        "Faults of an adapter (--endpoint DIR):\n  {}\nFaults of an adapter in a virtual machine (--pci SOCKET):\n  {}\nFaults of a target (--target SOCKET):\n  {}",
        super::fault::ADAPTER_WORDS.join("\n  "),
        super::fault::PCI_WORDS.join("\n  "),
        emu_array::fault::WORDS.join("\n  ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_read_alike_alone_and_among_all_commands() {
        for (line, good) in [
            ("hbaemu load 127.0.0.1:3260 iqn.x --depth 4 --write", true),
            ("hbaemu load 127.0.0.1:3260 iqn.x -vv --logins 1", true),
            ("hbaemu -v load 127.0.0.1:3260 iqn.x", true),
            ("hbaemu load 127.0.0.1:3260", false),
            ("hbaemu load 127.0.0.1:3260 iqn.x --depth 0", false),
            ("hbaemu load --help", false),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let (fast, whole) = (Cli::read(&words), Cli::try_parse_from(&words));
            assert_eq!(fast.is_ok(), good, "{line}");
            match (fast, whole) {
                (Ok(fast), Ok(whole)) => assert_eq!(format!("{fast:?}"), format!("{whole:?}"), "{line}"),
                (Err(fast), Err(whole)) => assert_eq!(fast.to_string(), whole.to_string(), "{line}"),
                (fast, whole) => panic!("{line}: {fast:?}, {whole:?}"),
            }
        }
    }
}
