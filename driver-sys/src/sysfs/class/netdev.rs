//! `/sys/class/net/NAME`: the network device beside an adapter's port.
//!
//! Owns: [`NetDev`]. Must not know: addresses. Source: kernel `net/core/net-sysfs.c` (`net_class_attrs`, `operstates`).

use crate::sysfs::value::words;
use crate::sysfs::{Error, Reader, Root, attrs};

words! {
    /// Whether frames pass (RFC 2863).
    pub enum OperState, "an operational state" {
        /// They do.
        Up = "up",
        /// They do not.
        Down = "down",
        /// A device below is down.
        LowerLayerDown = "lowerlayerdown",
        /// It waits for something outside.
        Dormant = "dormant",
        /// It is being tested.
        Testing = "testing",
        /// There is none any more.
        NotPresent = "notpresent",
        /// The driver does not tell.
        Unknown = "unknown",
    }
}

attrs! {
    /// A network device's attributes.
    pub struct NetDev, table NETDEV_ATTRS {
        /// Whether frames pass.
        may operstate: OperState = "operstate";
        /// MAC address; an adapter's iSCSI address is another one.
        may address: String = "address";
        /// Largest payload in bytes.
        may mtu: u32 = "mtu" @ 0o644;
        /// Megabits a second; less than 1 is not known.
        may speed: i32 = "speed";
    }
}

/// Reads the device of a name; `None` when there is none, or the name is none of a device (qedi's ports have such).
///
/// # Errors
/// It vanishes meanwhile.
pub fn netdev(root: &Root, name: &str) -> Result<Option<NetDev>, Error> {
    // The name comes from another attribute, and must not lead elsewhere.
    if name.is_empty() || name.starts_with('.') || name.contains('/') {
        return Ok(None);
    }
    let path = format!("class/net/{name}");
    let at = root.at(&path);
    if !at.exists() {
        return Ok(None);
    }
    NetDev::read(&mut Reader::new(), at).map(Some)
}
