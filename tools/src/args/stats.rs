//! `hbactl stats`.

use clap::Subcommand;

use super::AdapterArg;

/// Which counters.
#[derive(Subcommand, Debug)]
pub enum Verb {
    /// Counters of a port: MAC, IP, TCP, iSCSI
    Host(AdapterArg),
    /// Counters of a session: the sum over its connections
    Session {
        /// Session number (see `session list`)
        sid: u32,
    },
    /// Counters of one connection
    Connection {
        /// Session number (see `session list`)
        sid: u32,
        /// Connection number
        #[arg(default_value_t = 0)]
        cid: u32,
    },
}
