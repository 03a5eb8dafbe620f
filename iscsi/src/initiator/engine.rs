//! The engine's face to the shell, and the way of each PDU.

use std::{
    collections::{BTreeMap, VecDeque},
    io::IoSlice,
    time::Instant,
};

use super::{
    Breach, Config, Counters, DropReason, Event, LoginFailure,
    config::Terms,
    exchange::Exchange,
    login::{LOGIN_SEGMENT, Login},
    manage::Tmf,
    relay::Relay,
    tasks::Tasks,
};
use crate::{
    LinkLoss,
    chap::Nonces,
    framer::{Cost, Data, Owed, Place, Receiver, Step as Frame, Transmitter},
    negotiate::Params,
    pdu::{BHS_LEN, Bhs, DataIn, DataInFlags, NopIn, Opcode, RESERVED_TAG, TargetPdu},
    serial::CommandWindow,
};

/// Answers to the target that may wait to be sent, beside one for each R2T that it may have outstanding.
const MAX_OWED: Cost = Cost {
    pdus: 4096,
    bytes: 1 << 20,
};

/// Where the connection is.
pub(super) enum Phase {
    Login(Box<Login>),
    /// Somebody else logs in.
    Relay,
    Full,
    Closed,
}

/// The initiator of one connection.
pub struct Initiator {
    pub(super) terms: Terms,
    /// Of a session that belongs to somebody else.
    pub(super) relay: Option<Box<Relay>>,
    pub(super) phase: Phase,
    pub(super) params: Params,
    pub(super) rx: Receiver,
    pub(super) tx: Transmitter,
    pub(super) tasks: Tasks,
    /// Commands that the window does not let through yet.
    pub(super) waiting: VecDeque<u32>,
    pub(super) tmfs: BTreeMap<u32, Tmf>,
    /// NOP-Outs of the owner and when they are given up.
    pub(super) nops: BTreeMap<u32, Instant>,
    pub(super) exchange: Option<Exchange>,
    /// Tag and deadline.
    pub(super) logout: Option<(u32, Instant)>,
    /// Liveness NOP-Out: tag and when it was sent.
    pub(super) ping: Option<(u32, Instant)>,
    /// Answers to the target that wait to be sent.
    owed: Owed,
    /// A response could not be read: the session is logged out.
    pub(super) damaged: bool,
    /// The target asked for negotiation while another exchange ran.
    pub(super) renegotiation_due: bool,
    pub(super) last_rx: Instant,
    pub(super) login_deadline: Instant,
    pub(super) window: CommandWindow,
    pub(super) cmd_sn: u32,
    pub(super) exp_stat_sn: u32,
    pub(super) events: VecDeque<Event>,
    pub(super) counters: Counters,
    pub(super) login_tag: u32,
    next_tag: u32,
    /// Takes what a closed engine is still given.
    sink: Box<[u8; 512]>,
}

impl Initiator {
    /// TCP is connected: starts the login.
    #[must_use]
    pub fn new(config: Config, now: Instant) -> Self {
        let mut nonces = Nonces::new(config.seed);
        let (unpredictable, next_tag) = (nonces.number(), nonces.number());
        let cmd_sn = config.first_cmd_sn.unwrap_or(unpredictable);
        let mut engine = Self::connected(config.terms(), cmd_sn, next_tag, now);
        engine.login_tag = engine.new_tag();
        match Login::start(config, nonces) {
            Ok((login, step)) => {
                engine.phase = Phase::Login(Box::new(login));
                engine.login_step(step);
            }
            Err(why) => engine.fail_login(why),
        }
        engine
    }

    /// Nothing was said yet.
    pub(super) fn connected(terms: Terms, cmd_sn: u32, next_tag: u32, now: Instant) -> Self {
        Self {
            phase: Phase::Closed,
            relay: None,
            params: Params::default(),
            rx: Receiver::new(LOGIN_SEGMENT),
            tx: Transmitter::new(),
            tasks: Tasks::default(),
            waiting: VecDeque::new(),
            tmfs: BTreeMap::new(),
            nops: BTreeMap::new(),
            exchange: None,
            logout: None,
            ping: None,
            owed: Owed::default(),
            damaged: false,
            renegotiation_due: false,
            last_rx: now,
            login_deadline: now + terms.timeouts.login,
            window: CommandWindow::new(cmd_sn),
            cmd_sn,
            exp_stat_sn: 0,
            events: VecDeque::new(),
            counters: Counters::default(),
            login_tag: 0,
            next_tag,
            sink: Box::new([0; 512]),
            terms,
        }
    }

    /// What holds on this connection: negotiated once logged in, the RFC's defaults before.
    #[must_use]
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// What went over the wire.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        let mut counters = self.counters;
        counters.tx_octets = self.tx.octets();
        counters.rx_octets = self.rx.octets();
        counters
    }

    /// StatSN that is expected next, for statistics.
    #[must_use]
    pub const fn exp_stat_sn(&self) -> u32 {
        self.exp_stat_sn
    }

    /// How many SCSI commands are not completed.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.tasks.0.len()
    }

    /// Bytes that wait to be sent.
    #[must_use]
    pub const fn queued(&self) -> usize {
        self.tx.queued()
    }

    /// True in full feature phase while no logout runs: commands are taken.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let leaving = self.relay.as_ref().is_some_and(|relay| relay.leaving());
        matches!(self.phase, Phase::Full) && self.logout.is_none() && !leaving
    }

    /// Ends at once, without logout. Ends with [`Event::Dropped`], during login with [`Event::LoginFailed`].
    pub fn drop_connection(&mut self, now: Instant) {
        let _ = now;
        match self.phase {
            Phase::Login(_) => self.fail_login(LoginFailure::Link(LinkLoss::Local)),
            Phase::Full | Phase::Relay => self.fail(DropReason::Requested),
            Phase::Closed => {}
        }
    }

    /// Where the next bytes go: header buffer or task payload; never empty.
    pub fn read_slot(&mut self) -> &mut [u8] {
        match self.phase {
            Phase::Closed => &mut self.sink[..],
            Phase::Relay => match self.relay.as_mut().and_then(|relay| relay.early_slot()) {
                Some(slot) => slot,
                None => self.rx.slot(&mut self.tasks),
            },
            _ => self.rx.slot(&mut self.tasks),
        }
    }

    /// `n` bytes of the slot are filled.
    pub fn received(&mut self, now: Instant, n: usize) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        self.last_rx = now;
        match self.relay.as_mut().and_then(|relay| relay.early(n)) {
            Some(Ok(())) => return,
            Some(Err(why)) => {
                self.fail(why);
                return;
            }
            None => self.rx.received(n, &self.tasks),
        }
        while !matches!(self.phase, Phase::Closed) {
            match self.rx.poll() {
                Ok(None) => break,
                Ok(Some(Frame::Header)) => match self.place() {
                    Ok(place) => self.rx.place(place),
                    Err(why) => self.fail(why),
                },
                Ok(Some(Frame::Pdu)) => {
                    let before = self.tx.made();
                    self.pdu(now);
                    self.owe(self.tx.made().since(before));
                    self.rx.next();
                }
                Err(why) => self.fail(DropReason::Frame(why)),
            }
        }
        self.pump();
    }

    /// The peer closed, or the socket failed.
    pub fn closed(&mut self, now: Instant, why: LinkLoss) {
        let _ = now;
        match self.phase {
            Phase::Login(_) => self.fail_login(LoginFailure::Link(why)),
            Phase::Full | Phase::Relay => self.fail(DropReason::Link(why)),
            Phase::Closed => {}
        }
        self.tx.clear();
    }

    /// Everything ready to send, in order (bounded in count).
    pub fn write_slices<'a>(&'a self, out: &mut Vec<IoSlice<'a>>) {
        self.tx.write_slices(&self.tasks, out);
    }

    /// `n` of those bytes were accepted.
    pub fn sent(&mut self, now: Instant, n: usize) {
        let _ = now;
        self.tx.sent(n);
        self.owed.sent(self.tx.octets());
    }

    /// True if the link is to be closed after the last byte is sent.
    #[must_use]
    pub const fn wants_close(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// What happened, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// A tag that nothing of this connection has.
    pub(super) fn new_tag(&mut self) -> u32 {
        loop {
            self.next_tag = self.next_tag.wrapping_add(1);
            let tag = self.next_tag;
            let used = self.tasks.0.contains_key(&tag)
                || self.tmfs.contains_key(&tag)
                || self.nops.contains_key(&tag)
                || self.relay.as_ref().is_some_and(|relay| relay.awaits(tag));
            if tag != RESERVED_TAG && !used {
                return tag;
            }
        }
    }

    /// Queues a PDU without task data.
    pub(super) fn send(&mut self, bhs: Bhs, data: Data<'_>) {
        self.counters.count_tx(bhs.opcode.opcode());
        self.tx.push(bhs, &[], data, &self.tasks);
    }

    /// Counts what the PDU that was just handled made us queue, and drops a target that asks for more and more and reads nothing.
    fn owe(&mut self, cost: Cost) {
        if !matches!(self.phase, Phase::Full | Phase::Relay) {
            return;
        }
        // A burst of data is cut as the target wants it, and bounded by what its task has to send.
        let cost = match self.rx.bhs().opcode.opcode() {
            Opcode::R2T => Cost {
                pdus: cost.pdus.min(1),
                bytes: cost.bytes.min(BHS_LEN),
            },
            _ => cost,
        };
        self.owed.add(self.tx.end(), cost);
        let r2ts = self.params.max_outstanding_r2t as usize;
        let limit = Cost {
            pdus: MAX_OWED.pdus + self.tasks.0.len().saturating_mul(r2ts),
            bytes: MAX_OWED.bytes,
        };
        if self.owed.exceeds(limit) {
            self.fail(DropReason::NotRead);
        }
    }

    /// Where the data segment of the header that just arrived goes.
    fn place(&mut self) -> Result<Place, DropReason> {
        let bhs = *self.rx.bhs();
        match (&self.phase, bhs.opcode.opcode()) {
            (Phase::Full, Opcode::DATA_IN) => self.place_data_in(&DataIn::from_bhs(&bhs)),
            _ if self.relay.is_some() && bhs.data_len() > LOGIN_SEGMENT => {
                Err(DropReason::Protocol(Breach::Segment))
            }
            _ => Ok(Place::Inline),
        }
    }

    /// A complete PDU.
    fn pdu(&mut self, now: Instant) {
        let bhs = *self.rx.bhs();
        self.counters.count_rx(bhs.opcode.opcode());
        let data_ok = self.rx.data_digest_ok();
        self.counters.digest_errors += u64::from(!data_ok);
        let data = self.rx.take_data();
        let pdu = TargetPdu::decode(&bhs);
        if let Phase::Login(_) = self.phase {
            match pdu {
                TargetPdu::LoginResponse(pdu) => self.on_login_response(&pdu, &data),
                other => self.fail_login(LoginFailure::Unexpected(other.opcode())),
            }
            return;
        }
        if self.relay.is_some() {
            if let Err(why) = self.on_relayed(&bhs, data_ok, data) {
                self.fail(why);
            }
            return;
        }
        if let Err(why) = self.numbers(&bhs) {
            self.fail(why);
            return;
        }
        let done = match pdu {
            _ if !data_ok => self.on_damaged(now, &bhs),
            TargetPdu::DataIn(pdu) => self.on_data_in(&pdu),
            TargetPdu::ScsiResponse(pdu) => self.on_scsi_response(&pdu, &data),
            TargetPdu::R2t(pdu) => self.on_r2t(&pdu),
            TargetPdu::NopIn(pdu) => self.on_nop_in(&pdu, &data),
            TargetPdu::TmfResponse(pdu) => self.on_tmf_response(&pdu),
            TargetPdu::TextResponse(pdu) => self.on_text_response(now, &pdu, &data),
            TargetPdu::LogoutResponse(pdu) => self.on_logout_response(&pdu),
            TargetPdu::AsyncMessage(pdu) => self.on_async(now, &pdu, data),
            TargetPdu::Reject(pdu) => self.on_reject(now, &pdu, &data),
            TargetPdu::LoginResponse(_) => Err(DropReason::Protocol(Breach::Login)),
            TargetPdu::Other(_) => Err(DropReason::Protocol(Breach::Opcode)),
        };
        if let Err(why) = done {
            self.fail(why);
        }
    }

    /// Window and StatSN of a full feature PDU; they stand at the same place in all of them. On one TCP connection nothing overtakes,
    /// so a StatSN that is not the next one tells of a status that was lost.
    fn numbers(&mut self, bhs: &Bhs) -> Result<(), DropReason> {
        let common = NopIn::from_bhs(bhs);
        let with_status = match bhs.opcode.opcode() {
            Opcode::DATA_IN => DataIn::from_bhs(bhs).flags.contains(DataInFlags::STATUS),
            Opcode::NOP_IN => bhs.itt.get() != RESERVED_TAG,
            Opcode::SCSI_RESPONSE
            | Opcode::TMF_RESPONSE
            | Opcode::TEXT_RESPONSE
            | Opcode::LOGOUT_RESPONSE
            | Opcode::ASYNC_MESSAGE
            | Opcode::REJECT => true,
            _ => false,
        };
        if with_status {
            if common.stat_sn.get() != self.exp_stat_sn {
                return Err(DropReason::Protocol(Breach::StatSn));
            }
            self.exp_stat_sn = self.exp_stat_sn.wrapping_add(1);
        }
        self.window
            .update(common.exp_cmd_sn.get(), common.max_cmd_sn.get());
        Ok(())
    }
}
