//! Clients that wait: for an interface to come up, or for a ping to end.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use driver_sys::netlink::code::PingStatus;
use driver_sys::uip::Status;
use tokio::sync::oneshot;

use crate::ask::PingAnswer;
use crate::port::{PingEnd, PingId};

/// How long an answer is held back while an interface comes up. iscsid looks five times, 250 ms apart, and gives up then.
pub(super) const HOLD: Duration = Duration::from_millis(900);
/// How long a ping waits for its interface, as with the peer.
pub(super) const HOLD_PING: Duration = Duration::from_secs(5);
/// How long a ping may take.
pub(super) const PING_LIMIT: Duration = Duration::from_secs(5);

/// What is done once an interface is up.
#[derive(Debug)]
pub(super) enum Then {
    Answer(oneshot::Sender<Status>),
    Ping {
        to: IpAddr,
        size: u32,
        answer: oneshot::Sender<PingAnswer>,
    },
}

/// A client that waits for an interface.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) host: u32,
    pub(super) vlan_id: u16,
    pub(super) until: Instant,
    pub(super) then: Then,
}

impl Then {
    /// There is no interface, or none yet. Whoever asked may have left.
    pub(super) fn refuse(self, status: Status) {
        match self {
            Self::Answer(answer) => drop(answer.send(status)),
            Self::Ping { answer, .. } => drop(answer.send(PingAnswer {
                status,
                ping: PingStatus::IpaddrInvalid,
                took: Duration::ZERO,
            })),
        }
    }

    /// Whether whoever asked has left.
    pub(super) fn abandoned(&self) -> bool {
        match self {
            Self::Answer(answer) => answer.is_closed(),
            Self::Ping { answer, .. } => answer.is_closed(),
        }
    }
}

/// Pings that are under way.
#[derive(Debug, Default)]
pub(super) struct Pings {
    next: u64,
    waiting: BTreeMap<PingId, (u32, oneshot::Sender<PingAnswer>)>,
}

impl Pings {
    /// A name for a ping of a host.
    pub(super) fn add(&mut self, host: u32, answer: oneshot::Sender<PingAnswer>) -> PingId {
        self.next += 1;
        let id = PingId(self.next);
        self.waiting.insert(id, (host, answer));
        id
    }

    pub(super) fn done(&mut self, id: PingId, end: PingEnd, took: Duration) {
        if let Some((_, answer)) = self.waiting.remove(&id) {
            let ping = word(end);
            let status = match ping {
                PingStatus::Success => Status::DeviceUp,
                _ => Status::Err,
            };
            let _ = answer.send(PingAnswer { status, ping, took });
        }
    }

    /// A host is gone: its pings are over, if its port forgot one.
    pub(super) fn end(&mut self, host: u32) {
        let left: Vec<PingId> = self
            .waiting
            .iter()
            .filter(|(_, (of, _))| *of == host)
            .map(|(id, _)| *id)
            .collect();
        for id in left {
            self.done(id, PingEnd::NoAddress, Duration::ZERO);
        }
    }
}

/// The kernel's word for how a ping ended.
fn word(end: PingEnd) -> PingStatus {
    match end {
        PingEnd::Answered => PingStatus::Success,
        PingEnd::TimedOut => PingStatus::Timeout,
        PingEnd::NoAddress => PingStatus::IpaddrInvalid,
        PingEnd::Unreachable => PingStatus::NoArpReceived,
        PingEnd::TooLarge => PingStatus::OversizePacket,
    }
}
