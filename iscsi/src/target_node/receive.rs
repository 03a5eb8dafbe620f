//! Incoming PDUs: where their data goes, in which order they count, who handles them.

use std::time::Instant;

use zerocopy::IntoBytes;

use super::connection::{Connection, Late, Phase};
use super::event::{CloseReason, Event, LoginFailure, TaskId};
use super::login::{Answer, Refusal};
use super::trace::{IscsiState, TargetState};
use crate::framer::{Data, Place};
use crate::negotiate::SessionType;
use crate::pdu::{
    Bhs, DataOut, LoginFlags, LoginRequest, LoginResponse, LoginStatus, LogoutRequest, NopOut, Opcode,
    RESERVED_TAG, Reject, RejectReason, TextRequest, TmfRequest,
};
use crate::pool::Memory;
use crate::serial;

/// What becomes of the PDU that is coming in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disposition {
    /// Read and forgotten.
    Ignore,
    /// It came before its turn.
    Park(u32),
    /// Handled when complete.
    Handle,
    /// Answered with Reject when complete.
    Reject(RejectReason),
    /// A command whose task exists.
    Command(TaskId),
    /// Data of a task, in the right place.
    Data(TaskId),
    /// Data of a task that cannot be used.
    BadData(TaskId),
}

/// A request that waits for the ones before it.
#[derive(Debug)]
pub(super) struct Parked {
    /// `None`: the number counts as received, nothing is to be done (an abort came first).
    pub(super) request: Option<(Bhs, Vec<u8>, Memory)>,
}

enum Order {
    Now,
    Early(u32),
    Outside,
}

impl Connection {
    /// A header is complete: decides before its data comes.
    pub(super) fn begin(&mut self, bhs: &Bhs) -> (Disposition, Place) {
        if matches!(self.phase, Phase::Login(_)) {
            let place = if bhs.opcode.opcode() == Opcode::LOGIN_REQUEST {
                Place::Inline
            } else {
                Place::Discard
            };
            return (Disposition::Handle, place);
        }
        match bhs.opcode.opcode() {
            Opcode::DATA_OUT => self.begin_data(&DataOut::from_bhs(bhs), bhs.data_len()),
            Opcode::SCSI_COMMAND => match self.order(bhs) {
                Order::Now => {
                    let ahs = self.rx.ahs().to_vec();
                    self.begin_command(bhs, &ahs)
                }
                Order::Early(sn) => (Disposition::Park(sn), Place::Inline),
                Order::Outside => (Disposition::Ignore, Place::Discard),
            },
            Opcode::NOP_OUT | Opcode::TMF_REQUEST | Opcode::TEXT_REQUEST | Opcode::LOGOUT_REQUEST => {
                match self.order(bhs) {
                    Order::Now => (Disposition::Handle, Place::Inline),
                    Order::Early(sn) => (Disposition::Park(sn), Place::Inline),
                    Order::Outside => (Disposition::Ignore, Place::Discard),
                }
            }
            Opcode::SNACK => (Disposition::Reject(RejectReason::SNACK_REJECT), Place::Discard),
            Opcode::LOGIN_REQUEST => (Disposition::Reject(RejectReason::PROTOCOL_ERROR), Place::Discard),
            _ => (Disposition::Reject(RejectReason::NOT_SUPPORTED), Place::Discard),
        }
    }

    fn order(&self, bhs: &Bhs) -> Order {
        if bhs.opcode.is_immediate() {
            return Order::Now;
        }
        let sn = cmd_sn(bhs);
        if sn == self.exp_cmd_sn && serial::at_or_before(sn, self.max_cmd_sn()) {
            Order::Now
        } else if serial::before(self.exp_cmd_sn, sn) && serial::at_or_before(sn, self.max_cmd_sn()) {
            Order::Early(sn)
        } else {
            Order::Outside
        }
    }

    /// A PDU is complete.
    pub(super) fn pdu(&mut self, now: Instant) {
        let bhs = *self.rx.bhs();
        let disposition = match self.current.take() {
            Some(disposition) => disposition,
            None => self.begin(&bhs).0,
        };
        if matches!(self.phase, Phase::Login(_)) {
            let text = self.rx.data().to_vec();
            self.login_pdu(now, &bhs, &text);
            return;
        }
        if self.trace.requests() {
            self.trace.acknowledged(NopOut::from_bhs(&bhs).exp_stat_sn.get());
        }
        let digest_ok = self.rx.data_digest_ok();
        match disposition {
            Disposition::Ignore => {}
            Disposition::Park(sn) => {
                if digest_ok {
                    let data = self.rx.data();
                    self.parked_bytes = self.parked_bytes.saturating_add(data.len());
                    let own = self.held.saturating_add(self.parked_bytes);
                    if self.parked_bytes > MAX_PARKED || !self.config.pool.grants(data.len(), own) {
                        self.close(now, CloseReason::Protocol("too much data out of order"));
                        return;
                    }
                    let state = if bhs.opcode.opcode() == Opcode::SCSI_COMMAND {
                        IscsiState::QueueCmnd
                    } else {
                        IscsiState::QueueOther
                    };
                    self.trace.step(bhs.itt.get(), state, TargetState::Null);
                    let mut memory = self.config.pool.take(self.rx.data().len());
                    memory.bytes_mut().copy_from_slice(self.rx.data());
                    let request = Some((bhs, self.rx.ahs().to_vec(), memory));
                    self.parked.entry(sn).or_insert(Parked { request });
                } else {
                    self.reject(&bhs, RejectReason::DATA_DIGEST_ERROR);
                }
            }
            Disposition::Reject(_) if !digest_ok => self.reject(&bhs, RejectReason::DATA_DIGEST_ERROR),
            Disposition::Reject(reason) => {
                self.advance(&bhs);
                self.reject(&bhs, reason);
            }
            Disposition::Handle if !digest_ok => self.reject(&bhs, RejectReason::DATA_DIGEST_ERROR),
            Disposition::Handle => {
                let data = self.rx.data().to_vec();
                self.advance(&bhs);
                self.handle(now, &bhs, &data);
            }
            // The command is thrown away with its data, and its CmdSN is still awaited.
            Disposition::Command(id) if !digest_ok => {
                self.abort(id);
                self.reject(&bhs, RejectReason::DATA_DIGEST_ERROR);
            }
            Disposition::Command(id) => {
                self.advance(&bhs);
                self.finish_command(id, &bhs);
            }
            Disposition::Data(id) | Disposition::BadData(id) => {
                if !digest_ok {
                    self.reject(&bhs, RejectReason::DATA_DIGEST_ERROR);
                }
                let usable = matches!(disposition, Disposition::Data(_));
                self.finish_data(id, &DataOut::from_bhs(&bhs), bhs.data_len(), usable, digest_ok);
            }
        }
        self.unpark(now);
    }

    /// A request that takes part in the command window has been taken.
    fn advance(&mut self, bhs: &Bhs) {
        let counts = matches!(
            bhs.opcode.opcode(),
            Opcode::SCSI_COMMAND
                | Opcode::NOP_OUT
                | Opcode::TMF_REQUEST
                | Opcode::TEXT_REQUEST
                | Opcode::LOGOUT_REQUEST
        );
        if counts && !bhs.opcode.is_immediate() {
            self.exp_cmd_sn = self.exp_cmd_sn.wrapping_add(1);
        }
    }

    /// Takes parked requests whose turn has come.
    fn unpark(&mut self, now: Instant) {
        while !self.wants_close()
            && let Some(parked) = self.parked.remove(&self.exp_cmd_sn)
        {
            self.exp_cmd_sn = self.exp_cmd_sn.wrapping_add(1);
            let Some((bhs, ahs, data)) = parked.request else {
                continue;
            };
            self.parked_bytes = self.parked_bytes.saturating_sub(data.bytes().len());
            if bhs.opcode.opcode() == Opcode::SCSI_COMMAND {
                self.trace
                    .step(bhs.itt.get(), IscsiState::QueueCmndRdy, TargetState::Null);
                match self.begin_command(&bhs, &ahs) {
                    (Disposition::Command(id), _) => {
                        self.copy_in(id, data.bytes());
                        // What came unsolicited meanwhile is lost: all that is missing will be solicited.
                        let mut bhs = bhs;
                        bhs.flags |= 0x80;
                        self.finish_command(id, &bhs);
                    }
                    (Disposition::Reject(reason), _) => self.reject(&bhs, reason),
                    _ => {}
                }
            } else {
                self.handle(now, &bhs, data.bytes());
            }
        }
    }

    fn handle(&mut self, now: Instant, bhs: &Bhs, data: &[u8]) {
        let state = match bhs.opcode.opcode() {
            Opcode::NOP_OUT => Some(IscsiState::Ping),
            Opcode::TEXT_REQUEST => Some(IscsiState::SendTextResponse),
            Opcode::LOGOUT_REQUEST => Some(IscsiState::Logout),
            _ => None,
        };
        if let Some(state) = state {
            self.trace.step(bhs.itt.get(), state, TargetState::Null);
        }
        match bhs.opcode.opcode() {
            // Nothing but SendTargets and the logout is for a discovery session; who answers a ping was asked (RFC 7143 §4.3).
            Opcode::TMF_REQUEST if self.discovery() => self.reject(bhs, RejectReason::PROTOCOL_ERROR),
            Opcode::NOP_OUT if self.discovery() && NopOut::from_bhs(bhs).ttt.get() == RESERVED_TAG => {
                self.reject(bhs, RejectReason::PROTOCOL_ERROR);
            }
            Opcode::NOP_OUT => self.nop_out(&NopOut::from_bhs(bhs), data),
            Opcode::TMF_REQUEST => self.task_management(&TmfRequest::from_bhs(bhs), bhs),
            Opcode::TEXT_REQUEST => self.text_request(&TextRequest::from_bhs(bhs), bhs, data),
            Opcode::LOGOUT_REQUEST => self.logout(now, &LogoutRequest::from_bhs(bhs)),
            _ => self.reject(bhs, RejectReason::NOT_SUPPORTED),
        }
    }

    /// The session is for discovery only.
    pub(super) fn discovery(&self) -> bool {
        self.session()
            .is_none_or(|session| session.session == SessionType::Discovery)
    }

    /// Answers with Reject; the rejected header goes back.
    pub(super) fn reject(&mut self, bhs: &Bhs, reason: RejectReason) {
        let (exp, max) = self.window();
        let pdu = Reject {
            opcode: Reject::OPCODE.into(),
            flags: 0x80,
            reason,
            itt: crate::pdu::RESERVED_TAG.into(),
            stat_sn: self.take_stat_sn().into(),
            exp_cmd_sn: exp.into(),
            max_cmd_sn: max.into(),
            ..Reject::default()
        };
        self.push(pdu.to_bhs(), Data::Bytes(bhs.as_bytes()));
    }

    fn login_pdu(&mut self, now: Instant, bhs: &Bhs, text: &[u8]) {
        if self.late.is_some() {
            return;
        }
        let request = LoginRequest::from_bhs(bhs);
        let Phase::Login(login) = &mut self.phase else {
            return;
        };
        if bhs.opcode.opcode() != Opcode::LOGIN_REQUEST {
            if !login.started() {
                self.close(now, CloseReason::NoLogin);
                return;
            }
            let refusal = Refusal::from(LoginFailure::OtherRequest);
            self.refuse_login(now, &LoginRequest::default(), refusal);
            return;
        }
        if !login.started() {
            let first = request.cmd_sn.get();
            self.start_window(first);
        }
        let Phase::Login(login) = &mut self.phase else {
            return;
        };
        match login.request(&self.config, &*self.directory, &mut self.nonces, &request, text) {
            Ok(answer) => self.answer_login(&request, answer),
            Err(refusal) => self.refuse_login(now, &request, refusal),
        }
    }

    fn login_response(
        &mut self,
        request: &LoginRequest,
        flags: LoginFlags,
        status: LoginStatus,
    ) -> LoginResponse {
        let (exp, max) = self.window();
        LoginResponse {
            opcode: LoginResponse::OPCODE.into(),
            flags,
            isid: request.isid,
            itt: request.itt,
            stat_sn: self.take_stat_sn().into(),
            exp_cmd_sn: exp.into(),
            max_cmd_sn: max.into(),
            status,
            ..LoginResponse::default()
        }
    }

    fn answer_login(&mut self, request: &LoginRequest, answer: Answer) {
        let mut pdu = self.login_response(request, answer.flags, LoginStatus::SUCCESS);
        if let Some(session) = &answer.session {
            pdu.tsih = session.tsih.into();
        }
        self.push(pdu.to_bhs(), Data::Bytes(&answer.text));
        if let Some(session) = answer.session {
            let params = &session.params;
            self.tx.set_digests(params.header_digest, params.data_digest);
            self.rx.set_digests(params.header_digest, params.data_digest);
            self.rx.set_max_data(params.max_recv_data_segment as usize);
            self.events.push_back(Event::LoggedIn(session.clone()));
            self.phase = Phase::Full(session);
        }
    }

    fn refuse_login(&mut self, now: Instant, request: &LoginRequest, refusal: Refusal) {
        if matches!(refusal.failure, LoginFailure::Chap(_)) && !self.config.chap_delay.is_zero() {
            self.late = Some(Late {
                at: now + self.config.chap_delay,
                request: *request,
                refusal,
            });
        } else {
            self.refuse_now(now, request, refusal);
        }
    }

    pub(super) fn refuse_now(&mut self, now: Instant, request: &LoginRequest, refusal: Refusal) {
        let flags = LoginFlags::stay(request.flags.current());
        let pdu = self.login_response(request, flags, refusal.status);
        self.push(pdu.to_bhs(), Data::Bytes(&refusal.text));
        self.close(now, CloseReason::LoginFailed(refusal.failure));
    }
}

/// Data of requests that came before their turn, in bytes.
const MAX_PARKED: usize = 4 << 20;

/// CmdSN, which has one place in all requests that carry it.
fn cmd_sn(bhs: &Bhs) -> u32 {
    NopOut::from_bhs(bhs).cmd_sn.get()
}
