//! Opening what an endpoint offers.

use std::path::{Path, PathBuf};

use super::{DirStore, Endpoint, StoreError};
use crate::bsg::{Bsg, BsgError};
use crate::netlink::{DirPort, HostPort, Port};
use crate::port::PortError;
use crate::sg::{Device, Hctl, SgError};
use crate::sysfs;
use crate::uevent::UeventPort;

impl Endpoint {
    /// Opens iSCSI netlink and joins `groups` (bits as in `nl_groups`).
    ///
    /// # Errors
    /// [`PortError`]: no module, no capability, nobody serves the directory.
    pub fn open_netlink(&self, groups: u32) -> Result<Box<dyn Port>, PortError> {
        Ok(match self {
            Self::Host => Box::new(HostPort::open(groups)?),
            Self::Dir(dir) => Box::new(DirPort::open(&dir.join("netlink"), groups)?),
        })
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
    /// [`PortError`].
    pub fn open_uevent(&self) -> Result<UeventPort, PortError> {
        match self {
            Self::Host => UeventPort::host(),
            Self::Dir(dir) => UeventPort::dir(&dir.join("uevent")),
        }
    }

    /// Opens the bsg node of an iSCSI host.
    ///
    /// # Errors
    /// [`BsgError`].
    pub fn open_bsg(&self, host: u32) -> Result<Bsg, BsgError> {
        let name = format!("iscsi_host{host}");
        match self {
            Self::Host => Bsg::node(&Path::new("/dev/bsg").join(name)),
            Self::Dir(dir) => Bsg::socket(&dir.join("bsg").join(name)),
        }
    }

    /// Opens a SCSI device for commands: its bsg node, or its sg node where there is no bsg.
    ///
    /// # Errors
    /// [`SgError`].
    pub fn open_sg(&self, device: Hctl) -> Result<Device, SgError> {
        if let Self::Dir(dir) = self {
            return Device::socket(&dir.join("sg").join(device.to_string()));
        }
        let bsg = Path::new("/dev/bsg").join(device.to_string());
        match Device::bsg(&bsg) {
            Err(SgError::Open {
                source: nix::errno::Errno::ENOENT,
                ..
            }) => {}
            other => return other,
        }
        let sg = sg_node(device).ok_or(SgError::Open {
            path: bsg,
            source: nix::errno::Errno::ENOENT,
        })?;
        Device::sg(&sg)
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
}

/// The sg node of a device, as sysfs names it.
fn sg_node(device: Hctl) -> Option<PathBuf> {
    let dir = format!("/sys/class/scsi_device/{device}/device/scsi_generic");
    let entry = std::fs::read_dir(dir).ok()?.next()?.ok()?;
    Some(Path::new("/dev").join(entry.file_name()))
}
