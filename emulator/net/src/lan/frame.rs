//! Ethernet frames with and without an 802.1Q tag; an answer has its question's.
//!
//! Source: IEEE 802.3 (62: no shorter payload than 46 bytes), 802.1Q.

use smoltcp::wire::{EthernetAddress, EthernetFrame, EthernetProtocol};

use super::STATION;

/// What the payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// ARP.
    Arp,
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}

/// A frame that came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    /// Whose it is.
    pub(super) from: EthernetAddress,
    /// Whom it is for.
    pub(super) to: EthernetAddress,
    tag: Option<[u8; 2]>,
    /// What the payload is.
    pub(super) protocol: Protocol,
    /// The payload, padding included.
    pub(super) payload: &'a [u8],
}

/// `ETH_P_8021Q`.
const TAGGED: u16 = 0x8100;
/// Smallest frame without its checksum.
const MIN_FRAME: usize = 60;

impl<'a> Frame<'a> {
    /// Reads a frame; `None` for what nobody here looks at.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let frame = EthernetFrame::new_checked(bytes).ok()?;
        let (from, to) = (frame.src_addr(), frame.dst_addr());
        if !from.is_unicast() {
            return None;
        }
        let mut payload = bytes.get(EthernetFrame::<&[u8]>::header_len()..)?;
        let mut kind = u16::from(frame.ethertype());
        let mut tag = None;
        if kind == TAGGED {
            let [a, b, c, d, rest @ ..] = payload else {
                return None;
            };
            (tag, kind, payload) = (Some([*a, *b]), u16::from_be_bytes([*c, *d]), rest);
        }
        let protocol = match EthernetProtocol::from(kind) {
            EthernetProtocol::Arp => Protocol::Arp,
            EthernetProtocol::Ipv4 => Protocol::Ipv4,
            EthernetProtocol::Ipv6 => Protocol::Ipv6,
            EthernetProtocol::Unknown(_) => return None,
        };
        Some(Self {
            from,
            to,
            tag,
            protocol,
            payload,
        })
    }

    /// An answer to whom it came from.
    pub(super) fn answer(&self, payload: &[u8]) -> Vec<u8> {
        let kind = match self.protocol {
            Protocol::Arp => EthernetProtocol::Arp,
            Protocol::Ipv4 => EthernetProtocol::Ipv4,
            Protocol::Ipv6 => EthernetProtocol::Ipv6,
        };
        let mut out = Vec::with_capacity(payload.len() + 18);
        out.extend_from_slice(self.from.as_bytes());
        out.extend_from_slice(STATION.as_bytes());
        if let Some(tag) = self.tag {
            out.extend_from_slice(&TAGGED.to_be_bytes());
            out.extend_from_slice(&tag);
        }
        out.extend_from_slice(&u16::from(kind).to_be_bytes());
        out.extend_from_slice(payload);
        if out.len() < MIN_FRAME {
            out.resize(MIN_FRAME, 0);
        }
        out
    }
}
