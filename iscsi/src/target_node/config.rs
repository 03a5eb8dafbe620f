//! What a connection is told when it is made.

use std::time::Duration;

use super::trace::TraceLevel;
use crate::negotiate::Offer;
use crate::pool::Pool;

/// Limits and wishes of one connection.
#[derive(Debug, Clone)]
pub struct Config {
    /// What the target takes in the operational negotiation.
    pub offer: Offer,
    /// A login without header digest fails.
    pub require_header_digest: bool,
    /// A login without data digest fails.
    pub require_data_digest: bool,
    /// TargetPortalGroupTag.
    pub portal_group: u16,
    /// TSIH of the session that may come; not 0, and unique among the owner's sessions.
    pub tsih: u16,
    /// TargetAlias.
    pub alias: Option<String>,
    /// Commands that the initiator may have outstanding (MaxCmdSN - ExpCmdSN + 1 when idle).
    pub window: u32,
    /// Longest transfer of one command in bytes; a longer one is answered with CHECK CONDITION.
    pub max_transfer: usize,
    /// Bytes of write data that the commands of this connection may have announced; beyond that a command is answered with TASK SET
    /// FULL. Memory is taken as the data comes.
    pub max_buffered: usize,
    /// Bytes that wait to be sent; beyond that no further command is given to the owner.
    pub max_queued: usize,
    /// How long the data of a write may take to come before the connection is closed, which holds memory meanwhile.
    pub data_timeout: Duration,
    /// How long an initiator may read nothing of what waits for it before the connection is closed.
    pub read_timeout: Duration,
    /// How long the login phase may take.
    pub login_timeout: Duration,
    /// After this much silence a NOP-In is sent; after as much again the connection is closed. `None`: never.
    pub nop_interval: Option<Duration>,
    /// How long the answer to a login with a wrong proof waits, so that guessing is slow.
    pub chap_delay: Duration,
    /// What to keep a trace of ([`super::Connection::poll_trace`]).
    pub trace: TraceLevel,
    /// Manage tasks as the UNH target's description has it, its limits included: ABORT TASK only, and an abort of a command that is
    /// not there moves ExpCmdSN by one whatever RefCmdSN says.
    pub strict_unh: bool,
    /// Where memory for data comes from. All connections that share it stay within its bound together: who wants more than it grants
    /// is answered with BUSY.
    pub pool: Pool,
}

impl Default for Config {
    fn default() -> Self {
        let mut offer = Offer::default();
        offer.params.initial_r2t = false;
        offer.params.max_recv_data_segment = 256 << 10;
        offer.params.max_burst = 1 << 20;
        offer.params.first_burst = 256 << 10;
        offer.params.max_outstanding_r2t = 8;
        offer.params.time2wait = 2;
        offer.params.time2retain = 0;
        Self {
            offer,
            require_header_digest: false,
            require_data_digest: false,
            portal_group: 1,
            tsih: 1,
            alias: None,
            window: 128,
            max_transfer: 16 << 20,
            max_buffered: 64 << 20,
            // What is read for one reply is still in the cache when it is sent.
            max_queued: 256 << 10,
            data_timeout: Duration::from_secs(120),
            read_timeout: Duration::from_secs(60),
            login_timeout: Duration::from_secs(15),
            nop_interval: None,
            chap_delay: Duration::ZERO,
            trace: TraceLevel::Off,
            strict_unh: false,
            pool: Pool::default(),
        }
    }
}
