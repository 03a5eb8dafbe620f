//! What has links of its own and is served by [`crate::adapter::AdapterLinks`]: a card, or a driver that is its own hardware.
//!
//! Owns the words between the two. Must not know what the bytes mean. Source of the seam: docs/architecture.md, "The firmware".

use std::io::IoSlice;
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Instant;

use iscsi::LinkLoss;
use isp4xxx::fw::{self, Card};
pub use isp4xxx::fw::{LinkId, PingId, PingStatus};

/// An order to whoever moves the bytes.
#[derive(Debug)]
pub enum Effect {
    /// Connect; answered by [`Hardware::connected`] or [`Hardware::connect_failed`].
    Connect {
        /// Names the connection from now on.
        link: LinkId,
        /// Whom to call.
        to: SocketAddr,
        /// From which address, where this machine has it.
        source: Option<IpAddr>,
    },
    /// A connection that somebody else has made is a link from now on; answered as a connect is.
    Adopt {
        /// Names the connection from now on.
        link: LinkId,
        /// The connection.
        stream: TcpStream,
    },
    /// [`Hardware::write_slices`] has something although the socket is quiet.
    Send {
        /// Which one.
        link: LinkId,
    },
    /// Close at once; nothing more is reported about it.
    Close {
        /// Which one.
        link: LinkId,
    },
    /// Send an ICMP echo; answered by [`Hardware::ping_done`].
    Ping {
        /// Names the echo.
        ping: PingId,
        /// Whom to ask.
        to: IpAddr,
        /// From which address, where this machine has it.
        source: Option<IpAddr>,
        /// Payload bytes.
        size: u32,
    },
}

/// What has links. A link that it does not know takes and gives no bytes.
pub trait Hardware {
    /// What it wants done next.
    fn poll_effect(&mut self) -> Option<Effect>;

    /// A link stands; what it has to say is fetched by itself.
    fn connected(&mut self, now: Instant, link: LinkId, local: SocketAddr);

    /// A link does not come about.
    fn connect_failed(&mut self, now: Instant, link: LinkId, why: LinkLoss);

    /// Where the next incoming bytes go; empty for a link that takes no more.
    fn read_slot(&mut self, link: LinkId) -> &mut [u8];

    /// `n` bytes of the slot are filled; what it has to say is fetched by itself.
    fn received(&mut self, now: Instant, link: LinkId, n: usize);

    /// The peer closed, or the socket failed.
    fn closed(&mut self, now: Instant, link: LinkId, why: LinkLoss);

    /// Everything that is ready to be sent, in order.
    fn write_slices<'a>(&'a self, link: LinkId, out: &mut Vec<IoSlice<'a>>);

    /// `n` bytes of those were taken by the socket.
    fn sent(&mut self, now: Instant, link: LinkId, n: usize);

    /// Close after the last byte went out.
    fn wants_close(&self, link: LinkId) -> bool;

    /// How an echo ended.
    fn ping_done(&mut self, now: Instant, ping: PingId, status: PingStatus) {
        let _ = (now, ping, status);
    }
}

impl Hardware for Card {
    fn poll_effect(&mut self) -> Option<Effect> {
        Some(match Self::poll_effect(self)? {
            fw::Effect::Connect { link, to, source, .. } => Effect::Connect { link, to, source },
            fw::Effect::Send { link } => Effect::Send { link },
            fw::Effect::Close { link } => Effect::Close { link },
            fw::Effect::Ping {
                ping,
                to,
                source,
                size,
                ..
            } => Effect::Ping {
                ping,
                to,
                source,
                size,
            },
        })
    }

    fn connected(&mut self, now: Instant, link: LinkId, local: SocketAddr) {
        Self::connected(self, now, link, local);
    }

    fn connect_failed(&mut self, now: Instant, link: LinkId, why: LinkLoss) {
        Self::connect_failed(self, now, link, why);
    }

    fn read_slot(&mut self, link: LinkId) -> &mut [u8] {
        Self::read_slot(self, link)
    }

    fn received(&mut self, now: Instant, link: LinkId, n: usize) {
        Self::received(self, now, link, n);
    }

    fn closed(&mut self, now: Instant, link: LinkId, why: LinkLoss) {
        Self::closed(self, now, link, why);
    }

    fn write_slices<'a>(&'a self, link: LinkId, out: &mut Vec<IoSlice<'a>>) {
        Self::write_slices(self, link, out);
    }

    fn sent(&mut self, now: Instant, link: LinkId, n: usize) {
        Self::sent(self, now, link, n);
    }

    fn wants_close(&self, link: LinkId) -> bool {
        Self::wants_close(self, link)
    }

    fn ping_done(&mut self, now: Instant, ping: PingId, status: PingStatus) {
        Self::ping_done(self, now, ping, status);
    }
}
