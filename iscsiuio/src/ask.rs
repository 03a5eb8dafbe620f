//! What clients ask of whoever owns the ports, whatever socket they came by. Every question carries the place of its answer; a place
//! that is dropped says that the daemon ends.

use std::net::IpAddr;
use std::time::Duration;

use driver_sys::netlink::code::PingStatus;
use driver_sys::uip::Status;
use tokio::sync::oneshot;

use crate::daemon::Report;
use crate::ipc::Wanted;

/// A question.
#[derive(Debug)]
pub enum Ask {
    /// Bring an interface up.
    Iface {
        /// Which, and how.
        wanted: Wanted,
        /// The answer.
        answer: oneshot::Sender<Status>,
    },
    /// Ping through an interface, which is brought up first.
    Ping {
        /// Through which.
        wanted: Wanted,
        /// Whom.
        to: IpAddr,
        /// Bytes of payload.
        size: u32,
        /// The answer.
        answer: oneshot::Sender<PingAnswer>,
    },
    /// Ping through an interface that is there.
    PingFrom {
        /// The host's number.
        host: u32,
        /// The interface's VLAN ID, 0 for none.
        vlan_id: u16,
        /// Whom.
        to: IpAddr,
        /// Bytes of payload.
        size: u32,
        /// The answer.
        answer: oneshot::Sender<PingAnswer>,
    },
    /// Everything that there is to see.
    Report {
        /// The answer.
        answer: oneshot::Sender<Report>,
    },
}

/// How a ping went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PingAnswer {
    /// Whether there was an interface to ping from.
    pub status: Status,
    /// The kernel's word for its end.
    pub ping: PingStatus,
    /// From the first echo to its answer.
    pub took: Duration,
}
