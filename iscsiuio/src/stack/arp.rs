//! ARP packets (RFC 826), probes and announcements among them (RFC 5227).

use std::net::Ipv4Addr;

use smoltcp::wire::{ArpOperation, ArpPacket, ArpRepr, EthernetAddress, EthernetProtocol};

use super::ethernet::{self, is_station};
use super::{Mac, Vlan};

/// An ARP packet for IPv4 on Ethernet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arp {
    pub(super) request: bool,
    pub(super) sender: (Mac, Ipv4Addr),
    pub(super) target: (Mac, Ipv4Addr),
}

impl Arp {
    /// `None`: damaged, of another kind, or from no station. The sender may be another than the frame's: shared addresses do so.
    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        let packet = ArpPacket::new_checked(payload).ok()?;
        let ArpRepr::EthernetIpv4 {
            operation,
            source_hardware_addr,
            source_protocol_addr,
            target_hardware_addr,
            target_protocol_addr,
        } = ArpRepr::parse(&packet).ok()?
        else {
            return None;
        };
        let request = match operation {
            ArpOperation::Request => true,
            ArpOperation::Reply => false,
            ArpOperation::Unknown(_) => return None,
        };
        if !is_station(source_hardware_addr.0) {
            return None;
        }
        Some(Self {
            request,
            sender: (source_hardware_addr.0, source_protocol_addr),
            target: (target_hardware_addr.0, target_protocol_addr),
        })
    }

    /// The frame to `to`.
    pub(super) fn frame(self, to: Mac, vlan: Option<Vlan>) -> Vec<u8> {
        let repr = ArpRepr::EthernetIpv4 {
            operation: if self.request {
                ArpOperation::Request
            } else {
                ArpOperation::Reply
            },
            source_hardware_addr: EthernetAddress(self.sender.0),
            source_protocol_addr: self.sender.1,
            target_hardware_addr: EthernetAddress(self.target.0),
            target_protocol_addr: self.target.1,
        };
        ethernet::build(
            self.sender.0,
            to,
            vlan,
            EthernetProtocol::Arp,
            repr.buffer_len(),
            |payload| {
                repr.emit(&mut ArpPacket::new_unchecked(payload));
            },
        )
    }
}
