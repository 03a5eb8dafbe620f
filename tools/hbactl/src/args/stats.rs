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
