//! A session that belongs to somebody else: he logs in, sends PDUs of his own and gets their answers; commands are the engine's.
//!
//! Owns what a kernel does between its SCSI layer and a login in user space: which PDUs of the owner go out and with which numbers,
//! which answers are his, what the target says between the last login response and the owner's word that the session starts.
//! Every breach of the protocol ends the connection, as there. Must not know what the owner's PDUs mean. Source: Linux 6.1
//! `libiscsi.c` (`iscsi_alloc_mgmt_task`, `iscsi_prep_mgmt_task`, `__iscsi_complete_pdu`, `iscsi_check_tmf_restrictions`),
//! `libiscsi_tcp.c` (`iscsi_tcp_hdr_dissect`).

mod config;

use std::{collections::BTreeMap, time::Instant};

pub use config::{RelayConfig, RelayError, Start};

use super::{Breach, DropReason, Event, Initiator, Outcome, Timeouts, config::Terms, engine::Phase};
use crate::{
    chap::Nonces,
    framer::Data,
    negotiate::SessionType,
    pdu::{
        BHS_LEN, Bhs, DataIn, DataInFlags, LoginFlags, LoginResponse, NopIn, NopOut, Opcode, R2t,
        RESERVED_TAG, Reject, RejectReason, ScsiResponse, Stage, TmfFunction, TmfResponse,
    },
};

/// PDUs of the owner that wait for an answer at most (`ISCSI_MGMT_CMDS_MAX`).
const MAX_ASKED: usize = 15;
/// Bytes that a target may send before the owner says that its session starts.
const MAX_EARLY: usize = 64 * 1024;
/// How many of them are taken at once.
const EARLY_SLOT: usize = 4096;

/// The owner's half of a connection.
#[derive(Default)]
pub(super) struct Relay {
    /// His PDUs that wait for an answer, by tag.
    asked: BTreeMap<u32, Opcode>,
    /// The tag of all login and text requests: those of one exchange have the same.
    serial: Option<u32>,
    /// What the target said since the last login response.
    early: Option<Vec<u8>>,
    slot: Vec<u8>,
    fast_abort: bool,
    leaving: bool,
}

impl Relay {
    pub(super) fn leaving(&self) -> bool {
        self.leaving
    }

    /// Whether a tag is taken.
    pub(super) fn awaits(&self, tag: u32) -> bool {
        self.asked.contains_key(&tag) || self.serial == Some(tag)
    }

    /// Where bytes go that come too early for their digests to be known.
    pub(super) fn early_slot(&mut self) -> Option<&mut [u8]> {
        self.early.as_ref()?;
        self.slot.resize(EARLY_SLOT, 0);
        Some(&mut self.slot)
    }

    /// They are there; `None` when it is not early any more.
    pub(super) fn early(&mut self, n: usize) -> Option<Result<(), DropReason>> {
        let early = self.early.as_mut()?;
        early.extend_from_slice(self.slot.get(..n).unwrap_or_default());
        Some(if early.len() > MAX_EARLY {
            Err(DropReason::Protocol(Breach::Early))
        } else {
            Ok(())
        })
    }

    /// The connection has ended.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Initiator {
    /// TCP is connected: somebody else logs in with [`Initiator::submit_pdu`] and then starts the session.
    #[must_use]
    pub fn relay(config: RelayConfig, now: Instant) -> Self {
        let timeouts = Timeouts {
            noop_interval: None,
            ..Timeouts::default()
        };
        let terms = Terms {
            cid: 0,
            session: SessionType::Normal,
            timeouts,
            logout_on_request: false,
        };
        let next_tag = Nonces::new(config.seed).number();
        let mut engine = Self::connected(terms, config.cmd_sn, next_tag, now);
        engine.rx.set_max_data(config.max_recv_data_segment as usize);
        engine.relay = Some(Box::default());
        engine.phase = Phase::Relay;
        engine
    }

    /// Sends a PDU of the owner: its tag, its CmdSN and (but for login and text) its ExpStatSN are filled in. The answer comes as
    /// [`Event::Pdu`]. After a logout request no command goes out any more.
    ///
    /// # Errors
    /// It is not sent.
    pub fn submit_pdu(
        &mut self,
        now: Instant,
        header: &[u8; BHS_LEN],
        data: &[u8],
    ) -> Result<(), RelayError> {
        self.hear_early(now);
        let mut bhs = Bhs::from_array(*header);
        let opcode = bhs.opcode.opcode();
        let serial = matches!(opcode, Opcode::LOGIN_REQUEST | Opcode::TEXT_REQUEST);
        let full = matches!(self.phase, Phase::Full);
        let relay = self.relay.as_ref().ok_or(RelayError::Gone)?;
        if matches!(self.phase, Phase::Closed) || relay.leaving {
            return Err(RelayError::Gone);
        }
        let running = |of: &Opcode| matches!(*of, Opcode::LOGIN_REQUEST | Opcode::TEXT_REQUEST);
        if serial && relay.asked.values().any(running) {
            return Err(RelayError::Busy);
        }
        if relay.asked.len() >= MAX_ASKED {
            return Err(RelayError::Full);
        }
        let answered = bhs.itt.get() != RESERVED_TAG;
        let kept = relay.serial.filter(|_| serial);
        if answered {
            bhs.itt = kept.unwrap_or_else(|| self.new_tag()).into();
        }
        // The numbers stand at the same place in every request.
        let mut pdu = NopOut::from_bhs(&bhs);
        pdu.cmd_sn = self.cmd_sn.into();
        if !serial {
            pdu.exp_stat_sn = self.exp_stat_sn.into();
        }
        if answered && full && !bhs.opcode.is_immediate() {
            self.cmd_sn = self.cmd_sn.wrapping_add(1);
        }
        if let Some(relay) = &mut self.relay
            && answered
        {
            relay.asked.insert(bhs.itt.get(), opcode);
            if serial {
                relay.serial = Some(bhs.itt.get());
            }
            relay.leaving = opcode == Opcode::LOGOUT_REQUEST;
        }
        self.send(pdu.to_bhs(), Data::Bytes(data));
        if opcode == Opcode::LOGOUT_REQUEST {
            for tag in std::mem::take(&mut self.waiting) {
                self.end_task(tag, Outcome::NotSent);
            }
        }
        Ok(())
    }

    /// The owner has logged in: full feature phase from the next PDU on. False when there is nothing to start.
    pub fn start(&mut self, now: Instant, start: Start) -> bool {
        if !matches!(self.phase, Phase::Relay) {
            return false;
        }
        let Some(relay) = &mut self.relay else {
            return false;
        };
        relay.fast_abort = start.fast_abort;
        let params = start.params;
        self.rx.set_digests(params.header_digest, params.data_digest);
        self.rx.set_max_data(params.max_recv_data_segment as usize);
        self.tx.set_digests(params.header_digest, params.data_digest);
        self.params = params;
        self.exp_stat_sn = start.exp_stat_sn;
        self.terms.timeouts = start.timeouts;
        self.last_rx = now;
        self.hear_early(now);
        if matches!(self.phase, Phase::Relay) {
            self.phase = Phase::Full;
        }
        self.pump();
        !matches!(self.phase, Phase::Closed)
    }

    /// How long to wait for what, from now on.
    pub fn set_timeouts(&mut self, timeouts: Timeouts) {
        self.terms.timeouts = timeouts;
    }

    /// CmdSN of the next command.
    #[must_use]
    pub const fn cmd_sn(&self) -> u32 {
        self.cmd_sn
    }

    /// Whether the target was asked for a sign of life and has not answered.
    #[must_use]
    pub const fn is_pinging(&self) -> bool {
        self.ping.is_some()
    }

    /// Asks the target for a sign of life now, unless it has been asked already.
    pub fn ping(&mut self, now: Instant) {
        if self.is_open() && self.ping.is_none() {
            self.send_ping(now);
        }
    }

    /// What the target said before anybody knew how to read it is taken in now.
    fn hear_early(&mut self, now: Instant) {
        let early = self.relay.as_mut().and_then(|relay| relay.early.take());
        let early = early.unwrap_or_default();
        let mut bytes = early.as_slice();
        while !bytes.is_empty() && !matches!(self.phase, Phase::Closed) {
            let slot = self.read_slot();
            let (part, rest) = bytes.split_at(slot.len().min(bytes.len()));
            let Some(to) = slot.get_mut(..part.len()).filter(|to| !to.is_empty()) else {
                return;
            };
            to.copy_from_slice(part);
            self.received(now, part.len());
            bytes = rest;
        }
    }

    /// Whether a task management function forbids data of a task (`iscsi_check_tmf_restrictions`).
    pub(super) fn held_by_tmf(&self, tag: u32) -> bool {
        let (Some(relay), Some(task)) = (&self.relay, self.tasks.0.get(&tag)) else {
            return false;
        };
        let forbids = |tmf: &super::manage::Tmf| {
            tmf.affects(tag, task.lun) && (relay.fast_abort || tmf.function == TmfFunction::ABORT_TASK)
        };
        self.tmfs.values().any(forbids)
    }

    /// A complete PDU of a relayed session.
    pub(super) fn on_relayed(&mut self, bhs: &Bhs, data_ok: bool, data: Vec<u8>) -> Result<(), DropReason> {
        if !data_ok {
            return Err(DropReason::DataDigest);
        }
        // The numbers stand at the same place in every response.
        let common = NopIn::from_bhs(bhs);
        let (itt, opcode) = (bhs.itt.get(), bhs.opcode.opcode());
        let bare = match opcode {
            Opcode::DATA_IN
            | Opcode::SCSI_RESPONSE
            | Opcode::LOGIN_RESPONSE
            | Opcode::TEXT_RESPONSE
            | Opcode::ASYNC_MESSAGE
            | Opcode::REJECT => true,
            _ => data.is_empty(),
        };
        if !bare {
            return Err(DropReason::Protocol(Breach::Segment));
        }
        if itt == RESERVED_TAG {
            self.window
                .update(common.exp_cmd_sn.get(), common.max_cmd_sn.get());
            return self.on_unasked(bhs, &common, data);
        }
        let known = match opcode {
            Opcode::DATA_IN | Opcode::SCSI_RESPONSE | Opcode::R2T => self.tasks.0.contains_key(&itt),
            Opcode::TMF_RESPONSE => self.tmfs.contains_key(&itt) || self.asks(itt),
            Opcode::NOP_IN => self.ping.is_some_and(|(tag, _)| tag == itt) || self.asks(itt),
            Opcode::LOGOUT_RESPONSE | Opcode::LOGIN_RESPONSE | Opcode::TEXT_RESPONSE => self.asks(itt),
            _ => return Err(DropReason::Protocol(Breach::Opcode)),
        };
        if !known {
            return Err(DropReason::Protocol(Breach::Tag));
        }
        self.window
            .update(common.exp_cmd_sn.get(), common.max_cmd_sn.get());
        let with_status = match opcode {
            Opcode::DATA_IN => DataIn::from_bhs(bhs).flags.contains(DataInFlags::STATUS),
            // Login and text are the owner's, their numbers too.
            Opcode::R2T | Opcode::LOGIN_RESPONSE | Opcode::TEXT_RESPONSE => false,
            _ => true,
        };
        if with_status {
            self.exp_stat_sn = common.stat_sn.get().wrapping_add(1);
        }
        match opcode {
            Opcode::DATA_IN => self.on_data_in(&DataIn::from_bhs(bhs)),
            Opcode::SCSI_RESPONSE => self.on_scsi_response(&ScsiResponse::from_bhs(bhs), &data),
            Opcode::R2T => self.on_r2t(&R2t::from_bhs(bhs)),
            Opcode::TMF_RESPONSE if self.tmfs.contains_key(&itt) => {
                self.on_tmf_response(&TmfResponse::from_bhs(bhs))
            }
            // Nobody is told of the answer to a function of the owner's.
            Opcode::TMF_RESPONSE => {
                self.take_asked(itt);
                Ok(())
            }
            Opcode::NOP_IN if common.ttt.get() != RESERVED_TAG => Err(DropReason::Protocol(Breach::Segment)),
            Opcode::NOP_IN if self.ping.is_some_and(|(tag, _)| tag == itt) => {
                self.ping = None;
                Ok(())
            }
            _ => {
                self.take_asked(itt);
                self.await_start(bhs);
                self.hand_up(bhs, data);
                Ok(())
            }
        }
    }

    fn asks(&self, tag: u32) -> bool {
        self.relay
            .as_ref()
            .is_some_and(|relay| relay.asked.contains_key(&tag))
    }

    fn take_asked(&mut self, tag: u32) {
        if let Some(relay) = &mut self.relay {
            relay.asked.remove(&tag);
        }
    }

    /// What comes after the last login response is read when the owner has said how.
    fn await_start(&mut self, bhs: &Bhs) {
        if bhs.opcode.opcode() != Opcode::LOGIN_RESPONSE || !matches!(self.phase, Phase::Relay) {
            return;
        }
        let pdu = LoginResponse::from_bhs(bhs);
        let last = pdu.flags.contains(LoginFlags::TRANSIT) && pdu.flags.next() == Stage::FULL_FEATURE;
        if let Some(relay) = self.relay.as_mut().filter(|_| last && pdu.status.is_success()) {
            relay.early = Some(Vec::new());
        }
    }

    fn hand_up(&mut self, bhs: &Bhs, data: Vec<u8>) {
        let header = zerocopy::transmute!(*bhs);
        self.events.push_back(Event::Pdu { header, data });
    }

    /// A PDU that answers nothing.
    fn on_unasked(&mut self, bhs: &Bhs, common: &NopIn, data: Vec<u8>) -> Result<(), DropReason> {
        match bhs.opcode.opcode() {
            Opcode::NOP_IN => {
                if common.ttt.get() != RESERVED_TAG {
                    self.send_nop(RESERVED_TAG, common.ttt.get(), common.lun, &[]);
                }
                Ok(())
            }
            Opcode::ASYNC_MESSAGE => {
                self.exp_stat_sn = common.stat_sn.get().wrapping_add(1);
                self.hand_up(bhs, data);
                Ok(())
            }
            Opcode::REJECT => {
                self.exp_stat_sn = common.stat_sn.get().wrapping_add(1);
                self.on_relayed_reject(&Reject::from_bhs(bhs), &data)
            }
            _ => Err(DropReason::Protocol(Breach::Opcode)),
        }
    }

    /// `iscsi_handle_reject`: only a rejected NOP-Out is more than a remark; whatever else was rejected, its own timeout ends.
    fn on_relayed_reject(&mut self, pdu: &Reject, data: &[u8]) -> Result<(), DropReason> {
        let Some((header, _)) = data.split_first_chunk::<BHS_LEN>() else {
            return Err(DropReason::Protocol(Breach::RejectHeader));
        };
        let rejected = Bhs::from_array(*header);
        if pdu.reason != RejectReason::TOO_MANY_IMMEDIATE || rejected.opcode.opcode() != Opcode::NOP_OUT {
            return Ok(());
        }
        let nop = NopOut::from_bhs(&rejected);
        let itt = nop.itt.get();
        if itt == RESERVED_TAG {
            self.send_nop(RESERVED_TAG, nop.ttt.get(), nop.lun, &[]);
        } else if self.ping.is_some_and(|(tag, _)| tag == itt) {
            // A sign of life all the same.
            self.ping = None;
        } else if self.asks(itt) {
            self.take_asked(itt);
            self.hand_up(&rejected, Vec::new());
        } else {
            return Err(DropReason::Protocol(Breach::Tag));
        }
        Ok(())
    }
}
