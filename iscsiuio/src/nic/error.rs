//! Why a port has no ring.

use driver_sys::netdev::NetdevError;
use driver_sys::port::PortError;
use driver_sys::sysfs;
use driver_sys::uio::UioError;

use super::uio::RingError;

/// A ring that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum NicError {
    /// There is no such host.
    #[error("there is no iSCSI host {host} in {place} (is the adapter's driver loaded?)")]
    NoHost {
        /// Its number.
        host: u32,
        /// Where it was looked for.
        place: String,
    },
    /// The host's driver leaves no network to a helper.
    #[error(
        "host {host} has no L2 ring: its transport {transport} does without a network helper (bnx2i and qedi need one)"
    )]
    Helperless {
        /// Its number.
        host: u32,
        /// Its transport.
        transport: String,
    },
    /// The host does not say what its MAC address is.
    #[error("host {host} has no usable MAC address: {place} says {found:?}")]
    NoMac {
        /// Its number.
        host: u32,
        /// The attribute.
        place: String,
        /// What it says.
        found: String,
    },
    /// No UIO device belongs to the host.
    #[error(
        "host {host} has no ring: none of the {seen} devices in {place} is {names} of {parent} \
         (modules uio and {module} loaded, CONFIG_UIO, network device up?)"
    )]
    NoUio {
        /// Its number.
        host: u32,
        /// What such devices are called.
        names: String,
        /// Where it was looked for.
        place: String,
        /// How many devices are there.
        seen: usize,
        /// What it would belong to.
        parent: String,
        /// Who makes it.
        module: &'static str,
    },
    /// A UIO device.
    #[error(transparent)]
    Uio(#[from] UioError),
    /// What is in a UIO device's memory.
    #[error(transparent)]
    Layout(#[from] RingError),
    /// The tree of hosts cannot be read.
    #[error("the adapters cannot be looked at")]
    Tree(#[from] sysfs::Error),
    /// The emulated adapter's ring.
    #[error(transparent)]
    Ring(#[from] PortError),
    /// A network device.
    #[error(transparent)]
    Netdev(#[from] NetdevError),
}
