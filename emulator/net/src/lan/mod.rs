//! A small Ethernet network inside of the emulator: what answers on the cable of a port that goes nowhere else.
//!
//! One station, a router that has every address but the port's own: it answers ARP and neighbour solicitations for all of them (as
//! proxy ARP does), echoes of both families, and, where it is told what to give, DHCPv4 and router solicitations. Payload goes over
//! TCP connections of this machine, never through here. Without I/O and without a clock: frames in, frames out. What is malformed,
//! for somebody else, or a fragment, is dropped. Must not know what a port is. Source: RFC 826, 1027, 5227 (probes), 792, 4443, 4861,
//! 2131; IEEE 802.1Q.

mod arp;
mod dhcp;
mod frame;
mod ipv4;
mod ipv6;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::IpAddr;

use isp4xxx::fw::Network;
use smoltcp::wire::EthernetAddress;

use frame::Frame;

/// The station's MAC address, locally administered.
pub const STATION: EthernetAddress = EthernetAddress([0x02, 0x4c, 0x41, 0x4e, 0x00, 0x01]);
/// The largest frame: 9000 bytes of payload with a tagged header.
pub const MAX_FRAME: usize = 9018;
/// As many addresses of the port are remembered; the oldest is forgotten first.
const MAX_OWN: usize = 64;

/// The network.
#[derive(Debug)]
pub struct Lan {
    network: Network,
    /// Addresses that the port has used: nobody else has them.
    own: VecDeque<IpAddr>,
    silent: bool,
    lose: u32,
}

impl Lan {
    /// A network with these services.
    #[must_use]
    pub const fn new(network: Network) -> Self {
        Self {
            network,
            own: VecDeque::new(),
            silent: false,
            lose: 0,
        }
    }

    /// Fault injection: nobody answers while this is on.
    pub fn silence(&mut self, silent: bool) {
        self.silent = silent;
    }

    /// Fault injection: the next so many frames of the port are lost.
    pub fn lose(&mut self, frames: u32) {
        self.lose = frames;
    }

    /// A frame of the port; the answer, if it gets one.
    pub fn frame(&mut self, bytes: &[u8]) -> Option<Vec<u8>> {
        if self.lose > 0 {
            self.lose -= 1;
            return None;
        }
        if self.silent || bytes.len() > MAX_FRAME {
            return None;
        }
        let frame = Frame::read(bytes)?;
        if frame.to != STATION && !frame.to.is_broadcast() && !frame.to.is_multicast() {
            return None;
        }
        match frame.protocol {
            frame::Protocol::Arp => self.arp(&frame),
            frame::Protocol::Ipv4 => self.ipv4(&frame),
            frame::Protocol::Ipv6 => self.ipv6(&frame),
        }
    }

    /// The port uses an address.
    fn learn(&mut self, address: IpAddr) {
        if address.is_unspecified() || address.is_multicast() || self.own.contains(&address) {
            return;
        }
        if self.own.len() == MAX_OWN {
            self.own.pop_front();
        }
        self.own.push_back(address);
    }

    /// Whether the station has an address.
    fn has(&self, address: IpAddr) -> bool {
        let given = self.network.lease.map(|lease| IpAddr::from(lease.address));
        !address.is_unspecified()
            && !address.is_multicast()
            && Some(address) != given
            && !self.own.contains(&address)
    }
}
