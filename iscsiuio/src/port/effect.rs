//! What a port wants done, and what it tells.

use std::net::IpAddr;
use std::time::Duration;

use driver_sys::netlink::Path;

/// Names a ping of this port; whoever asks chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PingId(pub u64);

/// An ICMP echo to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ping {
    /// From the interface on this VLAN ID (0: untagged).
    pub vlan_id: u16,
    /// Whom.
    pub to: IpAddr,
    /// Bytes of payload.
    pub size: u16,
    /// How long to wait for the answer, path resolution included.
    pub limit: Duration,
}

/// How a ping ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PingEnd {
    /// The answer came, with the same bytes.
    Answered,
    /// No answer within the limit.
    TimedOut,
    /// The interface has no address of this family, or there is none on this VLAN.
    NoAddress,
    /// No route, nobody answers for the next hop, or a router says so.
    Unreachable,
    /// The payload is more than an echo can carry.
    TooLarge,
}

/// How far an interface is with what it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Configured {
    /// Its addresses stand.
    Ready,
    /// Addresses are being acquired or looked at for duplicates.
    Acquiring,
    /// There is none to be had; it is tried again.
    Failed,
}

/// What a port wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send this Ethernet frame.
    Send(Vec<u8>),
    /// Answer the kernel's path request (`ISCSI_UEVENT_PATH_UPDATE`); a MAC address of zeros says that there is no path.
    Path(Path),
    /// A ping ended.
    PingDone {
        /// Which.
        id: PingId,
        /// How.
        end: PingEnd,
        /// From the first echo to its answer.
        took: Duration,
    },
    /// What [`super::Port::status`] shows of addresses, leases or neighbours is another now: to be kept for a restart.
    Changed,
}
