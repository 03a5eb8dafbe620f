//! What the daemon can still do once it runs: capabilities, files and system calls.
//!
//! It stays able to open netlink sockets and rings, to read sysfs and to write its state; not to run programs, to open other files or to
//! talk to a network by sockets of the system. Threads inherit the limits, so that they are set before any is started. Source:
//! capabilities(7), landlock(7), seccomp(2); `scsi_transport_iscsi.c` (`iscsi_if_rx`: CAP_SYS_ADMIN), `cnic.c` (`cnic_uio_open`:
//! CAP_NET_ADMIN).

mod calls;
mod paths;

use std::path::Path;

use anyhow::Context as _;
use driver_sys::Endpoint;
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

/// What is left.
#[derive(Debug, Clone, Copy)]
pub struct Limits<'a> {
    /// Where the adapters are.
    pub endpoint: &'a Endpoint,
    /// Where the state is.
    pub state: &'a Path,
}

/// The limits that hold.
#[derive(Debug)]
pub struct Sandbox {
    files: paths::Held,
    capabilities: CapabilitySet,
}

impl Sandbox {
    /// Limits this thread, and those that it starts, for good.
    ///
    /// # Errors
    /// The system refuses a limit. A kernel that has no landlock is told of by [`Sandbox::tell`].
    pub fn enter(limits: &Limits<'_>) -> anyhow::Result<Self> {
        let capabilities = drop_capabilities(limits.endpoint).context("capabilities cannot be dropped")?;
        let files = paths::limit(limits).context("files cannot be limited")?;
        calls::limit().context("system calls cannot be limited")?;
        Ok(Self { files, capabilities })
    }

    /// Says in the log what holds.
    pub fn tell(&self) {
        match self.files {
            paths::Held::All => {}
            paths::Held::Some => tracing::info!("this kernel's landlock knows not all limits of files"),
            paths::Held::None => tracing::warn!("this kernel has no landlock: files are not limited"),
        }
        tracing::debug!(files = ?self.files, capabilities = ?self.capabilities, "limits hold");
    }
}

/// What a kernel asks for; an emulated one asks for nothing.
fn needed(endpoint: &Endpoint) -> CapabilitySet {
    match endpoint {
        Endpoint::Host => CapabilitySet::SYS_ADMIN | CapabilitySet::NET_ADMIN | CapabilitySet::NET_RAW,
        Endpoint::Dir(_) => CapabilitySet::empty(),
    }
}

fn drop_capabilities(endpoint: &Endpoint) -> rustix::io::Result<CapabilitySet> {
    let there = capabilities(None)?;
    let kept = there.permitted & needed(endpoint);
    set_capabilities(
        None,
        CapabilitySets {
            effective: kept,
            permitted: kept,
            inheritable: CapabilitySet::empty(),
        },
    )?;
    Ok(kept)
}

#[cfg(test)]
mod tests;
