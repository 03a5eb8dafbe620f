//! What IPv4 and IPv6 packets have in common for those who get them.

use std::net::IpAddr;

use smoltcp::wire::IpProtocol;

/// A piece of a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fragment {
    pub(super) identification: u32,
    /// Where the piece begins, in bytes.
    pub(super) offset: usize,
    /// Whether more pieces follow.
    pub(super) more: bool,
}

impl Fragment {
    /// Whether it is all there is (RFC 6946).
    pub(super) const fn is_whole(self) -> bool {
        self.offset == 0 && !self.more
    }
}

/// A packet that was taken apart, or what its pieces became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Packet<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) hop_limit: u8,
    /// What it carries, after all headers of IP. Of a piece: what its datagram begins with.
    pub(super) protocol: IpProtocol,
    /// Whether it came in a piece, or in pieces.
    pub(super) fragment: Option<Fragment>,
    pub(super) payload: &'a [u8],
}

/// A packet to be sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outgoing<'a> {
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) hop_limit: u8,
    pub(super) protocol: IpProtocol,
    pub(super) payload: &'a [u8],
}
