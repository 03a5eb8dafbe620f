//! The real backend: sysfs, netlink, bsg and SCSI pass-through of a host's kernel or of an emulated one. Owns how operations
//! become requests and how errors become texts; must not know policy, nor bytes (driver-sys has them).

mod backend;
mod chap;
mod encode;
mod events;
mod fault;
mod flash;
mod helper;
mod netlink;
mod probe;
mod read;
mod scsi;
mod stack;
mod stats;
mod store;
mod vendor;
mod within;

use std::time::Duration;

use driver_sys::endpoint::{Endpoint, Served};
use driver_sys::port::PortError;
use driver_sys::sg::{Device, SgError};
use driver_sys::sysfs::Root;

use crate::deadline::Deadline;
use crate::error::{Error, Kind, Result};
use crate::ids::Hctl;
use crate::message::Message;
use crate::step::Step;
use events::Listener;
use netlink::Netlink;

/// A kernel's interface to its adapters. Sockets are opened when first needed: reading needs only the sysfs tree.
pub struct Kernel {
    endpoint: Endpoint,
    root: Root,
    netlink: Netlink,
    listener: Option<Listener>,
    /// The logical unit last spoken to.
    device: Option<(Hctl, Device)>,
}

impl Kernel {
    /// Opens an endpoint: `host`, or the directory of an emulated kernel.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when there is no sysfs tree, [`Kind::Unsupported`] when this machine's kernel has no iSCSI transport
    /// class. [`Kind::NotFound`] also when a directory's tree is what a server left that does not serve it any more, or not yet:
    /// it would be answered from as if it were true.
    pub fn open(endpoint: &Endpoint) -> Result<Self> {
        let kernel = Self::open_without_adapters(endpoint)?;
        if *endpoint == Endpoint::Host && !kernel.root.top().has(TRANSPORT_CLASS) {
            return Err(Error::new(Kind::Unsupported, "use this machine's iscsi adapters")
                .answered("the kernel module scsi_transport_iscsi is not loaded")
                .hint("load the adapter's driver: modprobe qla4xxx"));
        }
        Ok(kernel)
    }

    /// As [`Kernel::open`], also where this machine's kernel has no iSCSI transport class: then there are no adapters and no sessions. For
    /// what is kept in files.
    ///
    /// # Errors
    /// As [`Kernel::open`], but for the transport class.
    pub fn open_without_adapters(endpoint: &Endpoint) -> Result<Self> {
        let root = endpoint
            .open_sysfs()
            .map_err(|e| fault::sysfs(&e, &format!("open endpoint {endpoint}")).hint(open_hint(endpoint)))?;
        let stale = match endpoint.served() {
            Served::Yes => None,
            Served::Died => Some("its process died: the tree is what it left behind, and may be half made"),
            Served::Ended => {
                Some("its process has ended, or is still starting: the tree is not to be believed")
            }
        };
        if let Some(why) = stale {
            return Err(Error::new(Kind::NotFound, format!("open endpoint {endpoint}"))
                .answered(format!("nobody serves it: {why}"))
                .hint(open_hint(endpoint)));
        }
        Ok(Self {
            endpoint: endpoint.clone(),
            root,
            netlink: Netlink::new(endpoint.clone()),
            listener: None,
            device: None,
        })
    }

    /// Opens a logical unit's device node. The node appears a moment after the object in sysfs (udev makes it), so one that
    /// sysfs has is waited for, at most [`NODE_LIMIT`].
    fn open_device(&self, at: driver_sys::sg::Hctl, deadline: Deadline, tried: &str) -> Result<Device> {
        let known = format!(
            "class/scsi_device/{}:{}:{}:{}",
            at.host, at.channel, at.target, at.lun
        );
        let limit = deadline.at_most(NODE_LIMIT);
        loop {
            match self.endpoint.until(deadline.until()).sg(at) {
                Err(SgError::Port(PortError::NotServed { .. }) | SgError::Open { .. })
                    if !self.root.top().has(&known) =>
                {
                    return Err(fault::no_unit(tried));
                }
                Err(SgError::Port(PortError::NotServed { .. }) | SgError::Open { .. })
                    if !limit.expired() =>
                {
                    std::thread::sleep(NODE_POLL);
                }
                opened => return opened.map_err(|e| fault::sg(&e, tried)),
            }
        }
    }
}

/// Made by scsi_transport_iscsi when it is loaded (drivers/scsi/scsi_transport_iscsi.c, `iscsi_transport_class`).
const TRANSPORT_CLASS: &str = "class/iscsi_transport";
const NODE_LIMIT: Duration = Duration::from_secs(2);
const NODE_POLL: Duration = Duration::from_millis(10);

fn open_hint(endpoint: &Endpoint) -> Message {
    match endpoint {
        Endpoint::Host => "mount sysfs at /sys".into(),
        Endpoint::Dir(dir) => Message::from("start an emulated adapter there: ")
            .then(Step::Serve)
            .then(format!(" {}", dir.display())),
    }
}

#[cfg(test)]
mod tests;
