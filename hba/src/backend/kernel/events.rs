//! Events: netlink multicast and kobject uevents on sockets of their own, as one stream.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::code::{ConnState, HostEventCode, IscsiErr};
use driver_sys::netlink::{Event as Raw, Message, Port};
use driver_sys::port::PortError;
use driver_sys::uevent::UeventPort;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

mod objects;

use super::fault;
use crate::deadline::Deadline;
use crate::error::Result;
use crate::model::{Event, EventRecord, PingStatus};

const TRIED: &str = "listen to events";
/// The sockets that events come from.
pub(super) struct Listener {
    netlink: Box<dyn Port>,
    uevents: Option<UeventPort>,
    ready: VecDeque<EventRecord>,
}

impl Listener {
    /// Joins these groups of the kernel's.
    pub(super) fn open(endpoint: &Endpoint, groups: u32) -> Result<Self> {
        let netlink = endpoint
            .open_netlink(groups)
            .map_err(|e| fault::port(&e, TRIED))?;
        // Objects coming and going are told only where the endpoint serves uevents.
        let uevents = endpoint
            .open_uevent()
            .inspect_err(|error| tracing::debug!(%error, "no uevents"))
            .ok();
        Ok(Self {
            netlink,
            uevents,
            ready: VecDeque::new(),
        })
    }

    /// The next event; `None` at the deadline.
    pub(super) fn next(&mut self, deadline: Deadline) -> Result<Option<EventRecord>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(Some(event));
            }
            self.drain()?;
            if self.ready.is_empty() {
                if deadline.expired() {
                    return Ok(None);
                }
                self.wait(deadline)?;
            }
        }
    }

    /// Waits until a socket is readable or the deadline passes.
    fn wait(&self, deadline: Deadline) -> Result<()> {
        let mut fds = vec![PollFd::new(self.netlink.as_fd(), PollFlags::POLLIN)];
        fds.extend(
            self.uevents
                .as_ref()
                .map(|u| PollFd::new(u.as_fd(), PollFlags::POLLIN)),
        );
        let stop = deadline.until().stop;
        fds.extend(stop.map(|stop| PollFd::new(stop.as_fd(), PollFlags::POLLIN)));
        // One millisecond more, so that the last round does not spin.
        let left = deadline
            .remaining()
            .saturating_add(std::time::Duration::from_millis(1));
        match poll(&mut fds, PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX)) {
            Ok(_) | Err(Errno::EINTR) => Ok(()),
            Err(errno) => {
                let error = PortError::System {
                    what: "poll".to_owned(),
                    source: errno,
                };
                Err(fault::port(&error, TRIED))
            }
        }
    }

    /// Takes what is there without waiting.
    fn drain(&mut self) -> Result<()> {
        match self.netlink.recv(Some(Instant::now()), "event") {
            Ok(packet) => {
                if let Ok(Message::Event(_, raw)) = Message::decode(&packet) {
                    self.ready
                        .extend(typed(&raw).map(|(host, event)| record(host, event)));
                }
            }
            Err(PortError::Timeout { .. }) => {}
            Err(PortError::Overrun | PortError::Oversized { .. }) => {
                self.ready.push_back(record(None, Event::Lost));
            }
            Err(e) => return Err(fault::port(&e, TRIED)),
        }
        if let Some(uevents) = &mut self.uevents {
            match uevents.recv(Some(Instant::now())) {
                Ok(raw) => self
                    .ready
                    .extend(objects::events(&raw).map(|(host, event)| record(host, event))),
                Err(PortError::Timeout { .. }) => {}
                Err(PortError::Overrun | PortError::Oversized { .. }) => {
                    self.ready.push_back(record(None, Event::Lost));
                }
                Err(error) => {
                    // What comes now is not seen: that is a gap, too.
                    tracing::warn!(%error, "uevents ended");
                    self.uevents = None;
                    self.ready.push_back(record(None, Event::Lost));
                }
            }
        }
        Ok(())
    }
}

fn record(host: Option<u32>, event: Event) -> EventRecord {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    EventRecord {
        time_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        host,
        event,
    }
}

/// A netlink event as ours; answers to requests are none.
fn typed(raw: &Raw) -> Option<(Option<u32>, Event)> {
    Some(match raw {
        Raw::HostEvent { host_no, code, .. } => {
            let event = match *code {
                HostEventCode::LinkUp => Event::LinkUp,
                HostEventCode::LinkDown => Event::LinkDown,
                other => Event::HostEvent { code: other.raw() },
            };
            (Some(*host_no), event)
        }
        Raw::ConnError { sid, cid, error } => (
            None,
            Event::ConnectionError {
                sid: *sid,
                cid: *cid,
                code: error.raw(),
                reason: reason(*error),
            },
        ),
        Raw::ConnLoginState { sid, cid, state } => (
            None,
            Event::LoginState {
                sid: *sid,
                cid: *cid,
                state: state_name(*state),
            },
        ),
        Raw::SessionCreated { host_no, sid } => (Some(*host_no), Event::SessionCreated { sid: *sid }),
        Raw::SessionDestroyed { host_no, sid } => (Some(*host_no), Event::SessionDestroyed { sid: *sid }),
        Raw::SessionUnbound { host_no, sid } => (Some(*host_no), Event::SessionUnbound { sid: *sid }),
        Raw::PingComplete {
            host_no, status, id, ..
        } => (
            Some(*host_no),
            Event::PingDone {
                id: *id,
                status: PingStatus::from_code(status.raw()),
            },
        ),
        Raw::Stats { .. } | Raw::Chap { .. } | Raw::HostStats { .. } | Raw::RecvPdu { .. } => return None,
        Raw::PathRequest { host_no, path } => (
            Some(*host_no),
            Event::PathRequested {
                to: path.dst().map(|to| to.to_string()),
                from: path
                    .src()
                    .filter(|from| !from.is_unspecified())
                    .map(|from| from.to_string()),
                vlan: path.vlan_id,
            },
        ),
        Raw::IfDown { host_no } => (Some(*host_no), Event::InterfaceDown),
        Raw::Unknown { kind, .. } => (None, Event::Unknown { number: *kind }),
    })
}

fn reason(error: IscsiErr) -> String {
    let text = match error {
        IscsiErr::ConnFailed => "the connection failed",
        IscsiErr::SessionFailed => "the session failed",
        IscsiErr::TcpConnClose => "the target closed the connection",
        IscsiErr::NopTimedout => "the target does not answer",
        IscsiErr::XmitFailed => "sending failed",
        IscsiErr::HdrDgst => "a header digest was wrong",
        IscsiErr::DataDgst => "a data digest was wrong",
        IscsiErr::Proto => "the target broke the protocol",
        IscsiErr::InvalidHost => "the adapter is gone",
        IscsiErr::ScsiEhSessionRst => "error handling reset the session",
        other => return format!("error {}", other.raw()),
    };
    text.to_owned()
}

fn state_name(state: ConnState) -> String {
    match state {
        ConnState::Free => "free",
        ConnState::XptWait => "waiting_for_transport",
        ConnState::InLogin => "in_login",
        ConnState::LoggedIn => "logged_in",
        ConnState::InLogout => "in_logout",
        ConnState::LogoutRequested => "logout_requested",
        ConnState::CleanupWait => "cleanup_wait",
        ConnState::Unknown(number) => return number.to_string(),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use driver_sys::netlink::{Path, PathAddrs};

    use super::*;

    #[test]
    fn answers_to_other_processes_are_no_events() {
        let stats = Raw::HostStats {
            host_no: 0,
            stats: Box::default(),
        };
        assert_eq!(typed(&stats), None);
    }

    #[test]
    fn what_is_asked_of_the_helper_is_told_with_whom_it_is_about() {
        let path = Path {
            handle: 1,
            mac: [0; 6],
            mac_old: [0; 6],
            addrs: PathAddrs::V4 {
                src: [0; 4].into(),
                dst: [10, 0, 0, 50].into(),
            },
            vlan_id: 100,
            pmtu: 1500,
        };
        let asked = Event::PathRequested {
            to: Some("10.0.0.50".into()),
            from: None,
            vlan: 100,
        };
        assert_eq!(
            typed(&Raw::PathRequest { host_no: 3, path }),
            Some((Some(3), asked))
        );
        assert_eq!(
            typed(&Raw::IfDown { host_no: 3 }),
            Some((Some(3), Event::InterfaceDown))
        );
    }

    #[test]
    fn link_and_connection_events_are_typed() {
        let down = Raw::HostEvent {
            host_no: 3,
            code: HostEventCode::LinkDown,
            data: Vec::new().into(),
        };
        assert_eq!(typed(&down), Some((Some(3), Event::LinkDown)));
        let lost = Raw::ConnError {
            sid: 7,
            cid: 0,
            error: IscsiErr::NopTimedout,
        };
        let Some((None, Event::ConnectionError { sid: 7, reason, .. })) = typed(&lost) else {
            panic!("typed")
        };
        assert_eq!(reason, "the target does not answer");
    }
}
