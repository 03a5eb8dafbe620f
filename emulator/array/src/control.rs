//! The control socket of a served target: faults in, one line back.
//!
//! SOCK_SEQPACKET; a request packet is a fault as text (see [`crate::fault::WORDS`]), `status` (sessions, connections, bytes of memory
//! that the data of commands holds, portals), or an order about logical units (`unit-add NUMBER|- UNIT`, `unit-remove NUMBER`,
//! `unit-list FROM`); the answer packet is `ok`, `ok TEXT` or `error TEXT`.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::socket::{self, AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, sockopt};
use nix::sys::time::TimeVal;

use crate::fault::Fault;
use crate::lun::LunSpec;
use crate::unit_order::{UnitLine, UnitOrder};

/// Longest packet either way.
pub(crate) const MAX_PACKET: usize = 4096;
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Tells a running target to go wrong, and waits until it says that it does.
///
/// # Errors
/// What the socket answers, `TimedOut`, or `InvalidInput` with the target's reason.
pub fn send(path: &Path, fault: &Fault) -> io::Result<()> {
    request(path, &fault.to_string()).map(drop)
}

/// The target's state: one `key value` pair a line.
///
/// # Errors
/// As [`send`].
pub fn status(path: &Path) -> io::Result<String> {
    request(path, "status")
}

/// Adds a logical unit to a running target; every session gets unit attention 3F/0E. Without a number it gets the lowest that is
/// free; the number is given back. Relative paths are the target's, not the caller's.
///
/// # Errors
/// As [`send`]; `InvalidInput` also for a unit whose name cannot stand in a line.
pub fn add_unit(path: &Path, number: Option<u16>, spec: &LunSpec) -> io::Result<u16> {
    let order = UnitOrder::Add {
        number,
        spec: spec.clone(),
    };
    let text = order.to_string();
    if text.parse().as_ref() != Ok(&order) || text.len() > MAX_PACKET {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the name of this file cannot be told to the target",
        ));
    }
    request(path, &text)?.parse().map_err(|_| nonsense())
}

/// Takes a logical unit away from a running target and lets go of its file; every session gets unit attention 3F/0E, and what the
/// unit has been asked is ended.
///
/// # Errors
/// As [`send`].
pub fn remove_unit(path: &Path, number: u16) -> io::Result<()> {
    request(path, &UnitOrder::Remove(number).to_string()).map(drop)
}

/// The logical units of a running target, by number. Units that a fault hides are not among them.
///
/// # Errors
/// As [`send`].
pub fn units(path: &Path) -> io::Result<Vec<UnitLine>> {
    let mut units: Vec<UnitLine> = Vec::new();
    let mut from = 0;
    let end = Instant::now() + ANSWER_WITHIN;
    loop {
        if Instant::now() > end {
            return Err(late(Errno::EAGAIN));
        }
        let text = request(path, &UnitOrder::List(from).to_string())?;
        let lines = text.lines().filter(|line| !line.is_empty()).map(UnitLine::read);
        let page: Vec<UnitLine> = lines.collect::<Option<_>>().ok_or_else(nonsense)?;
        // Whoever answers, the numbers go up.
        let Some(next) = page.last().and_then(|unit| unit.number.checked_add(1)) else {
            return Ok(units);
        };
        if next <= from {
            return Err(nonsense());
        }
        from = next;
        units.extend(page);
    }
}

fn nonsense() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the control socket answers nonsense")
}

fn request(path: &Path, text: &str) -> io::Result<String> {
    let fd = socket::socket(
        AddressFamily::Unix,
        SockType::SeqPacket,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    // For sending and connecting alike: a server whose queue of callers is full does not answer either.
    let within = TimeVal::new(ANSWER_WITHIN.as_secs() as i64, 0);
    socket::setsockopt(&fd, sockopt::ReceiveTimeout, &within)?;
    socket::setsockopt(&fd, sockopt::SendTimeout, &within)?;
    socket::connect(fd.as_raw_fd(), &UnixAddr::new(path)?).map_err(late)?;
    exchange(&fd, text)
}

/// What a call says whose time is over.
fn late(errno: Errno) -> io::Error {
    match errno {
        Errno::EAGAIN => io::Error::new(
            io::ErrorKind::TimedOut,
            "the target does not answer on its control socket",
        ),
        errno => errno.into(),
    }
}

/// One request and its answer over a connected socket.
pub(crate) fn exchange(fd: &OwnedFd, text: &str) -> io::Result<String> {
    socket::send(fd.as_raw_fd(), text.as_bytes(), MsgFlags::MSG_NOSIGNAL).map_err(late)?;
    let mut answer = vec![0u8; MAX_PACKET];
    let n = match socket::recv(fd.as_raw_fd(), &mut answer, MsgFlags::empty()) {
        Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the target is gone")),
        Ok(n) => n,
        Err(errno) => return Err(late(errno)),
    };
    let answer = String::from_utf8_lossy(answer.get(..n).unwrap_or_default()).into_owned();
    match answer.split_once(' ').unwrap_or((&answer, "")) {
        ("ok", text) => Ok(text.to_owned()),
        ("error", text) => Err(io::Error::new(io::ErrorKind::InvalidInput, text.to_owned())),
        _ => Err(nonsense()),
    }
}
