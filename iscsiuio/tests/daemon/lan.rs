//! What is behind a ring: neighbours that answer ARP and echo, byte by byte. RFC 826, 791, 792.

use std::net::Ipv4Addr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use driver_sys::port::{PortError, Seqpacket, Until};

use super::kernel::accept;

/// The neighbours of a port, on a thread. It takes one connection of the ring after the other.
pub(crate) struct Lan {
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    ended: AtomicBool,
    silent: AtomicBool,
    cut: AtomicBool,
    asked: AtomicUsize,
    connections: AtomicUsize,
}

/// The MAC address of a neighbour.
pub(crate) fn mac_of(address: Ipv4Addr) -> [u8; 6] {
    let [a, b, c, d] = address.octets();
    [0x02, 0x01, a, b, c, d]
}

impl Lan {
    /// Behind a ring that listens.
    pub(crate) fn behind(listener: OwnedFd) -> Self {
        let state = Arc::new(State::default());
        let shared = state.clone();
        let thread = std::thread::spawn(move || run(&listener, &shared));
        Self {
            state,
            thread: Some(thread),
        }
    }

    /// Nobody answers any more, or everybody does.
    pub(crate) fn silence(&self, on: bool) {
        self.state.silent.store(on, Ordering::SeqCst);
    }

    /// The ring ends.
    pub(crate) fn cut(&self) {
        self.state.cut.store(true, Ordering::SeqCst);
    }

    /// How often somebody was asked for, probes not counted.
    pub(crate) fn asked(&self) -> usize {
        self.state.asked.load(Ordering::SeqCst)
    }

    /// How often the ring was opened.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(listener: &OwnedFd, state: &State) {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd as _;
    while !state.ended.load(Ordering::SeqCst) {
        let mut fds = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        if poll(&mut fds, PollTimeout::from(20_u8)) == Ok(1) {
            let ring = accept(listener, "the ring");
            state.connections.fetch_add(1, Ordering::SeqCst);
            serve(&ring, state);
        }
    }
}

fn serve(ring: &Seqpacket, state: &State) {
    let mut room = [0; 9100];
    while !state.ended.load(Ordering::SeqCst) && !state.cut.swap(false, Ordering::SeqCst) {
        match ring.receive(&mut room, Until::after(Duration::from_millis(20)), "a frame") {
            Ok(frame) => {
                if let Some(answer) = answer(frame, state) {
                    let _ = ring.send(&answer, "a frame");
                }
            }
            Err(PortError::Timeout { .. }) => {}
            Err(_) => return,
        }
    }
}

fn answer(frame: &[u8], state: &State) -> Option<Vec<u8>> {
    match frame.get(12..14)? {
        [0x08, 0x06] => arp(frame, state),
        [0x08, 0x00] => echo(frame, state),
        _ => None,
    }
}

fn arp(frame: &[u8], state: &State) -> Option<Vec<u8>> {
    let packet = frame.get(14..42)?;
    let sender: [u8; 4] = packet[14..18].try_into().unwrap();
    let wanted: [u8; 4] = packet[24..28].try_into().unwrap();
    // A request, no probe, and no announcement.
    if packet[..8] != [0, 1, 8, 0, 6, 4, 0, 1] || sender == [0; 4] || sender == wanted {
        return None;
    }
    state.asked.fetch_add(1, Ordering::SeqCst);
    if state.silent.load(Ordering::SeqCst) {
        return None;
    }
    let own = mac_of(wanted.into());
    let mut answer = Vec::new();
    answer.extend_from_slice(&frame[6..12]);
    answer.extend_from_slice(&own);
    answer.extend_from_slice(&[8, 6, 0, 1, 8, 0, 6, 4, 0, 2]);
    answer.extend_from_slice(&own);
    answer.extend_from_slice(&wanted);
    answer.extend_from_slice(&packet[8..18]);
    Some(answer)
}

fn echo(frame: &[u8], state: &State) -> Option<Vec<u8>> {
    // ICMP in IPv4 without options, an echo request.
    if state.silent.load(Ordering::SeqCst)
        || frame.get(14)? != &0x45
        || frame.get(23)? != &1
        || frame.get(34)? != &8
    {
        return None;
    }
    let mut answer = frame.to_vec();
    answer[..6].copy_from_slice(&frame[6..12]);
    answer[6..12].copy_from_slice(&frame[..6]);
    answer[26..30].copy_from_slice(&frame[30..34]);
    answer[30..34].copy_from_slice(&frame[26..30]);
    answer[34] = 0;
    // The type fell by 8 in the high byte: the checksum rises by that (RFC 1624).
    let sum = u32::from(u16::from_be_bytes([answer[36], answer[37]])) + 0x0800;
    let sum = u16::try_from((sum & 0xffff) + (sum >> 16)).unwrap();
    answer[36..38].copy_from_slice(&sum.to_be_bytes());
    Some(answer)
}
