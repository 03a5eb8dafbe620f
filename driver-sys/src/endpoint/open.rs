//! Opening what an endpoint offers, each wait with an end.

use std::io;
use std::path::Path;

use nix::errno::Errno;

use super::{DirStore, Endpoint, StoreError, node};
use crate::bsg::{Bsg, BsgError};
use crate::netlink::{DirPort, HostPort, Port};
use crate::port::{LIMIT, PortError, Seqpacket, Until};
use crate::sg::{Device, Hctl, SgError};
use crate::sysfs;
use crate::uevent::UeventPort;

/// An endpoint with the time that reaching it may take.
#[derive(Debug, Clone, Copy)]
pub struct Within<'e> {
    endpoint: &'e Endpoint,
    until: Until,
}

/// Whether somebody stands behind an endpoint's tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Served {
    /// Somebody does, or it is a plain tree that nobody ever served.
    Yes,
    /// It was served; whoever did it was killed, or is starting again.
    Died,
    /// It was served; whoever did it has ended, or is still starting.
    Ended,
}

impl Endpoint {
    /// The endpoint, to be reached until then.
    pub fn until(&self, until: impl Into<Until>) -> Within<'_> {
        Within {
            endpoint: self,
            until: until.into(),
        }
    }

    fn soon(&self) -> Within<'_> {
        self.until(Until::after(LIMIT))
    }

    /// Opens iSCSI netlink and joins `groups` (bits as in `nl_groups`).
    ///
    /// # Errors
    /// As [`Within::netlink`].
    pub fn open_netlink(&self, groups: u32) -> Result<Box<dyn Port>, PortError> {
        self.soon().netlink(groups)
    }

    /// Opens the sysfs tree; writes take the way that the endpoint needs.
    ///
    /// # Errors
    /// [`sysfs::Error`].
    pub fn open_sysfs(&self) -> Result<sysfs::Root, sysfs::Error> {
        let root = sysfs::Root::open(self.sysfs_path())?;
        Ok(match self {
            Self::Host => root,
            Self::Dir(dir) => root.with_store(Box::new(DirStore::new(dir))),
        })
    }

    /// Listens to kobject uevents.
    ///
    /// # Errors
    /// As [`Within::uevent`].
    pub fn open_uevent(&self) -> Result<UeventPort, PortError> {
        self.soon().uevent()
    }

    /// Opens the bsg node of an iSCSI host.
    ///
    /// # Errors
    /// As [`Within::bsg`].
    pub fn open_bsg(&self, host: u32) -> Result<Bsg, BsgError> {
        self.soon().bsg(host)
    }

    /// Opens a SCSI device for commands.
    ///
    /// # Errors
    /// As [`Within::sg`].
    pub fn open_sg(&self, device: Hctl) -> Result<Device, SgError> {
        self.soon().sg(device)
    }

    /// Writes an attribute; `path` is relative to the sysfs root.
    ///
    /// # Errors
    /// [`StoreError`] with the errno that the attribute answered.
    pub fn store(&self, path: &str, value: &[u8]) -> Result<(), StoreError> {
        match self {
            Self::Host => super::store::host(&self.sysfs_path(), path, value),
            Self::Dir(dir) => DirStore::new(dir).write(path, value),
        }
    }

    /// Whether the tree can be believed. A server leaves its lock file behind, and its sockets when it is killed; a tree with
    /// neither was laid out by hand and is taken as it is. Nothing is locked for the question.
    #[must_use]
    pub fn served(&self) -> Served {
        let Self::Dir(dir) = self else {
            return Served::Yes;
        };
        let socket = dir.join("netlink");
        // The instant has come already: a full backlog is an answer, too.
        match Seqpacket::connect(&socket, std::time::Instant::now()) {
            Err(PortError::NotServed {
                source: Errno::ECONNREFUSED,
                ..
            }) => Served::Died,
            Err(PortError::NotServed {
                source: Errno::ENOENT,
                ..
            }) if marked(dir) => Served::Ended,
            _ => Served::Yes,
        }
    }
}

/// Whether a server has been here.
fn marked(dir: &Path) -> bool {
    match std::fs::symlink_metadata(dir.join("lock")) {
        Ok(_) => true,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

impl Within<'_> {
    /// Opens iSCSI netlink and joins `groups` (bits as in `nl_groups`).
    ///
    /// # Errors
    /// [`PortError`]: no module, no capability, nobody serves the directory.
    pub fn netlink(&self, groups: u32) -> Result<Box<dyn Port>, PortError> {
        Ok(match self.endpoint {
            Endpoint::Host => Box::new(HostPort::open(groups)?),
            Endpoint::Dir(dir) => Box::new(DirPort::open(&dir.join("netlink"), groups, self.until)?),
        })
    }

    /// Listens to kobject uevents.
    ///
    /// # Errors
    /// [`PortError`].
    pub fn uevent(&self) -> Result<UeventPort, PortError> {
        match self.endpoint {
            Endpoint::Host => UeventPort::host(),
            Endpoint::Dir(dir) => UeventPort::dir(&dir.join("uevent"), self.until),
        }
    }

    /// Opens the bsg node of an iSCSI host.
    ///
    /// # Errors
    /// [`BsgError`].
    pub fn bsg(&self, host: u32) -> Result<Bsg, BsgError> {
        let name = format!("iscsi_host{host}");
        match self.endpoint {
            Endpoint::Host => Bsg::node(&node::bsg(&name)),
            Endpoint::Dir(dir) => Bsg::socket(&dir.join("bsg").join(name), self.until),
        }
    }

    /// Opens a SCSI device for commands: its bsg node, or its sg node where there is no bsg.
    ///
    /// # Errors
    /// [`SgError`].
    pub fn sg(&self, device: Hctl) -> Result<Device, SgError> {
        if let Endpoint::Dir(dir) = self.endpoint {
            return Device::socket(&dir.join("sg").join(device.to_string()), self.until);
        }
        let bsg = node::bsg(&device.to_string());
        match Device::bsg(&bsg) {
            Err(SgError::Open {
                source: Errno::ENOENT,
                ..
            }) => {}
            other => return other,
        }
        let sg = node::sg(device).ok_or(SgError::Open {
            path: bsg,
            source: Errno::ENOENT,
        })?;
        Device::sg(&sg)
    }

    /// Writes an attribute; `path` is relative to the sysfs root. The kernel's own attribute works inside of write(2), which
    /// nothing but its driver ends.
    ///
    /// # Errors
    /// [`StoreError`] with the errno that the attribute answered.
    pub fn store(&self, path: &str, value: &[u8]) -> Result<(), StoreError> {
        match self.endpoint {
            Endpoint::Host => super::store::host(&self.endpoint.sysfs_path(), path, value),
            Endpoint::Dir(dir) => DirStore::new(dir).write_until(path, value, self.until),
        }
    }
}
