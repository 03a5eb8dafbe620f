//! Requests over netlink: one at a time, its answer found among everything else that arrives.
//!
//! Answers carry no sequence number: a unicast answer is known by its type, a multicast one by type and object. Multicast messages
//! for others are kept a while, since a ping can end before its request is answered. After a timeout the socket is given up, so
//! that a late answer is never taken for the next one's; and what arrived before a question is no answer to it.
//!
//! Source: `scsi_transport_iscsi.c` (`iscsi_if_rx`: GET_STATS and GET_CHAP are answered by multicast only when they succeed).

use std::collections::VecDeque;

use driver_sys::endpoint::Endpoint;
use driver_sys::netlink::code::GROUP_ISCSID;
use driver_sys::netlink::{Event, Message, Port, Request, Return};
use driver_sys::port::PortError;
use driver_sys::sysfs::Root;
use driver_sys::sysfs::class::{host, transport};

use super::fault;
use super::read::adapter::transport_name;
use super::within::within;
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Operation, Result, explain};
use crate::ids::HostNo;

/// Multicast messages kept while something else is waited for.
const KEPT: usize = 256;
/// Messages thrown away before a question; somebody who asks all the time fills a socket without end.
const STALE: usize = 1024;

/// The netlink socket, opened when first needed.
pub(super) struct Netlink {
    endpoint: Endpoint,
    port: Option<Box<dyn Port>>,
    kept: VecDeque<Event>,
}

/// One request with what errors are to say.
pub(super) struct Ask<'a> {
    pub(super) host: HostNo,
    pub(super) request: Request,
    pub(super) operation: Operation,
    pub(super) tried: &'a str,
    pub(super) deadline: Deadline,
}

impl Netlink {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            port: None,
            kept: VecDeque::new(),
        }
    }

    /// Sends a request and waits for its unicast answer.
    pub(super) fn ask(&mut self, root: &Root, ask: &Ask<'_>) -> Result<Return> {
        self.send(root, ask)?;
        let what = format!("answer to {}", name(&ask.request));
        loop {
            match self.receive(ask, &what)? {
                Message::Reply(reply) if reply.kind == ask.request.kind() => {
                    return reply
                        .result()
                        .map_err(|e| explain(ask.operation, e as i32, ask.tried));
                }
                Message::Reply(_) => {}
                Message::Event(_, event) => self.keep(event),
            }
        }
    }

    /// Sends a request and waits for the multicast answer that `find` takes. A unicast answer counts only when it is a refusal.
    pub(super) fn ask_multicast<T>(
        &mut self,
        root: &Root,
        ask: &Ask<'_>,
        mut find: impl FnMut(Event) -> Option<T>,
    ) -> Result<T> {
        self.forget_stale();
        self.send(root, ask)?;
        let what = format!("answer to {}", name(&ask.request));
        loop {
            match self.receive(ask, &what)? {
                Message::Reply(reply) if reply.kind == ask.request.kind() => {
                    reply
                        .result()
                        .map_err(|e| explain(ask.operation, e as i32, ask.tried))?;
                }
                Message::Reply(_) => {}
                Message::Event(_, event) => {
                    if let Some(found) = find(event) {
                        return Ok(found);
                    }
                }
            }
        }
    }

    /// Waits for an event that `find` takes, among those kept and those to come.
    pub(super) fn event<T>(
        &mut self,
        ask: &Ask<'_>,
        what: &str,
        mut find: impl FnMut(&Event) -> Option<T>,
    ) -> Result<T> {
        while let Some(event) = self.kept.pop_front() {
            if let Some(found) = find(&event) {
                return Ok(found);
            }
        }
        loop {
            if let Message::Event(_, event) = self.receive(ask, what)?
                && let Some(found) = find(&event)
            {
                return Ok(found);
            }
        }
    }

    /// Empties the socket: a multicast answer to what somebody asked earlier would tell how things were then.
    fn forget_stale(&mut self) {
        let Some(port) = &mut self.port else { return };
        for _ in 0..STALE {
            match port.recv(Some(std::time::Instant::now()), "nothing") {
                Ok(packet) => drop(zeroize::Zeroizing::new(packet)),
                Err(PortError::Overrun | PortError::Oversized { .. }) => {}
                // Empty; whatever else is wrong shows when the question is sent.
                Err(_) => return,
            }
        }
    }

    fn send(&mut self, root: &Root, ask: &Ask<'_>) -> Result<()> {
        let handle = transport_handle(root, ask.host, ask.tried)?;
        self.kept.clear();
        let mut port = match self.port.take() {
            Some(port) => port,
            None => self
                .endpoint
                .until(ask.deadline.until())
                .netlink(GROUP_ISCSID)
                .map_err(|e| fault::port(&e, ask.tried))?,
        };
        let message = zeroize::Zeroizing::new(ask.request.encode(handle, port.pid()));
        let until = ask.deadline.until();
        let (port, sent) = match &self.endpoint {
            // The kernel runs the whole request inside of the send (`iscsi_if_rx`, under `rx_queue_mutex`).
            Endpoint::Host => within(ask.deadline, ask.tried, move || {
                let sent = port.send_until(&message, until);
                (port, sent)
            })
            .map_err(|late| match late.kind() {
                Kind::Unknown if !ask.operation.changes() => {
                    Error::timeout(ask.tried, format!("answer to {}", name(&ask.request)))
                }
                _ => late,
            })?,
            Endpoint::Dir(_) => {
                let sent = port.send_until(&message, until);
                (port, sent)
            }
        };
        sent.map_err(|e| fault::port(&e, ask.tried))?;
        self.port = Some(port);
        Ok(())
    }

    /// The next message that can be read. Lost and unreadable ones are passed over: the answer may still come, or the deadline ends it.
    fn receive(&mut self, ask: &Ask<'_>, what: &str) -> Result<Message> {
        loop {
            let Some(port) = &mut self.port else {
                return Err(Error::new(Kind::Failed, ask.tried).answered("the netlink socket is not open"));
            };
            match port.recv_until(ask.deadline.until(), what) {
                Ok(packet) => match Message::decode(&packet) {
                    Ok(message) => return Ok(message),
                    Err(e) => tracing::debug!(error = %e, "unreadable netlink message"),
                },
                Err(PortError::Overrun | PortError::Oversized { .. }) if !ask.deadline.expired() => {
                    tracing::warn!("netlink messages were lost");
                }
                Err(e) => {
                    self.port = None;
                    let error = fault::port(&e, ask.tried);
                    // It was sent: who does not answer may have done it, or may do it yet.
                    return Err(if ask.operation.changes() {
                        error.in_doubt(ask.operation.look())
                    } else {
                        error
                    });
                }
            }
        }
    }

    fn keep(&mut self, event: Event) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(event);
    }
}

/// The request's name without its contents, which may be secret.
fn name(request: &Request) -> String {
    format!("{:?}", request.kind())
}

fn transport_handle(root: &Root, host_no: HostNo, tried: &str) -> Result<u64> {
    let found = host::host(root, host_no.0)
        .map_err(|e| fault::sysfs(&e, tried).hint(crate::Step::AdapterList.then(" shows what is there")))?;
    let transport = transport::transport(root, transport_name(&found.scsi.proc_name))
        .map_err(|e| fault::sysfs(&e, tried))?;
    Ok(transport.attrs.handle)
}
