//! `hbactl iface`, and `ping`.

use std::net::IpAddr;

use clap::{Args, Subcommand};

use super::AdapterArg;

/// What to do with interfaces.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Interfaces with their addresses; what is staged is marked
    #[command(after_help = "Example: hbactl iface list -a host2")]
    List(AdapterArg),
    /// All parameters of an interface, applied and staged
    #[command(after_help = "Example: hbactl iface show ipv4 --adapter host2\n\
                            On adapters whose addresses the network helper (iscsiuio) keeps, as bnx2i and qedi, it is what the helper has:\n\
                            where addresses come from, leases, routers. The number is the VLAN there: ipv4-100 of -a, ipv4-iface-3-100.")]
    Show(Show),
    /// Stage parameters; nothing is sent to the adapter before `iface apply`
    #[command(
        after_help = "Example: hbactl iface set ipv4 -a host2 ipaddress=10.0.0.21/24 gateway=10.0.0.1\n\
                            `hbactl iface params` lists names, ranges and units."
    )]
    Set(Set),
    /// Drop staged parameters (all of them when none is named)
    #[command(after_help = "Example: hbactl iface unset ipv4 -a host2 gateway")]
    Unset(Unset),
    /// Send what is staged for a port, in one message, and read it back. The port restarts
    #[command(after_help = "Example: hbactl iface apply -a host2 --force")]
    Apply(Apply),
    /// Ping from the adapter
    #[command(after_help = "Example: hbactl iface ping ipv4 10.0.0.1 -a host2 --count 3\n\
                            The firmware pings, or on bnx2i and qedi the network helper (iscsiuio): ipv4-100 is its interface on VLAN 100.")]
    Ping(Ping),
    /// Interface records: what node records are bound to, in open-iscsi's database
    #[command(subcommand)]
    Record(super::record::Verb),
    /// Names, ranges and units of the parameters
    #[command(after_help = "Example: hbactl iface params | grep vlan")]
    Params,
}

/// Which interface.
#[derive(Args, Debug)]
pub struct Which {
    /// `ipv4`, `ipv6`, `ipv6-1` (of --adapter), or the full name (`ipv4-iface-2-0`)
    pub iface: String,
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
}

/// `iface show`.
#[derive(Args, Debug)]
pub struct Show {
    /// Which interface.
    #[command(flatten)]
    pub which: Which,
    /// Also who was asked for on the link, where the network helper keeps addresses
    #[arg(long)]
    pub neighbours: bool,
}

/// `iface set`.
#[derive(Args, Debug)]
pub struct Set {
    /// Which interface.
    #[command(flatten)]
    pub which: Which,
    /// Parameters to stage
    #[arg(required = true, value_name = "NAME=VALUE")]
    pub params: Vec<String>,
}

/// `iface unset`.
#[derive(Args, Debug)]
pub struct Unset {
    /// Which interface.
    #[command(flatten)]
    pub which: Which,
    /// Parameters to drop from the stage
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
}

/// `iface apply`.
#[derive(Args, Debug)]
pub struct Apply {
    /// Which port.
    #[command(flatten)]
    pub adapter: AdapterArg,
    /// Also when sessions would drop
    #[arg(long)]
    pub force: bool,
}

/// `iface ping`.
#[derive(Args, Debug)]
pub struct Ping {
    /// From which interface.
    #[command(flatten)]
    pub which: Which,
    /// Whom to ping
    pub address: IpAddr,
    /// How many
    #[arg(short, long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub count: u32,
    /// Payload, in bytes
    #[arg(short, long, default_value_t = 32, value_parser = clap::value_parser!(u32).range(0..=65_507))]
    pub size: u32,
    /// Pause between two, in milliseconds
    #[arg(short, long, default_value_t = 1000, value_name = "MS")]
    pub interval: u64,
    /// Longest wait for one answer, in milliseconds
    #[arg(short = 'W', long, default_value_t = 10_000, value_name = "MS")]
    pub wait: u64,
}
