//! A switch that turns a VLAN of the cable into a network without tags: the far machine's device is on that VLAN alone.
//!
//! For kernels that have no 802.1Q devices, too. Owns a thread; must not know what is in a frame beyond its addresses and tag.
//! Source: IEEE 802.1Q, clause 9.6.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::{Context, Result};
use iscsiuio::nic::{FRAME_ROOM, Nic, Packet, Tap};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::segment::ip;
use super::{FAR, Segment, port};

/// The far machine's device on the VLAN.
pub const ACCESS: &str = "access0";
/// The device's own address.
const MAC: [u8; 6] = [0x02, 0x10, 0x18, 0, 0xff, 2];
const TPID: [u8; 2] = [0x81, 0x00];

/// The running switch.
#[derive(Debug)]
pub struct Access {
    stop: UnixStream,
    untagged: Arc<AtomicU64>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Access {
    /// Takes the far machine's addresses from [`FAR`] and puts them on [`ACCESS`], on this VLAN.
    ///
    /// # Errors
    /// The devices cannot be made.
    pub fn start(segment: &Segment, vlan_id: u16) -> Result<Self> {
        let plan = segment.plan;
        ip(&segment.far, &format!("address flush dev {FAR}"))?;
        ip(&segment.far, &format!("tuntap add dev {ACCESS} mode tap"))?;
        let address = "02:10:18:00:ff:02";
        ip(&segment.far, &format!("link set {ACCESS} address {address}"))?;
        // Each takes frames for one address, as adapters do: the wire those for the machine, the machine's side those for the port.
        let (wire, machine) = segment
            .far
            .run(|| -> Result<_> { Ok((Packet::open(FAR, MAC)?, Tap::open(ACCESS, port::MAC)?)) })??;
        ip(&segment.far, &format!("address add {}/24 dev {ACCESS}", plan.v4))?;
        ip(
            &segment.far,
            &format!("address add {}/64 dev {ACCESS} nodad", plan.v6),
        )?;
        ip(&segment.far, &format!("link set {ACCESS} up"))?;
        let (stop, stopped) = UnixStream::pair()?;
        let untagged = Arc::new(AtomicU64::new(0));
        let mut switch = Switch {
            wire,
            machine,
            stopped,
            untagged: Arc::clone(&untagged),
            tag: vlan_id.to_be_bytes(),
        };
        let work = move || switch.run();
        let thread = segment
            .far
            .run(|| thread::Builder::new().name("switch".into()).spawn(work))??;
        Ok(Self {
            stop,
            untagged,
            thread: Some(thread),
        })
    }

    /// Frames without this VLAN's tag that came from the cable.
    #[must_use]
    pub fn untagged(&self) -> u64 {
        self.untagged.load(Ordering::Relaxed)
    }
}

impl Drop for Access {
    fn drop(&mut self) {
        let _ = self.stop.shutdown(std::net::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Switch {
    wire: Packet,
    machine: Tap,
    stopped: UnixStream,
    untagged: Arc<AtomicU64>,
    tag: [u8; 2],
}

impl Switch {
    fn run(&mut self) -> Result<()> {
        let mut room = vec![0; FRAME_ROOM];
        loop {
            let mut fds = [
                PollFd::new(self.wire.fd(), PollFlags::POLLIN),
                PollFd::new(self.machine.fd(), PollFlags::POLLIN),
                PollFd::new(self.stopped.as_fd(), PollFlags::POLLIN),
            ];
            poll(&mut fds, PollTimeout::NONE)?;
            if fds[2].any().context("a known event")? {
                return Ok(());
            }
            while let Some(length) = self.wire.receive(&mut room)? {
                let frame = &room[..length];
                match (frame.get(12..14), frame.get(14..16)) {
                    (Some(tpid), Some([high, low])) if tpid == TPID && [high & 0x0f, *low] == self.tag => {
                        let bare = [&frame[..12], &frame[16..]].concat();
                        hand_over(self.machine.send(&bare))?;
                    }
                    _ => {
                        self.untagged.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
            while let Some(length) = self.machine.receive(&mut room)? {
                let Some((addresses, rest)) = room[..length].split_at_checked(12) else {
                    continue;
                };
                let tagged = [addresses, &TPID, &self.tag, rest].concat();
                hand_over(self.wire.send(&tagged))?;
            }
        }
    }
}

/// A full device loses a frame, as a switch does.
fn hand_over(sent: std::io::Result<()>) -> Result<()> {
    match sent {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(()),
        sent => Ok(sent?),
    }
}
