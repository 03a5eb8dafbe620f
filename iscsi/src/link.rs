//! Why a TCP connection went away, as the shell tells the engines.
//!
//! Must not know sockets: the shell maps errno values to these. Source: the engine seam in docs/architecture.md.

use std::fmt;

/// What ended the link under an engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LinkLoss {
    /// The peer closed in order (FIN).
    PeerClosed,
    /// The peer reset the connection.
    Reset,
    /// TCP gave up waiting for the peer.
    TimedOut,
    /// No route to the peer, or the local link is down.
    Unreachable,
    /// The shell closed the link because its owner asked for it (link down, power loss).
    Local,
    /// Any other socket error, by errno.
    Os(i32),
}

impl fmt::Display for LinkLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerClosed => f.write_str("the peer closed the connection"),
            Self::Reset => f.write_str("the peer reset the connection"),
            Self::TimedOut => f.write_str("the connection timed out"),
            Self::Unreachable => f.write_str("the peer is unreachable"),
            Self::Local => f.write_str("closed locally"),
            Self::Os(errno) => write!(f, "socket error {errno}"),
        }
    }
}
