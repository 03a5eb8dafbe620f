//! What the owner of a relayed session says of it, and what he hears when a PDU of his is not sent.

use crate::{initiator::Timeouts, negotiate::Params};

/// What a relayed session begins with.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// CmdSN of the login and of the first command.
    pub cmd_sn: u32,
    /// Longest data segment that is taken before the session starts.
    pub max_recv_data_segment: u32,
    /// Unpredictable bytes, fresh for each connection.
    pub seed: [u8; 32],
}

/// What holds from the start of a relayed session on.
#[derive(Debug, Clone)]
pub struct Start {
    /// What the owner has negotiated.
    pub params: Params,
    /// StatSN that is expected next.
    pub exp_stat_sn: u32,
    /// How long to wait for what; those of login, logout and text are the owner's matter.
    pub timeouts: Timeouts,
    /// Data is not sent any more for what a reset of a unit or of the target will end.
    pub fast_abort: bool,
}

/// Why a PDU of the owner is not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// The connection is gone, or the session is not relayed.
    #[error("no relayed connection")]
    Gone,
    /// A login or text request is on its way.
    #[error("a login or text request is on its way already")]
    Busy,
    /// Too many wait for an answer.
    #[error("too many requests wait for an answer")]
    Full,
}
