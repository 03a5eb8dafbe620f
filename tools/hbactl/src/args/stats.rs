//! `hbactl stats`.

use clap::Subcommand;

use super::AdapterArg;
use super::session::sid;

/// Which counters.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Counters of a port: MAC, IP, TCP, iSCSI
    #[command(after_help = "Example: hbactl stats host -a host2 -o json")]
    Host(AdapterArg),
    /// Errors of a port and its sessions: digests, timeouts, broken PDUs
    #[command(after_help = "Example: hbactl stats adapter -a host2")]
    Adapter(AdapterArg),
    /// Counters of the network helper (iscsiuio) and its ports, for adapters whose addresses it keeps
    #[command(after_help = "Example: hbactl stats helper -a host3")]
    Helper(AdapterArg),
    /// How long requests of a session take on average, as the block layer counts them
    #[command(after_help = "Example: hbactl stats requests 7 --for 10")]
    Requests {
        /// Session number (see `session list`)
        #[arg(value_parser = sid)]
        sid: u32,
        /// Of the next so many seconds; since the disks came when left out
        #[arg(long = "for", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
        seconds: Option<u64>,
    },
    /// Logins by how they ended: not counted by anybody, unless `session watch` runs (answers that, and exit code 4)
    #[command(after_help = "Example: hbactl stats login")]
    Login,
    /// Counters of a session: the sum over its connections
    #[command(after_help = "Example: hbactl stats session 7")]
    Session {
        /// Session number (see `session list`)
        #[arg(value_parser = sid)]
        sid: u32,
    },
    /// Counters of one connection
    #[command(after_help = "Example: hbactl stats connection 7 0")]
    Connection {
        /// Session number (see `session list`)
        #[arg(value_parser = sid)]
        sid: u32,
        /// Connection number
        #[arg(default_value_t = 0)]
        cid: u32,
    },
}
