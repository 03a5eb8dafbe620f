//! ARP requests for any address but the port's own. A probe (no sender address) and an announcement ask nobody.
//!
//! Source: RFC 826, RFC 1027, RFC 5227 section 1.1.

use smoltcp::wire::{ArpOperation, ArpPacket, ArpRepr};

use super::frame::Frame;
use super::{Lan, STATION};

impl Lan {
    pub(super) fn arp(&mut self, frame: &Frame<'_>) -> Option<Vec<u8>> {
        let packet = ArpPacket::new_checked(frame.payload).ok()?;
        let ArpRepr::EthernetIpv4 {
            operation,
            source_hardware_addr,
            source_protocol_addr,
            target_protocol_addr,
            ..
        } = ArpRepr::parse(&packet).ok()?
        else {
            return None;
        };
        if source_hardware_addr != frame.from {
            return None;
        }
        self.learn(source_protocol_addr.into());
        let asks = operation == ArpOperation::Request && !source_protocol_addr.is_unspecified();
        if !asks || !self.has(target_protocol_addr.into()) {
            return None;
        }
        let answer = ArpRepr::EthernetIpv4 {
            operation: ArpOperation::Reply,
            source_hardware_addr: STATION,
            source_protocol_addr: target_protocol_addr,
            target_hardware_addr: source_hardware_addr,
            target_protocol_addr: source_protocol_addr,
        };
        let mut payload = vec![0; answer.buffer_len()];
        answer.emit(&mut ArpPacket::new_unchecked(&mut payload));
        Some(frame.answer(&payload))
    }
}
