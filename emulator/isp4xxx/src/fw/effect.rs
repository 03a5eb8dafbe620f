//! What the firmware wants done outside.
//!
//! Owns the orders to the shell. It must not know how they are executed.

use std::net::{IpAddr, SocketAddr};

/// Names one TCP connection of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// Names one ICMP echo of a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PingId(pub u64);

/// An order to the shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Connect; answer with `connected` or `connect_failed`.
    Connect {
        /// The port's number (for traces and faults).
        port: usize,
        /// Names the connection from now on.
        link: LinkId,
        /// Whom to call.
        to: SocketAddr,
        /// The port's own address, if it has one of that family.
        source: Option<IpAddr>,
    },
    /// `write_slices` has something: pump this link even if its socket is quiet. Not given for what `connected` and
    /// `received` cause: after these the shell pumps anyway.
    Send {
        /// Which one.
        link: LinkId,
    },
    /// Close at once; the link's name is not used again and nothing is to be reported about it.
    Close {
        /// Which one.
        link: LinkId,
    },
    /// Send an ICMP echo; answer with `ping_done`.
    Ping {
        /// The port's number.
        port: usize,
        /// Names the echo.
        ping: PingId,
        /// Whom to ask.
        to: IpAddr,
        /// The port's own address.
        source: Option<IpAddr>,
        /// Payload bytes.
        size: u32,
    },
}
