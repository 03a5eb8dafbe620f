//! What every ring asks of a frame and says when its device is gone.

use std::io;

use driver_sys::netdev::TPID;
use nix::errno::Errno;

use crate::net::{LARGEST_MTU, SMALLEST_MTU};

/// Bytes of an Ethernet header.
pub(super) const HEADER: usize = 14;
/// Bytes of an 802.1Q tag.
pub(super) const TAG: usize = 4;

/// A device's MTU as a port's.
pub(super) fn mtu(device: u32) -> u16 {
    u16::try_from(device)
        .unwrap_or(u16::MAX)
        .clamp(SMALLEST_MTU, LARGEST_MTU)
}

/// Refuses what is no frame of a port with this MTU.
pub(super) fn frame(frame: &[u8], mtu: u16) -> io::Result<()> {
    let tag = if frame.get(12..14) == Some(&TPID.to_be_bytes()) {
        TAG
    } else {
        0
    };
    let most = usize::from(mtu) + HEADER + tag;
    if (HEADER + tag..=most).contains(&frame.len()) {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::InvalidInput,
        format!(
            "a frame of {} bytes on a port whose frames have {HEADER} to {most}",
            frame.len()
        ),
    ))
}

/// The device of this name is gone.
pub(super) fn gone(name: &str, source: Errno) -> io::Error {
    io::Error::new(
        io::ErrorKind::NotConnected,
        format!("{name} is gone: {}", source.desc()),
    )
}

/// What sending answered, in the words of [`super::Nic::send`].
pub(super) fn sent(name: &str, answer: Result<(), Errno>) -> io::Result<()> {
    match answer {
        Ok(()) => Ok(()),
        Err(Errno::EAGAIN | Errno::ENOBUFS | Errno::ENOMEM) => Err(io::ErrorKind::WouldBlock.into()),
        Err(Errno::EMSGSIZE) => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{name} takes no frame of this length"),
        )),
        Err(source) => Err(gone(name, source)),
    }
}
