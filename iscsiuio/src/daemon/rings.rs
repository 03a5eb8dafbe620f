//! Which adapter is meant, and where its ring is.

use driver_sys::Endpoint;
use driver_sys::sysfs::class::host::{self as hosts, Host};
use driver_sys::sysfs::{self, Root};

use crate::ipc::Who;
use crate::nic::{Nic, NicError};

/// A host of an adapter that leaves its network to a helper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The host's number.
    pub host: u32,
    /// Its transport.
    pub transport: String,
}

/// Why there is no ring.
#[derive(Debug, thiserror::Error)]
pub enum NoRing {
    /// No host is meant.
    #[error("no iSCSI host has {who}")]
    Nobody {
        /// What was looked for.
        who: String,
    },
    /// The tree cannot be read.
    #[error("the hosts cannot be looked at")]
    Tree(#[from] sysfs::Error),
    /// The ring cannot be opened.
    #[error(transparent)]
    Ring(#[from] NicError),
}

/// Where rings come from.
pub trait Rings {
    /// The host that somebody means.
    ///
    /// # Errors
    /// [`NoRing::Nobody`], [`NoRing::Tree`].
    fn find(&mut self, who: &Who) -> Result<Found, NoRing>;

    /// Whether a host is there.
    fn is_there(&mut self, host: u32) -> bool;

    /// Opens the ring of a host.
    ///
    /// # Errors
    /// [`NoRing::Ring`].
    fn open(&mut self, host: u32) -> Result<Box<dyn Nic>, NoRing>;
}

/// Rings of the hosts in an endpoint's sysfs tree.
#[derive(Debug)]
pub struct SysfsRings {
    endpoint: Endpoint,
}

impl SysfsRings {
    /// Of an endpoint.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }

    fn root(&self) -> Result<Root, sysfs::Error> {
        Root::open(self.endpoint.sysfs_path())
    }
}

impl Rings for SysfsRings {
    fn find(&mut self, who: &Who) -> Result<Found, NoRing> {
        let hosts = hosts::hosts(&self.root()?)?.items;
        let host = hosts.into_iter().find(|host| means(who, host));
        let host = host.ok_or_else(|| NoRing::Nobody { who: text(who) })?;
        Ok(Found {
            host: host.host_no,
            transport: host.scsi.proc_name,
        })
    }

    fn is_there(&mut self, host: u32) -> bool {
        self.root()
            .is_ok_and(|root| root.top().has(&format!("class/iscsi_host/host{host}")))
    }

    fn open(&mut self, host: u32) -> Result<Box<dyn Nic>, NoRing> {
        Ok(crate::nic::open(&self.endpoint, host)?)
    }
}

/// The network device decides, as with the peer; the MAC address where none is named. A transport that is named must be the host's.
fn means(who: &Who, host: &Host) -> bool {
    if !who.transport.is_empty() && host.scsi.proc_name != who.transport {
        return false;
    }
    if who.netdev.is_empty() {
        let mac = host.iscsi.hwaddress.as_deref().and_then(crate::ipc::mac);
        who.mac.is_some() && mac == who.mac
    } else {
        host.iscsi.netdev.as_deref() == Some(&who.netdev)
    }
}

fn text(who: &Who) -> String {
    let what = match (who.mac, who.netdev.as_str()) {
        (Some(mac), "") => {
            let mac: Vec<String> = mac.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("the MAC address {}", mac.join(":"))
        }
        (_, netdev) => format!("the network device {netdev}"),
    };
    match who.transport.as_str() {
        "" => what,
        transport => format!("{what} and the transport {transport}"),
    }
}
