//! The way back: what was made goes, last first, and what cannot go is told.
//!
//! Source: open-iscsi `usr/initiator.c` (`session_conn_shutdown`, `iscsi_stop`, `session_conn_reopen`); `scsi_transport_iscsi.c`
//! (`iscsi_if_stop_conn`, `iscsi_cleanup_conn_work_fn`: who stops a connection finds its endpoint gone; after an error the kernel may have done
//! both itself).

use std::time::{Duration, Instant};

use driver_sys::netlink::code::{StopFlag, Uevent};
use driver_sys::netlink::{Bytes, Pdu, Request, Return};
use iscsi::pdu::{LogoutReason, LogoutRequest, Opcode, OpcodeByte};
use nix::errno::Errno;
use zerocopy::IntoBytes as _;

use super::event::FlowEvent;
use super::machine::{Action, CID, End, Flow, Stage};
use crate::quirks::driver::Flow as By;

/// Answers to the way back that say that there is nothing to undo.
const GONE: [Errno; 3] = [Errno::EINVAL, Errno::ENOENT, Errno::ENOTCONN];

impl Flow {
    /// Keeps in mind what an answer made or removed.
    pub(super) fn note(&mut self, kind: Uevent, result: Result<Return, Errno>) {
        let Ok(result) = result else {
            return;
        };
        let made = &mut self.made;
        match (kind, result) {
            (_, Return::Endpoint { handle }) => made.endpoint = Some(handle),
            (_, Return::Session { sid, host_no }) => (made.sid, made.host) = (Some(sid), host_no),
            (_, Return::Conn { .. }) => made.conn = true,
            (Uevent::BindConn, _) => {
                (made.bound, made.was_bound) = (true, true);
                self.hang_up();
            }
            (Uevent::StopConn, _) => made.bound = false,
            (Uevent::EpDisconnect, _) => made.endpoint = None,
            (Uevent::DestroyConn, _) => made.conn = false,
            (Uevent::DestroySession, _) => made.sid = None,
            _ => {}
        }
    }

    /// This end of a socket that the kernel has: its own stays.
    fn hang_up(&mut self) {
        if std::mem::take(&mut self.made.socket) {
            self.out.push_back(Action::HangUp);
        }
    }

    /// Stops the connection so that the session waits for another one.
    pub(super) fn halt(&mut self) {
        self.stage = Stage::Halt;
        (self.carrier, self.let_in, self.deadline) = (None, false, None);
        self.queue.clear();
        self.disconnect();
        if self.made.bound {
            self.stop(StopFlag::Recover);
        }
    }

    fn disconnect(&mut self) {
        let endpoint = self.made.endpoint.take();
        self.queue
            .extend(endpoint.map(|endpoint| Request::EpDisconnect { endpoint }));
    }

    fn stop(&mut self, flag: StopFlag) {
        self.queue.extend(self.made.sid.map(|sid| Request::StopConn {
            sid,
            cid: CID,
            conn_handle: 0,
            flag,
        }));
    }

    /// Removes what there is. A session that was there before the attempt stays when it failed.
    pub(super) fn undo(&mut self) {
        let keep = self.attempt.rebind.is_some() && matches!(self.end, Some(End::Fail(_)));
        let dialing = self.stage == Stage::Dial && self.attempt.link.flow == By::Socket;
        self.halt();
        if dialing {
            self.made.socket = true;
        }
        self.stage = Stage::Undo;
        self.look = None;
        self.hang_up();
        if keep {
            return;
        }
        self.queue.retain(|request| request.kind() != Uevent::StopConn);
        if self.made.conn {
            if self.made.was_bound {
                self.stop(StopFlag::Term);
            }
            let destroy = |sid| Request::DestroyConn { sid, cid: CID };
            self.queue.extend(self.made.sid.map(destroy));
        }
        let destroy = |sid| Request::DestroySession { sid };
        self.queue.extend(self.made.sid.map(destroy));
    }

    /// A request of the way back was answered.
    pub(super) fn undone(&mut self, kind: Uevent, result: Result<Return, Errno>) {
        match result {
            Ok(_) => {}
            Err(errno) if GONE.contains(&errno) => match kind {
                Uevent::DestroyConn => self.made.conn = false,
                Uevent::DestroySession => self.made.sid = None,
                _ => self.made.bound = false,
            },
            Err(errno) => self.left.push((kind, errno)),
        }
    }

    /// Everything that can go is gone. Always false: nothing comes after it.
    pub(super) fn back(&mut self) -> bool {
        let kept = self.attempt.rebind.is_some() && self.made.sid.is_some();
        (self.deadline, self.last) = (None, None);
        match self.end.take() {
            Some(End::Fail(why)) => {
                self.stage = if kept { Stage::Lost } else { Stage::Done };
                self.tell(FlowEvent::Failed(why));
                if !self.left.is_empty() && !kept {
                    let left = std::mem::take(&mut self.left);
                    self.tell(FlowEvent::Ended { left });
                }
            }
            Some(End::Finish) | None => {
                self.stage = Stage::Done;
                let left = std::mem::take(&mut self.left);
                self.tell(FlowEvent::Ended { left });
            }
        }
        false
    }

    /// Asks the target for a logout, if the login was ours. An adapter that logged in logs out when its connection is stopped.
    pub(super) fn log_out(&mut self, now: Instant) {
        let Some(sid) = self.made.sid.filter(|_| self.attempt.link.flow != By::Adapter) else {
            self.end = Some(End::Finish);
            return;
        };
        let logout = LogoutRequest {
            opcode: OpcodeByte::immediate(Opcode::LOGOUT_REQUEST),
            flags: LogoutRequest::flags_of(LogoutReason::CLOSE_SESSION),
            ..LogoutRequest::default()
        };
        self.stage = Stage::LogOut;
        let seconds = self.attempt.login.times.logout;
        self.deadline = Some(now + Duration::from_secs(seconds.into()));
        let pdu = Pdu {
            header: Bytes::new(logout.as_bytes()),
            data: Bytes::new([]),
        };
        self.ask(Request::SendPdu { sid, cid: CID, pdu });
    }
}
