//! Ethernet frames and 802.1Q tags.
//!
//! Source: IEEE 802.3 clause 3.2, 802.1Q clause 9.6 (TCI: PCP in bits 15 to 13, DEI in bit 12, VLAN ID in bits 11 to 0).

use smoltcp::wire::{EthernetAddress, EthernetFrame, EthernetProtocol};

/// An 802.1Q tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vlan {
    /// VLAN ID, 1 to 4094.
    pub id: u16,
    /// Priority (PCP), 0 to 7.
    pub priority: u8,
}

impl Vlan {
    /// Priority and VLAN ID as a tag carries them (TCI, DEI clear).
    #[must_use]
    pub const fn control(self) -> u16 {
        ((self.priority & 7) as u16) << 13 | (self.id & 0x0fff)
    }
}

/// A MAC address.
pub type Mac = [u8; 6];

/// To everybody on the link.
pub(super) const BROADCAST: Mac = [0xff; 6];

const HEADER: usize = 14;
const TAG: usize = 4;
/// IEEE 802.3 clause 3.2.8: shorter frames are padded. Not every ring does that.
const SHORTEST: usize = 60;
const TAGGED: u16 = 0x8100;

/// A frame that was taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Whom it is to.
    pub to: Mac,
    /// Whom it is from.
    pub from: Mac,
    /// VLAN ID; 0: untagged, or a tag that only gives a priority.
    pub vlan_id: u16,
    /// What it carries.
    pub protocol: EthernetProtocol,
    /// Its payload, padding included.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// `None`: cut short, or a sender that no station has.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let frame = EthernetFrame::new_checked(bytes).ok()?;
        let from = frame.src_addr();
        if !is_station(from.0) {
            return None;
        }
        let (vlan_id, protocol, payload) = match frame.ethertype() {
            EthernetProtocol::Unknown(TAGGED) => {
                let (tag, payload) = frame.payload().split_at_checked(TAG)?;
                let &[a, b, c, d] = tag else { return None };
                let id = u16::from_be_bytes([a, b]) & 0x0fff;
                (id, EthernetProtocol::from(u16::from_be_bytes([c, d])), payload)
            }
            protocol => (0, protocol, frame.payload()),
        };
        Some(Self {
            to: frame.dst_addr().0,
            from: from.0,
            vlan_id,
            protocol,
            payload,
        })
    }
}

/// Whether a MAC address can be a station's.
#[must_use]
pub(super) fn is_station(mac: Mac) -> bool {
    mac != [0; 6] && EthernetAddress(mac).is_unicast()
}

/// A frame with `payload` bytes of room, which `fill` fills.
pub(super) fn build(
    from: Mac,
    to: Mac,
    vlan: Option<Vlan>,
    protocol: EthernetProtocol,
    payload: usize,
    fill: impl FnOnce(&mut [u8]),
) -> Vec<u8> {
    let header = HEADER + if vlan.is_some() { TAG } else { 0 };
    let mut bytes = vec![0; SHORTEST.max(header + payload)];
    let mut frame = EthernetFrame::new_unchecked(&mut bytes[..]);
    frame.set_src_addr(EthernetAddress(from));
    frame.set_dst_addr(EthernetAddress(to));
    match vlan {
        None => frame.set_ethertype(protocol),
        Some(vlan) => {
            frame.set_ethertype(EthernetProtocol::Unknown(TAGGED));
            frame.payload_mut()[..2].copy_from_slice(&vlan.control().to_be_bytes());
            frame.payload_mut()[2..TAG].copy_from_slice(&u16::from(protocol).to_be_bytes());
        }
    }
    fill(&mut bytes[header..header + payload]);
    bytes
}
