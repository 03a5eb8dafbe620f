//! The netlink receive queue: one message at a time, a slow one holds up the rest, answers as the kernel gives them.
//!
//! Source: `scsi_transport_iscsi.c` (`iscsi_if_rx`, `iscsi_if_recv_msg`; `rx_queue_mutex`).

use std::time::Instant;

use nix::errno::Errno;

use super::{ClientId, Kernel, Out, TRANSPORT_HANDLE};
use crate::transport::ev::{Message, uevent};

/// A message that waits its turn.
pub(super) struct Rx {
    pub(super) client: ClientId,
    portid: u32,
    message: Message,
}

/// A message whose work waits for the card.
pub(super) struct Busy {
    client: ClientId,
    message: Message,
    task: Task,
}

/// What a message waits for.
#[derive(Debug, Clone)]
pub(super) enum Task {
    /// SET_IFACE_PARAMS: the addresses go down.
    DisableAcb(super::ifaces::AcbChange),
    /// LOGIN_FLASHNODE of a SendTargets entry: the discovery ends.
    Discovery(super::flash_logins::DiscoveryLogin),
    /// LOGOUT_FLASHNODE(_SID), DESTROY_SESSION: the firmware closes the session.
    Logout {
        /// Which session.
        sid: u32,
        /// Give up waiting.
        until: Instant,
    },
}

impl Task {
    fn until(&self) -> Instant {
        match self {
            Self::DisableAcb(t) => t.until,
            Self::Discovery(t) => t.until,
            Self::Logout { until, .. } => *until,
        }
    }
}

impl Busy {
    pub(super) fn deadline(&self) -> Instant {
        self.task.until()
    }

    pub(super) fn task_mut(&mut self) -> &mut Task {
        &mut self.task
    }
}

/// What became of a message.
pub(super) enum Verdict {
    /// Answer the sender.
    Answer(Result<(), Errno>),
    /// The answer was multicast already.
    Silent,
    /// Work goes on.
    Wait(Task),
}

impl From<Result<(), Errno>> for Verdict {
    fn from(result: Result<(), Errno>) -> Self {
        Self::Answer(result)
    }
}

/// At most so many messages of all clients wait; more are dropped as a full socket buffer would.
const MAX_QUEUED: usize = 1024;
/// At most so many messages of one client wait: nobody takes the whole queue.
const MAX_QUEUED_OF_ONE: usize = 256;

impl Kernel {
    /// A packet on the netlink socket.
    pub(crate) fn netlink(&mut self, now: Instant, client: ClientId, portid: u32, packet: &[u8]) {
        // The kernel looks at nothing that is too short, and answers nothing.
        if let Some(message) = Message::parse(packet)
            && self.rx.len() < MAX_QUEUED
            && self.rx.iter().filter(|waiting| waiting.client == client).count() < MAX_QUEUED_OF_ONE
        {
            self.rx.push_back(Rx {
                client,
                portid,
                message,
            });
        }
        self.settle(now);
    }

    /// Takes the queue as far as it goes; `true` when something was done.
    pub(super) fn advance_netlink(&mut self) -> bool {
        let mut moved = false;
        loop {
            if let Some(Busy {
                client,
                mut message,
                task,
            }) = self.busy.take()
            {
                match self.advance_task(task, &mut message) {
                    Verdict::Wait(task) => {
                        self.busy = Some(Busy {
                            client,
                            message,
                            task,
                        });
                        return moved;
                    }
                    Verdict::Answer(result) => self.answer(client, message, result),
                    Verdict::Silent => {}
                }
                moved = true;
                continue;
            }
            let Some(Rx {
                client,
                portid,
                mut message,
            }) = self.rx.pop_front()
            else {
                return moved;
            };
            moved = true;
            match self.receive(portid, &mut message) {
                Verdict::Answer(result) => self.answer(client, message, result),
                Verdict::Silent => {}
                Verdict::Wait(task) => {
                    self.busy = Some(Busy {
                        client,
                        message,
                        task,
                    });
                }
            }
        }
    }

    fn answer(&mut self, client: ClientId, message: Message, result: Result<(), Errno>) {
        if let Err(errno) = result {
            tracing::debug!(kind = message.kind, %errno, "netlink request refused");
        }
        self.out.push_back(Out::To(client, message.reply(result)));
    }

    fn advance_task(&mut self, task: Task, message: &mut Message) -> Verdict {
        let _ = message;
        match task {
            Task::DisableAcb(change) => self.advance_acb(change),
            Task::Discovery(login) => self.advance_discovery(login),
            Task::Logout { sid, until } => self.advance_logout(sid, until),
        }
    }

    fn receive(&mut self, portid: u32, m: &mut Message) -> Verdict {
        if m.handle() != TRANSPORT_HANDLE {
            return Verdict::Answer(Err(Errno::EINVAL));
        }
        match m.kind {
            uevent::CREATE_SESSION => Verdict::Answer(Err(Errno::ENOMEM)),
            uevent::CREATE_BOUND_SESSION => self.create_bound_session(portid, m).into(),
            uevent::DESTROY_SESSION | uevent::DESTROY_SESSION_ASYNC => self.destroy_user_session(m),
            uevent::UNBIND_SESSION => self.unbind_by_user(m).into(),
            uevent::CREATE_CONN => self.create_user_conn(m).into(),
            uevent::DESTROY_CONN => self.destroy_user_conn(m).into(),
            uevent::BIND_CONN => self.bind_conn(m).into(),
            uevent::START_CONN => self.start_conn(m).into(),
            uevent::STOP_CONN => self.stop_conn(m).into(),
            uevent::SEND_PDU => self.send_pdu(m).into(),
            uevent::SET_PARAM => self.set_param(m).into(),
            uevent::EP_CONNECT => Verdict::Answer(ep_connect_without_host(m)),
            uevent::EP_CONNECT_THROUGH_HOST => self.ep_connect(m).into(),
            uevent::EP_POLL => self.ep_poll(m).into(),
            uevent::EP_DISCONNECT => self.ep_disconnect(m).into(),
            uevent::TGT_DSCVR => Verdict::Answer(Err(Errno::EINVAL)),
            uevent::SET_HOST_PARAM => Verdict::Answer(Err(Errno::ENOSYS)),
            uevent::PATH_UPDATE => {
                // The length of the path is looked at before the driver's lack of it.
                Verdict::Answer(Err(if m.payload.len() < 64 {
                    Errno::EINVAL
                } else {
                    Errno::ENOSYS
                }))
            }
            uevent::GET_STATS => self.get_stats(m),
            uevent::GET_HOST_STATS => self.get_host_stats(m),
            uevent::SET_IFACE_PARAMS => self.set_iface_params(m),
            uevent::PING => self.ping(m).into(),
            uevent::GET_CHAP => self.get_chap(m),
            uevent::SET_CHAP => self.set_chap(m).into(),
            uevent::DELETE_CHAP => self.delete_chap(m).into(),
            uevent::NEW_FLASHNODE => self.new_flashnode(m).into(),
            uevent::SET_FLASHNODE_PARAMS => self.set_flashnode(m).into(),
            uevent::DEL_FLASHNODE => self.del_flashnode(m).into(),
            uevent::LOGIN_FLASHNODE => self.login_flashnode(m),
            uevent::LOGOUT_FLASHNODE => self.logout_flashnode(m),
            uevent::LOGOUT_FLASHNODE_SID => self.logout_flashnode_sid(m),
            _ => Verdict::Answer(Err(Errno::ENOSYS)),
        }
    }

    /// The host a message names as its first member.
    pub(super) fn host_of(&self, m: &Message) -> Result<usize, Errno> {
        self.host_index(m.arg(0)).ok_or(Errno::ENODEV)
    }
}

/// Without a host the driver has no port to connect through.
fn ep_connect_without_host(m: &Message) -> Result<(), Errno> {
    Err(if m.payload.len() < 16 {
        Errno::EINVAL
    } else {
        Errno::ENXIO
    })
}
