//! Why a port has no ring.

use driver_sys::netdev::NetdevError;
use driver_sys::port::PortError;

/// A ring that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum NicError {
    /// The emulated adapter's ring.
    #[error(transparent)]
    Ring(#[from] PortError),
    /// A network device.
    #[error(transparent)]
    Netdev(#[from] NetdevError),
}
