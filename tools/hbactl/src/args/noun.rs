//! The top of the command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use super::{Global, adapter, boot, chap, event, flash, iface, lun, module, node, session, stats, target};

/// `hbactl`.
#[derive(Parser, Debug)]
#[command(
    name = "hbactl",
    version,
    about = "Manage iSCSI offload HBAs",
    long_about = "Manages iSCSI offload HBAs: flash targets (DDBs), CHAP tables, port addresses, boot targets, sessions, LUNs and \
                  statistics, over the kernel's iSCSI netlink, sysfs and bsg interfaces. Everything that changes an adapter is \
                  checked, compared with what is there, written, read back, and rolled back when it does not match.",
    after_help = format!(
        "{}\n\nWithout arguments, on a terminal: one command a line, until `exit`.",
        crate::exit::help()
    ),
    max_term_width = 110,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// What to work on.
    #[command(subcommand)]
    pub noun: Noun,
}

/// What to work on.
#[derive(Subcommand, Debug)]
pub enum Noun {
    /// Adapter ports: what they are and can do
    #[command(subcommand)]
    Adapter(adapter::Verb),
    /// Network interfaces of a port: addresses, VLAN, TCP and iSCSI defaults
    #[command(subcommand)]
    Iface(iface::Verb),
    /// Flash targets (DDBs): what the adapter logs in to by itself
    #[command(subcommand)]
    Flash(flash::Verb),
    /// CHAP table: names and secrets in the adapter's flash
    #[command(subcommand)]
    Chap(chap::Verb),
    /// Boot configuration: which flash targets the machine boots from
    #[command(subcommand)]
    Boot(boot::Verb),
    /// Targets by name: every path that flash and the sessions know, and login in one call
    #[command(subcommand)]
    Target(target::Verb),
    /// Node records: what this host knows about targets, in open-iscsi's database
    #[command(subcommand)]
    Node(node::Verb),
    /// Sessions with targets
    #[command(subcommand)]
    Session(session::Verb),
    /// Logical units: inquire, measure, read, write
    #[command(subcommand)]
    Lun(lun::Verb),
    /// Counters of ports, sessions and connections
    #[command(subcommand)]
    Stats(stats::Verb),
    /// What happens on the adapters, as it happens
    #[command(subcommand)]
    Event(event::Verb),
    /// Parameters of the adapters' driver
    #[command(subcommand)]
    Module(module::Verb),
    /// Ping from the adapter (as `iface ping`)
    #[command(after_help = "Example: hbactl ping ipv4 10.0.0.1 -a host2 --count 3")]
    Ping(iface::Ping),
    /// The JSON schema of an answer
    #[command(after_help = "Example: hbactl schema session.list")]
    Schema {
        /// Which answer (the `kind` of its envelope); all names when left out
        name: Option<String>,
    },
    /// A completion script for a shell, on stdout
    #[command(after_help = "Example: hbactl completions bash > /etc/bash_completion.d/hbactl")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Man pages, one a command, into a directory
    #[command(after_help = "Example: hbactl man /usr/local/share/man/man1")]
    Man {
        /// Where to (made if it is missing)
        dir: PathBuf,
    },
}
