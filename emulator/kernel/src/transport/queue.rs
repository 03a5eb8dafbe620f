//! The netlink receive queue: one message at a time, a slow one holds up the rest, answers as the kernel gives them.
//!
//! Source: `scsi_transport_iscsi.c` (`iscsi_if_rx`; `rx_queue_mutex`).

use std::collections::VecDeque;
use std::os::fd::OwnedFd;

use driver_sys::netlink::{Header, Heard, Reply, Request, Return};
use nix::errno::Errno;

use super::dispatch::receive;
use super::verdict::Verdict;
use super::{Class, LowLevelDriver};
use crate::env::{ClientId, Out};

/// A message that waits its turn.
struct Rx {
    client: ClientId,
    portid: u32,
    message: Heard,
    descriptor: Option<OwnedFd>,
}

/// A message whose work waits for a driver.
struct Busy {
    client: ClientId,
    /// What the answer is made of, and whose driver it is.
    header: Header,
}

/// The transports that are registered, by handle.
pub(crate) trait Transports {
    /// The driver of a transport (`iscsi_if_transport_lookup`).
    fn lookup(&mut self, handle: u64) -> Option<&mut dyn LowLevelDriver>;
}

/// At most so many messages of all clients wait; more are dropped as a full socket buffer would.
const MAX_QUEUED: usize = 1024;
/// At most so many messages of one client wait: nobody takes the whole queue.
const MAX_QUEUED_OF_ONE: usize = 256;

/// At most so many descriptors wait with them; a message that comes with one more is worked on without it.
const MAX_DESCRIPTORS: usize = 64;

/// The queue.
#[derive(Default)]
pub(crate) struct Queue {
    rx: VecDeque<Rx>,
    busy: Option<Busy>,
}

impl Queue {
    /// A packet on the netlink socket, and a descriptor that came beside it. The kernel looks at nothing that is too short, and answers nothing.
    pub(crate) fn push(&mut self, client: ClientId, portid: u32, packet: &[u8], descriptor: Option<OwnedFd>) {
        let held = self
            .rx
            .iter()
            .filter(|waiting| waiting.descriptor.is_some())
            .count();
        let descriptor = descriptor.filter(|_| held < MAX_DESCRIPTORS);
        if let Ok(message) = Request::hear(packet)
            && self.rx.len() < MAX_QUEUED
            && self.rx.iter().filter(|waiting| waiting.client == client).count() < MAX_QUEUED_OF_ONE
        {
            self.rx.push_back(Rx {
                client,
                portid,
                message,
                descriptor,
            });
        }
    }

    /// Takes the queue as far as it goes; `true` when something was done.
    pub(crate) fn advance(&mut self, class: &mut Class, transports: &mut dyn Transports) -> bool {
        let mut moved = false;
        loop {
            if let Some(busy) = self.busy.take() {
                let driver = transports.lookup(busy.header.transport_handle());
                match driver.map_or(Some(Err(Errno::EINVAL)), |driver| driver.resume(class)) {
                    None => {
                        self.busy = Some(busy);
                        return moved;
                    }
                    Some(result) => answer(class, busy.client, &busy.header, result),
                }
                moved = true;
                continue;
            }
            let Some(Rx {
                client,
                portid,
                message,
                descriptor,
            }) = self.rx.pop_front()
            else {
                return moved;
            };
            moved = true;
            let header = message.header;
            class.descriptor = descriptor;
            let verdict = match transports.lookup(header.transport_handle()) {
                Some(driver) => receive(class, driver, portid, message),
                None => Verdict::Answer(Err(Errno::EINVAL)),
            };
            // Closed, if nobody took it.
            class.descriptor = None;
            match verdict {
                Verdict::Answer(result) => answer(class, client, &header, result),
                Verdict::Silent => {}
                Verdict::Wait => self.busy = Some(Busy { client, header }),
            }
        }
    }
}

fn answer(class: &mut Class, client: ClientId, header: &Header, result: Result<Return, Errno>) {
    if let Err(errno) = result {
        tracing::debug!(kind = header.nlmsg_type, %errno, "netlink request refused");
    }
    let reply = Reply::to(header, result).encode();
    class.env.push(Out::To(client, reply));
}
