//! Ethernet, IP and TCP headers of one segment.

use std::net::{IpAddr, SocketAddr};

/// The longest payload of one frame; IP counts in 16 bits.
pub(super) const MAX_PAYLOAD: usize = 64_000;

/// TCP flags.
pub(super) mod flag {
    pub(in super::super) const FIN: u8 = 0x01;
    pub(in super::super) const SYN: u8 = 0x02;
    pub(in super::super) const RST: u8 = 0x04;
    pub(in super::super) const PSH: u8 = 0x08;
    pub(in super::super) const ACK: u8 = 0x10;
}

/// MSS and a window scale, so that no window of the capture is ever full.
const SYN_OPTIONS: [u8; 8] = [2, 4, 0xfa, 0x00, 3, 3, 14, 0];
const WINDOW: u16 = 0xffff;
const HOPS: u8 = 64;
const TCP: u8 = 6;

/// One segment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) flags: u8,
    /// At most [`MAX_PAYLOAD`] bytes.
    pub(super) payload: &'a [u8],
}

/// Everything before the payload.
pub(super) fn head(segment: &Segment<'_>) -> Vec<u8> {
    let options = if segment.flags & flag::SYN != 0 {
        &SYN_OPTIONS[..]
    } else {
        &[]
    };
    let mut tcp = Vec::with_capacity(28);
    tcp.extend_from_slice(&segment.from.port().to_be_bytes());
    tcp.extend_from_slice(&segment.to.port().to_be_bytes());
    tcp.extend_from_slice(&segment.seq.to_be_bytes());
    let ack = if segment.flags & flag::ACK != 0 {
        segment.ack
    } else {
        0
    };
    tcp.extend_from_slice(&ack.to_be_bytes());
    let words = (20 + options.len()) / 4;
    tcp.extend_from_slice(&[(words << 4) as u8, segment.flags]);
    tcp.extend_from_slice(&WINDOW.to_be_bytes());
    tcp.extend_from_slice(&[0; 4]);
    tcp.extend_from_slice(options);
    let length = tcp.len() + segment.payload.len();

    let (from, to) = (segment.from.ip().to_canonical(), segment.to.ip().to_canonical());
    let mut head = Vec::with_capacity(82);
    // Locally administered addresses, told apart by the last byte of the IP address and the port.
    for address in [segment.to, segment.from] {
        let [high, low] = address.port().to_be_bytes();
        head.extend_from_slice(&[0x02, 0x00, 0x00, last(address.ip()), high, low]);
    }
    let mut sum = Checksum::default();
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            head.extend_from_slice(&[0x08, 0x00]);
            let start = head.len();
            let total = (20 + length) as u16;
            head.extend_from_slice(&[0x45, 0]);
            head.extend_from_slice(&total.to_be_bytes());
            // Don't fragment.
            head.extend_from_slice(&[0, 0, 0x40, 0, HOPS, TCP, 0, 0]);
            head.extend_from_slice(&from.octets());
            head.extend_from_slice(&to.octets());
            let mut header = Checksum::default();
            header.add(head.get(start..).unwrap_or_default());
            put(&mut head, start + 10, header.finish());
            sum.add(&from.octets());
            sum.add(&to.octets());
        }
        (from, to) => {
            head.extend_from_slice(&[0x86, 0xdd, 0x60, 0, 0, 0]);
            head.extend_from_slice(&(length as u16).to_be_bytes());
            head.extend_from_slice(&[TCP, HOPS]);
            for address in [from, to] {
                let octets = match address {
                    IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
                    IpAddr::V6(v6) => v6.octets(),
                };
                head.extend_from_slice(&octets);
                sum.add(&octets);
            }
        }
    }
    sum.add(&(length as u32).to_be_bytes());
    sum.add(&[0, TCP]);
    sum.add(&tcp);
    sum.add(segment.payload);
    put(&mut tcp, 16, sum.finish());
    head.extend_from_slice(&tcp);
    head
}

fn last(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(v4) => v4.octets()[3],
        IpAddr::V6(v6) => v6.octets()[15],
    }
}

fn put(bytes: &mut [u8], at: usize, value: u16) {
    if let Some(to) = bytes.get_mut(at..at + 2) {
        to.copy_from_slice(&value.to_be_bytes());
    }
}

/// The Internet checksum (RFC 1071). Every part but the last has an even length.
#[derive(Default)]
struct Checksum(u64);

impl Checksum {
    fn add(&mut self, bytes: &[u8]) {
        let mut pairs = bytes.chunks_exact(2);
        for pair in &mut pairs {
            if let &[high, low] = pair {
                self.0 += u64::from(u16::from_be_bytes([high, low]));
            }
        }
        if let &[odd] = pairs.remainder() {
            self.0 += u64::from(odd) << 8;
        }
    }

    const fn finish(&self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }
}
