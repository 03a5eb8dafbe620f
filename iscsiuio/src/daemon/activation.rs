//! Sockets that the service manager opened (sd_listen_fds(3)).
//!
//! The descriptors come as numbers. They are taken over by pidfd_getfd(2) from this very process, which gives owned ones.

use std::os::fd::OwnedFd;

use anyhow::{Context as _, bail};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

/// The control socket, when the service manager made it.
pub(super) fn control() -> anyhow::Result<Option<OwnedFd>> {
    let mut fds = sd_notify::listen_fds().context("the sockets of the service manager")?;
    let Some(first) = fds.next() else { return Ok(None) };
    if fds.len() > 0 {
        bail!(
            "the service manager gives {} sockets, one was expected",
            fds.len() + 1
        );
    }
    let own = pidfd_open(getpid(), PidfdFlags::empty()).context("a descriptor of this process")?;
    let fd =
        pidfd_getfd(&own, first, PidfdGetfdFlags::empty()).context("the socket of the service manager")?;
    nix::unistd::close(first).context("the socket of the service manager")?;
    Ok(Some(fd))
}
