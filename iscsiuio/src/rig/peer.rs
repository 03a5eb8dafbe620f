//! A station on smoltcp's interface.

use std::collections::VecDeque;
use std::net::IpAddr;

use smoltcp::iface::{Config, Interface, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, IpCidr};

/// A station. Its VLAN tag is put on and taken off by the cable.
pub(crate) struct Peer {
    /// The tag of its frames (TCI); `None`: untagged.
    pub(crate) tag: Option<u16>,
    interface: Interface,
    cable: Cable,
}

struct Cable {
    mtu: usize,
    received: VecDeque<Vec<u8>>,
    sent: VecDeque<Vec<u8>>,
}

impl Peer {
    pub(crate) fn new(mac: [u8; 6], mtu: usize, addresses: &[(IpAddr, u8)]) -> Self {
        let mut cable = Cable {
            mtu: mtu + 14,
            received: VecDeque::new(),
            sent: VecDeque::new(),
        };
        let config = Config::new(EthernetAddress(mac).into());
        let mut interface = Interface::new(config, &mut cable, Instant::ZERO);
        interface.update_ip_addrs(|list| {
            for &(address, prefix) in addresses {
                list.push(IpCidr::new(address.into(), prefix))
                    .expect("room for an address");
            }
        });
        Self {
            tag: None,
            interface,
            cable,
        }
    }

    pub(crate) fn on_vlan(mut self, tag: u16) -> Self {
        self.tag = Some(tag);
        self
    }

    /// A frame on the link; what it answers.
    pub(crate) fn frame(&mut self, millis: i64, frame: &[u8]) -> Vec<Vec<u8>> {
        let Some(frame) = untagged(frame, self.tag) else {
            return Vec::new();
        };
        self.cable.received.push_back(frame);
        self.poll(millis)
    }

    /// Time has passed; what it has to send.
    pub(crate) fn poll(&mut self, millis: i64) -> Vec<Vec<u8>> {
        let mut sockets = SocketSet::new(Vec::new());
        let now = Instant::from_millis(millis);
        loop {
            let before = self.cable.sent.len() + self.cable.received.len();
            self.interface.poll(now, &mut self.cable, &mut sockets);
            if self.cable.sent.len() + self.cable.received.len() == before {
                break;
            }
        }
        let tag = self.tag;
        self.cable
            .sent
            .drain(..)
            .map(|frame| tagged(&frame, tag))
            .collect()
    }
}

/// A frame of this tag's VLAN, without the tag.
pub(super) fn untagged(frame: &[u8], tag: Option<u16>) -> Option<Vec<u8>> {
    match (tag, frame.get(12..14)? == [0x81, 0]) {
        (None, false) => Some(frame.to_vec()),
        (Some(tag), true) => {
            let id = u16::from_be_bytes([frame[14], frame[15]]) & 0xfff;
            (id == tag & 0xfff).then(|| [&frame[..12], &frame[16..]].concat())
        }
        // A tag of VLAN 0 only gives a priority; whoever uses one takes frames without.
        (Some(tag), false) if tag & 0xfff == 0 => Some(frame.to_vec()),
        _ => None,
    }
}

pub(super) fn tagged(frame: &[u8], tag: Option<u16>) -> Vec<u8> {
    match tag {
        None => frame.to_vec(),
        Some(tag) => [&frame[..12], &[0x81, 0], &tag.to_be_bytes(), &frame[12..]].concat(),
    }
}

struct Received(Vec<u8>);
struct Sent<'a>(&'a mut VecDeque<Vec<u8>>);

impl Device for Cable {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sent<'a>;

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = self.mtu;
        capabilities
    }

    fn receive(&mut self, _: Instant) -> Option<(Received, Sent<'_>)> {
        Some((Received(self.received.pop_front()?), Sent(&mut self.sent)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sent<'_>> {
        Some(Sent(&mut self.sent))
    }
}

impl RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, f: F) -> R {
        f(&self.0)
    }
}

impl TxToken for Sent<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, f: F) -> R {
        let mut frame = vec![0; len];
        let result = f(&mut frame);
        self.0.push_back(frame);
        result
    }
}
