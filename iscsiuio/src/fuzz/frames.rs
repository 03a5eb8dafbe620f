//! Hostile frames, in between path requests, pings, links and time, over a port with an untagged interface and a VLAN. Nothing panics,
//! every question gets one answer, tables are bounded, timers rest, and what is sent is well formed.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

use driver_sys::netlink::{Path, PathAddrs};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    ArpPacket, ArpRepr, EthernetFrame, EthernetProtocol, Icmpv4Packet, Icmpv6Packet, IpProtocol, Ipv4Packet,
    Ipv4Repr, Ipv6Packet, Ipv6Repr, UdpPacket,
};

use super::script::Script;
use crate::port::{
    Effect, InterfaceConfig, Ipv4Source, Ipv6Source, LinkLocalSource, Ping, PingId, Port, PortConfig,
    RouterSource, Vlan,
};

const US: [u8; 6] = [2, 0, 0, 0, 0, 1];
const OURS4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const OURS6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 10);
/// No question waits longer.
const LIMIT: Duration = Duration::from_secs(10);

struct World {
    port: Port,
    now: Instant,
    /// Requests without their answers yet, by handle.
    asked: BTreeMap<u64, usize>,
    pinged: BTreeMap<u64, usize>,
    number: u64,
}

/// The body.
pub fn frames(input: &[u8]) {
    let mut script = Script::new(input);
    let now = Instant::now();
    let seed = [script.byte(); 32];
    let config = PortConfig {
        host: 1,
        mac: US,
        mtu: 9000,
        seed,
    };
    let mut world = World {
        port: Port::new(config, now),
        now,
        asked: BTreeMap::new(),
        pinged: BTreeMap::new(),
        number: 0,
    };
    let given = script.flag();
    for vlan in [None, Some(Vlan { id: 100, priority: 3 })] {
        world.port.configure(now, interface(vlan, given));
    }
    world.wait(Duration::from_secs(3));
    while !script.is_empty() {
        world.step(&mut script);
        world.drain();
        world.check();
    }
    world.port.down(world.now);
    world.drain();
    assert!(
        world.asked.is_empty() && world.pinged.is_empty(),
        "questions without an answer"
    );
    world.wait(Duration::from_secs(20));
    assert_eq!(
        world.port.poll_timeout(),
        None,
        "a port that is down has nothing to do"
    );
}

fn interface(vlan: Option<Vlan>, given: bool) -> InterfaceConfig {
    let v4 = Ipv4Source::Static {
        address: OURS4,
        prefix: 24,
        gateway: Some(Ipv4Addr::new(192, 0, 2, 1)),
    };
    let v6 = Ipv6Source::Static {
        address: OURS6,
        prefix: 64,
    };
    InterfaceConfig {
        vlan,
        mtu: None,
        v4: if given { v4 } else { Ipv4Source::Dhcp },
        v6: if given { v6 } else { Ipv6Source::Auto },
        link_local: LinkLocalSource::Auto,
        router: RouterSource::Auto,
    }
}

impl World {
    fn step(&mut self, script: &mut Script<'_>) {
        match script.byte() % 12 {
            0 => self.port.frame(self.now, script.piece()),
            1..=6 => {
                let frame = frame(script);
                self.port.frame(self.now, &frame);
            }
            7 | 8 => self.ask(script),
            9 => self.wait(Duration::from_millis(u64::from(script.short()) % 20_000)),
            10 => self.ping(script),
            _ => match script.byte() % 4 {
                0 => self.port.link(self.now, script.flag()),
                1 => {
                    let vlan = Vlan {
                        id: script.short(),
                        priority: script.byte(),
                    };
                    self.port
                        .configure(self.now, interface(script.flag().then_some(vlan), script.flag()));
                }
                2 => {
                    let saved = self.port.status(self.now).interfaces;
                    self.port.down(self.now);
                    saved
                        .iter()
                        .for_each(|interface| self.port.resume(self.now, interface));
                }
                _ => self.port.link(self.now, true),
            },
        }
    }

    fn ask(&mut self, script: &mut Script<'_>) {
        let handle = self.number;
        self.number += u64::from(script.flag());
        let addrs = match host(script) {
            IpAddr::V4(dst) => PathAddrs::V4 { src: OURS4, dst },
            IpAddr::V6(dst) => PathAddrs::V6 { src: OURS6, dst },
        };
        let vlan_id = [0, 100, 7, 0x6064][usize::from(script.byte() % 4)];
        *self.asked.entry(handle).or_default() += 1;
        self.port.path_request(
            self.now,
            Path {
                handle,
                mac: [0; 6],
                mac_old: [0; 6],
                addrs,
                vlan_id,
                pmtu: script.short(),
            },
        );
    }

    fn ping(&mut self, script: &mut Script<'_>) {
        self.number += 1;
        *self.pinged.entry(self.number).or_default() += 1;
        let ping = Ping {
            vlan_id: if script.flag() { 100 } else { 0 },
            to: host(script),
            size: script.short(),
            limit: Duration::from_millis(script.short().into()),
        };
        self.port.ping(self.now, PingId(self.number), ping);
    }

    fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        for turn in 0.. {
            self.drain();
            let Some(at) = self.port.poll_timeout().filter(|at| *at <= end) else {
                break;
            };
            assert!(turn < 20_000, "it never rests");
            self.now = self.now.max(at);
            self.port.handle_timeout(self.now);
        }
        self.now = end;
    }

    fn drain(&mut self) {
        for turn in 0.. {
            match self.port.poll() {
                None => return,
                Some(Effect::Send(frame)) => well_formed(&frame),
                Some(Effect::Path(path)) => answered(&mut self.asked, path.handle),
                Some(Effect::PingDone { id, .. }) => answered(&mut self.pinged, id.0),
                Some(Effect::Changed) => {}
            }
            assert!(turn < 300_000, "it says too much at once");
        }
    }

    fn check(&self) {
        let status = self.port.status(self.now);
        assert_eq!(status.pending, self.asked.values().sum::<usize>());
        assert!(status.interfaces.len() <= 64);
        assert!(status.interfaces.iter().all(|i| i.neighbours.len() <= 1024));
        if status.pending > 0 {
            assert!(self.port.poll_timeout().is_some_and(|at| at <= self.now + LIMIT));
        }
    }
}

fn answered(open: &mut BTreeMap<u64, usize>, which: u64) {
    let left = open.get_mut(&which).unwrap();
    *left -= 1;
    if *left == 0 {
        open.remove(&which);
    }
}

/// Somebody near or far, of either family.
fn host(script: &mut Script<'_>) -> IpAddr {
    let last = script.byte() % 16;
    match script.byte() % 6 {
        0 | 1 => Ipv4Addr::new(192, 0, 2, last).into(),
        2 => Ipv4Addr::new(198, 51, 100, last).into(),
        3 => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last.into()).into(),
        4 => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last.into()).into(),
        _ => Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last.into()).into(),
    }
}

/// A frame whose checksums and lengths are right, so that what is inside is looked at.
fn frame(script: &mut Script<'_>) -> Vec<u8> {
    let from = [2, 0, 0, 0, 1, script.byte() % 8];
    let (protocol, packet) = match script.byte() % 4 {
        0 => (EthernetProtocol::Arp, arp(script, from)),
        1 => (EthernetProtocol::Ipv4, packet4(script)),
        _ => (EthernetProtocol::Ipv6, packet6(script)),
    };
    let to = match script.byte() % 3 {
        0 => [255; 6],
        1 => [0x33, 0x33, 0, 0, 0, 1],
        _ => US,
    };
    let tag = [0x81, 0, script.byte() & 0xe0, 100];
    let tag: &[u8] = if script.flag() { &tag } else { &[] };
    [&to[..], &from, tag, &u16::from(protocol).to_be_bytes(), &packet].concat()
}

fn arp(script: &mut Script<'_>, from: [u8; 6]) -> Vec<u8> {
    let address = |script: &mut Script<'_>| match script.byte() % 4 {
        0 => OURS4.octets(),
        1 => [0; 4],
        _ => [192, 0, 2, script.byte() % 16],
    };
    let (sender, target) = (address(script), address(script));
    [
        &[0, 1, 8, 0, 6, 4, 0, 1 + script.byte() % 2][..],
        &from,
        &sender,
        &US,
        &target,
    ]
    .concat()
}

fn packet4(script: &mut Script<'_>) -> Vec<u8> {
    let source = Ipv4Addr::new(192, 0, 2, script.byte() % 16);
    let protocol = if script.flag() {
        IpProtocol::Icmp
    } else {
        IpProtocol::Udp
    };
    let mut payload = script.piece().to_vec();
    match protocol {
        IpProtocol::Icmp if payload.len() >= 8 => {
            Icmpv4Packet::new_unchecked(&mut payload[..]).fill_checksum();
        }
        _ => udp(&mut payload, source.into(), OURS4.into(), 68),
    }
    let mut bytes = vec![0; 20];
    bytes.extend_from_slice(&payload);
    let repr = Ipv4Repr {
        src_addr: source,
        dst_addr: OURS4,
        next_header: protocol,
        payload_len: payload.len(),
        hop_limit: 64,
    };
    let mut packet = Ipv4Packet::new_unchecked(&mut bytes[..]);
    repr.emit(&mut packet, &ChecksumCapabilities::default());
    if script.flag() {
        packet.set_ident(script.byte().into());
        packet.set_more_frags(script.flag());
        packet.set_frag_offset(u16::from(script.byte() % 8) * 8);
        packet.fill_checksum();
    }
    bytes
}

fn packet6(script: &mut Script<'_>) -> Vec<u8> {
    let last = (script.byte() % 16).into();
    let source = match script.byte() % 3 {
        0 => Ipv6Addr::UNSPECIFIED,
        1 => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last),
        _ => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last),
    };
    let destination = if script.flag() {
        OURS6
    } else {
        Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1)
    };
    let mut payload = script.piece().to_vec();
    let next = match script.byte() % 5 {
        0 => IpProtocol::Unknown(script.byte()),
        1 => {
            udp(&mut payload, source.into(), destination.into(), 546);
            IpProtocol::Udp
        }
        2 => IpProtocol::Ipv6Frag,
        _ => {
            if payload.len() >= 8 {
                payload[0] = [128, 129, 130, 134, 135, 136, 2, 1][usize::from(payload[0] % 8)];
                Icmpv6Packet::new_unchecked(&mut payload[..]).fill_checksum(&source, &destination);
            }
            IpProtocol::Icmpv6
        }
    };
    let hop_limit = if script.byte().is_multiple_of(8) { 1 } else { 255 };
    let repr = Ipv6Repr {
        src_addr: source,
        dst_addr: destination,
        next_header: next,
        payload_len: payload.len(),
        hop_limit,
    };
    let mut bytes = vec![0; 40];
    bytes.extend_from_slice(&payload);
    repr.emit(&mut Ipv6Packet::new_unchecked(&mut bytes[..]));
    bytes
}

fn udp(payload: &mut [u8], source: IpAddr, destination: IpAddr, port: u16) {
    let length = payload.len();
    if length >= 8 {
        let mut udp = UdpPacket::new_unchecked(payload);
        udp.set_dst_port(port);
        udp.set_len(u16::try_from(length).unwrap());
        udp.fill_checksum(&source.into(), &destination.into());
    }
}

/// What others' readers say of a frame of ours.
fn well_formed(frame: &[u8]) {
    assert!((60..=9018).contains(&frame.len()));
    let ethernet = EthernetFrame::new_checked(frame).unwrap();
    assert_eq!(ethernet.src_addr().0, US);
    let (protocol, payload) = match ethernet.ethertype() {
        EthernetProtocol::Unknown(0x8100) => {
            let inner = &ethernet.payload()[2..];
            (
                EthernetProtocol::from(u16::from_be_bytes([inner[0], inner[1]])),
                &inner[2..],
            )
        }
        protocol => (protocol, ethernet.payload()),
    };
    match protocol {
        EthernetProtocol::Arp => {
            ArpRepr::parse(&ArpPacket::new_checked(payload).unwrap()).unwrap();
        }
        EthernetProtocol::Ipv4 => {
            let packet = Ipv4Packet::new_checked(payload).unwrap();
            assert!(packet.verify_checksum());
            assert!(usize::from(packet.total_len()) == payload.len() || frame.len() == 60);
        }
        EthernetProtocol::Ipv6 => {
            let packet = Ipv6Packet::new_checked(payload).unwrap();
            assert!(packet.total_len() == payload.len() || frame.len() == 60);
            if packet.next_header() == IpProtocol::Icmpv6 {
                let icmp = Icmpv6Packet::new_checked(packet.payload()).unwrap();
                assert!(icmp.verify_checksum(&packet.src_addr(), &packet.dst_addr()));
            }
        }
        EthernetProtocol::Unknown(other) => panic!("a frame of {other:#06x}"),
    }
}
