//! The least that answers a path request: one ARP request on the ring, and its answer to the kernel. No checks, no table, no timers.
//!
//! Source: RFC 826.

use std::collections::HashMap;
use std::io::Read;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use driver_sys::netlink::{Event, Path as NetPath, PathAddrs, Request};
use driver_sys::port::{Seqpacket, Until};
use iscsiuio::nic::FRAME_ROOM;

use lab_tests::network::asker::{readable, waiting};

use super::road::{MAC, SOURCE};

const LIMIT: Duration = Duration::from_secs(10);
const TRANSPORT: u64 = 1;
/// The group of helpers, in a `sockaddr_nl`: family, padding, port ID, groups.
const GROUP: u32 = 2;

/// A thread in the helper's place.
pub(super) struct Bare {
    stop: UnixStream,
    thread: JoinHandle<Result<()>>,
}

impl Bare {
    /// Connects to the endpoint's sockets.
    pub(super) fn start(endpoint: &Path) -> Result<Self> {
        let netlink = Seqpacket::connect(endpoint.join("netlink"), Until::after(LIMIT))?;
        let address = [
            &16_u32.to_ne_bytes()[..],
            &1_u32.to_ne_bytes(),
            &GROUP.to_ne_bytes(),
        ]
        .concat();
        netlink.send(&address, "an address")?;
        let ring = Seqpacket::connect(endpoint.join("l2/iscsi_host1"), Until::after(LIMIT))?;
        let (stop, stopped) = UnixStream::pair()?;
        stopped.set_nonblocking(true)?;
        let thread = thread::spawn(move || work(&netlink, &ring, stopped));
        Ok(Self { stop, thread })
    }

    /// Ends it.
    pub(super) fn end(self) -> Result<()> {
        drop(self.stop);
        self.thread.join().ok().context("the bare helper panicked")?
    }
}

fn work(netlink: &Seqpacket, ring: &Seqpacket, mut stopped: UnixStream) -> Result<()> {
    let mut room = vec![0; FRAME_ROOM];
    let mut asked: HashMap<Ipv4Addr, NetPath> = HashMap::new();
    loop {
        readable(&[netlink.as_fd(), ring.as_fd(), stopped.as_fd()], LIMIT)?;
        if matches!(stopped.read(&mut [0]), Ok(0)) {
            return Ok(());
        }
        // Whoever hung up has ended the run.
        while let Ok(Some(packet)) = waiting(netlink, &mut room) {
            let (_, event) = Event::decode(packet)?;
            let Event::PathRequest { path, .. } = event else {
                continue;
            };
            let PathAddrs::V4 { dst, .. } = path.addrs else {
                continue;
            };
            asked.insert(dst, path);
            ring.send(&request(dst), "a frame")?;
        }
        while let Ok(Some(frame)) = waiting(ring, &mut room) {
            let Some((from, mac)) = answered(frame) else {
                continue;
            };
            let Some(path) = asked.remove(&from) else { continue };
            let update = Request::PathUpdate {
                host_no: 1,
                path: NetPath { mac, ..path },
            };
            netlink.send(&update.encode(TRANSPORT, 1), "an answer")?;
        }
    }
}

/// Who has this address?
pub(super) fn request(to: Ipv4Addr) -> Vec<u8> {
    let ethernet = [&[0xff; 6][..], &MAC, &[0x08, 0x06]].concat();
    let arp = [
        &[0, 1, 8, 0, 6, 4, 0, 1][..],
        &MAC,
        &SOURCE.octets(),
        &[0; 6],
        &to.octets(),
    ]
    .concat();
    [ethernet, arp].concat()
}

/// The address and the MAC address of an answer.
pub(super) fn answered(frame: &[u8]) -> Option<(Ipv4Addr, [u8; 6])> {
    let reply = frame.get(12..14)? == [0x08, 0x06] && frame.get(20..22)? == [0, 2];
    let mac = frame.get(22..28)?.try_into().ok()?;
    let from: [u8; 4] = frame.get(28..32)?.try_into().ok()?;
    reply.then_some((from.into(), mac))
}
