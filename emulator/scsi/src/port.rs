//! Who an I_T nexus is between, beyond the life of a session: what a persistent reservation remembers.

use std::sync::Arc;

/// An initiator port as seen through a target port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortId {
    /// Initiator port name as its SCSI name string (for iSCSI: name, `,i,0x` and the ISID in twelve hexadecimal digits).
    pub initiator: Arc<str>,
    /// RELATIVE TARGET PORT IDENTIFIER, from 1.
    pub target_port: u16,
}

/// Longest initiator port name in bytes: an iSCSI name of 223 and an ISID.
pub const MAX_NAME: usize = 223 + 17;

impl PortId {
    /// Names a port.
    #[must_use]
    pub fn new(initiator: &str, target_port: u16) -> Self {
        Self {
            initiator: initiator.into(),
            target_port,
        }
    }

    /// The iSCSI TransportID with a session identifier (SPC-4 §7.6.4.6, format 01b).
    #[must_use]
    pub fn transport_id(&self) -> Vec<u8> {
        let name: Vec<u8> = self.initiator.bytes().take(MAX_NAME).collect();
        let padded = (name.len() + 1).next_multiple_of(4).max(20);
        let mut id = vec![0x45, 0];
        id.extend_from_slice(&(padded as u16).to_be_bytes());
        id.extend_from_slice(&name);
        id.resize(4 + padded, 0);
        id
    }

    /// Reads one TransportID; gives the initiator port's name and the bytes used. `None` for other protocols, for a name without a
    /// session identifier and for broken lengths.
    #[must_use]
    pub fn read_transport_id(bytes: &[u8]) -> Option<(Arc<str>, usize)> {
        let header = bytes.first_chunk::<4>()?;
        if header[0] != 0x45 {
            return None;
        }
        let len = usize::from(u16::from_be_bytes([header[2], header[3]]));
        if len < 20 || len % 4 != 0 {
            return None;
        }
        let text = bytes.get(4..4 + len)?;
        let end = text.iter().position(|byte| *byte == 0)?;
        let name = std::str::from_utf8(text.get(..end)?).ok()?;
        if name.len() > MAX_NAME || !name.contains(",i,0x") || name.bytes().any(|b| b <= b' ' || b == 0x7f) {
            return None;
        }
        Some((name.into(), 4 + len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transport_id_comes_back_and_others_are_refused() {
        let port = PortId::new("iqn.2026-01.net.example:host,i,0x00023d000001", 1);
        let id = port.transport_id();
        assert_eq!((id[0], id.len() % 4, id[id.len() - 1]), (0x45, 0, 0));
        assert_eq!(
            PortId::read_transport_id(&id),
            Some((port.initiator.clone(), id.len()))
        );
        for cut in 0..id.len() {
            assert_eq!(PortId::read_transport_id(&id[..cut]), None);
        }
        let mut name_only = id.clone();
        name_only[0] = 0x05;
        assert_eq!(PortId::read_transport_id(&name_only), None);
        let mut open_end = id;
        open_end[4..].fill(b'x');
        assert_eq!(PortId::read_transport_id(&open_end), None);
    }
}
