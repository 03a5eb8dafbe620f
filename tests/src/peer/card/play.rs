//! The thread that plays the card: doorbells, interrupts and the cable.
//!
//! Source: `uio.c` (`uio_open`, `uio_event_notify`), `cnic.c` (`cnic_uio_open`: one opens it at a time).

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::Result;
use driver_sys::port::{Seqpacket, Until};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::socket::{
    AddressFamily, Backlog, MsgFlags, SockFlag, SockType, UnixAddr, bind, listen, recv, send, socket,
};

use super::chip::Chip;

/// How long the endpoint's ring may take to be ours.
const CONNECT: Duration = Duration::from_secs(2);
/// How often a card that nobody has opened looks whether it is to end, in milliseconds.
const CLOSED: u16 = 20;
/// So long after a frame, the card looks for doorbells all the time; later it rests between two looks.
const EAGER: Duration = Duration::from_millis(1);
const REST: Duration = Duration::from_micros(100);
/// As many frames of the cable are taken in a turn.
const TURN: usize = 16;

/// A card being played; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Playing {
    stop: Arc<AtomicBool>,
    trouble: Trouble,
    thread: Option<JoinHandle<()>>,
}

/// What went wrong.
type Trouble = Arc<Mutex<Vec<String>>>;

impl Playing {
    /// Listens at `door` for whoever opens the device; frames go to `ring` and come from there.
    pub(super) fn start(chip: Chip, door: &Path, ring: PathBuf) -> Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let listener = socket(AddressFamily::Unix, SockType::SeqPacket, flags, None)?;
        bind(listener.as_raw_fd(), &UnixAddr::new(door)?)?;
        listen(&listener, Backlog::new(4)?)?;
        let listener = UnixListener::from(listener);
        let stop = Arc::new(AtomicBool::new(false));
        let trouble = Trouble::default();
        let told = Arc::clone(&trouble);
        let mut card = Work {
            chip,
            ring,
            stop: Arc::clone(&stop),
        };
        let thread = thread::Builder::new().name("card".into()).spawn(move || {
            while !card.ends() {
                // It is closed then, as when a driver gives up; who has it open sees that, and the test what it was.
                if let Err(error) = card.wait(&listener) {
                    told.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(format!("{error:#}"));
                }
            }
        })?;
        Ok(Self {
            stop,
            trouble,
            thread: Some(thread),
        })
    }

    /// What went wrong so far.
    pub(super) fn trouble(&self) -> Vec<String> {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Work {
    chip: Chip,
    ring: PathBuf,
    stop: Arc<AtomicBool>,
}

impl Work {
    fn ends(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Nobody has it open.
    fn wait(&mut self, listener: &UnixListener) -> Result<()> {
        let mut asked = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        if poll(&mut asked, CLOSED)? == 0 {
            return Ok(());
        }
        let (opener, _) = listener.accept()?;
        let cable = Seqpacket::connect(&self.ring, Until::after(CONNECT))?;
        self.chip.open()?;
        send(opener.as_raw_fd(), &[1], MsgFlags::MSG_NOSIGNAL)?;
        let played = self.play(&opener, &cable);
        self.chip.close()?;
        played
    }

    /// Somebody has it open.
    fn play(&mut self, opener: &UnixStream, cable: &Seqpacket) -> Result<()> {
        let (interrupts, wire) = (opener.as_raw_fd(), cable.as_fd().as_raw_fd());
        let mut room = vec![0; 64 * 1024];
        let (mut count, mut last) = (0_u32, Instant::now());
        let mut leaving = VecDeque::new();
        while !self.ends() {
            let mut moved = false;
            if leaving.is_empty() {
                leaving.extend(self.chip.transmit()?);
                moved = !leaving.is_empty();
            }
            while let Some(frame) = leaving.front() {
                match send(wire, frame, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL) {
                    // The cable is busy: the chip waits, and loses nothing.
                    Err(Errno::EAGAIN) => break,
                    sent => drop(sent?),
                }
                leaving.pop_front();
            }
            for _ in 0..TURN {
                if !self.chip.has_room()? {
                    break;
                }
                match recv(wire, &mut room, MsgFlags::MSG_DONTWAIT) {
                    Ok(0) => return Ok(()),
                    Ok(length) => self.chip.receive(room.get(..length).unwrap_or(&[]))?,
                    Err(Errno::EAGAIN) => break,
                    Err(error) => return Err(error.into()),
                }
                moved = true;
            }
            if moved {
                (count, last) = (count.wrapping_add(1), Instant::now());
                match send(
                    interrupts,
                    &count.to_ne_bytes(),
                    MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL,
                ) {
                    // Those that wait to be read say that there was one.
                    Ok(_) | Err(Errno::EAGAIN) => {}
                    Err(Errno::EPIPE | Errno::ECONNRESET) => return Ok(()),
                    Err(error) => return Err(error.into()),
                }
            } else if last.elapsed() < EAGER {
                thread::yield_now();
            } else {
                if matches!(
                    recv(interrupts, &mut [0; 4], MsgFlags::MSG_DONTWAIT),
                    Ok(0) | Err(Errno::ECONNRESET)
                ) {
                    return Ok(());
                }
                thread::sleep(REST);
            }
        }
        Ok(())
    }
}
