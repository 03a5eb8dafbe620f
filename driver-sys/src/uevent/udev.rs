//! The host's uevents through libudev.
//!
//! Listens to the kernel's own group, not to udevd's: the same events in the same order with and without a udevd (an initramfs has
//! none), and none is held back by a rule. libudev checks who sent a message and takes it apart. Source: libudev(3), `udev_monitor`.

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::PollFlags;
use nix::sys::socket::{setsockopt, sockopt::RcvBuf};
use udev::{MonitorBuilder, MonitorSocket};

use super::KernelEvent;
use crate::port::{PortError, Until, wait};

/// A listener.
pub(super) struct Monitor(MonitorSocket);

impl Monitor {
    /// Starts to listen, with a receive buffer of so many bytes if the system gives it.
    pub(super) fn open(buffer: usize) -> Result<Self, Errno> {
        let errno = |error: std::io::Error| Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO));
        let socket = MonitorBuilder::new_kernel()
            .and_then(MonitorBuilder::listen)
            .map_err(errno)?;
        let _ = setsockopt(&socket, RcvBuf, &buffer);
        Ok(Self(socket))
    }

    /// The next event.
    pub(super) fn receive(&self, until: Until) -> Result<KernelEvent, PortError> {
        let begin = Instant::now();
        loop {
            Errno::clear();
            if let Some(event) = self.0.iter().next() {
                return Ok(plain(&event));
            }
            // The iterator keeps the reason to itself; libudev leaves it in errno.
            match Errno::last() {
                Errno::EAGAIN => wait(self, PollFlags::POLLIN, begin, until, "uevent")?,
                Errno::ENOBUFS => return Err(PortError::Overrun),
                // A message that libudev cannot take apart, or whose device it does not find: it is gone from the socket.
                Errno::EINTR | Errno::EINVAL | Errno::EBADMSG | Errno::ENODEV | Errno::ENOENT
                    if !until.over() => {}
                errno => return Err(PortError::system("receiving uevent", errno)),
            }
        }
    }
}

/// An event as it would have been read from the socket itself, but for the order of its pairs.
fn plain(event: &udev::Event) -> KernelEvent {
    let text = |value: &OsStr| value.to_string_lossy().into_owned();
    let pairs = event
        .properties()
        .map(|pair| (text(pair.name()), text(pair.value())));
    KernelEvent {
        action: event.action().map_or_else(String::new, text),
        devpath: text(event.devpath()),
        pairs: pairs.collect(),
    }
}

impl AsFd for Monitor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Monitor").field(&self.as_fd()).finish()
    }
}
