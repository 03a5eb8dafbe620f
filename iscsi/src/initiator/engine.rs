//! The engine's face to the shell, and the way of each PDU.

use std::{
    collections::{BTreeMap, VecDeque},
    io::IoSlice,
    time::Instant,
};

use super::{
    Config, Counters, DropReason, Event, LoginFailure, Outcome, TextFailure, TmfOutcome,
    exchange::Exchange,
    login::{LOGIN_SEGMENT, Login, Step},
    manage::Tmf,
    tasks::Tasks,
};
use crate::{
    LinkLoss,
    chap::Nonces,
    framer::{Data, FrameError, Place, Receiver, Step as Frame, Transmitter},
    negotiate::Params,
    pdu::{
        Bhs, DataIn, DataInFlags, LoginFlags, LoginRequest, LoginResponse, NopIn, Opcode, OpcodeByte,
        RESERVED_TAG, TargetPdu,
    },
    serial::CommandWindow,
};

/// Where the connection is.
pub(super) enum Phase {
    Login(Box<Login>),
    Full,
    Closed,
}

/// The initiator of one connection.
pub struct Initiator {
    pub(super) config: Config,
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
    pub(super) nop_backlog: usize,
    pub(super) last_rx: Instant,
    pub(super) login_deadline: Instant,
    pub(super) window: CommandWindow,
    pub(super) cmd_sn: u32,
    pub(super) exp_stat_sn: u32,
    pub(super) events: VecDeque<Event>,
    pub(super) counters: Counters,
    login_tag: u32,
    next_tag: u32,
    /// Takes what a closed engine is still given.
    sink: Box<[u8; 512]>,
}

impl Initiator {
    /// TCP is connected: starts the login.
    #[must_use]
    pub fn new(config: Config, now: Instant) -> Self {
        let mut nonces = Nonces::new(config.seed);
        let (cmd_sn, next_tag) = (nonces.number(), nonces.number());
        let login = Login::start(&config, nonces);
        let mut engine = Self {
            phase: Phase::Closed,
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
            nop_backlog: 0,
            last_rx: now,
            login_deadline: now + config.timeouts.login,
            window: CommandWindow::new(cmd_sn),
            cmd_sn,
            exp_stat_sn: 0,
            events: VecDeque::new(),
            counters: Counters::default(),
            login_tag: 0,
            next_tag,
            sink: Box::new([0; 512]),
            config,
        };
        engine.login_tag = engine.new_tag();
        match login {
            Ok((login, step)) => {
                engine.phase = Phase::Login(Box::new(login));
                engine.login_step(step);
            }
            Err(why) => engine.fail_login(why),
        }
        engine
    }

    /// What the engine was made with.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
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

    /// True in full feature phase while no logout runs: commands are taken.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Full) && self.logout.is_none()
    }

    /// Ends at once, without logout. Ends with [`Event::Dropped`], during login with [`Event::LoginFailed`].
    pub fn drop_connection(&mut self, now: Instant) {
        let _ = now;
        match self.phase {
            Phase::Login(_) => self.fail_login(LoginFailure::Link(LinkLoss::Local)),
            Phase::Full => self.fail(DropReason::Requested),
            Phase::Closed => {}
        }
    }

    /// Where the next bytes go: header buffer or task payload; never empty.
    pub fn read_slot(&mut self) -> &mut [u8] {
        match self.phase {
            Phase::Closed => &mut self.sink[..],
            _ => self.rx.slot(&mut self.tasks),
        }
    }

    /// `n` bytes of the slot are filled.
    pub fn received(&mut self, now: Instant, n: usize) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        self.last_rx = now;
        self.rx.received(n, &self.tasks);
        while !matches!(self.phase, Phase::Closed) {
            match self.rx.poll() {
                Ok(None) => break,
                Ok(Some(Frame::Header)) => match self.place() {
                    Ok(place) => self.rx.place(place),
                    Err(why) => self.fail(why),
                },
                Ok(Some(Frame::Pdu)) => {
                    self.pdu(now);
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
            Phase::Full => self.fail(DropReason::Link(why)),
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
                || self.nops.contains_key(&tag);
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

    /// Where the data segment of the header that just arrived goes.
    fn place(&mut self) -> Result<Place, DropReason> {
        let bhs = *self.rx.bhs();
        match (&self.phase, bhs.opcode.opcode()) {
            (Phase::Full, Opcode::DATA_IN) => self.place_data_in(&DataIn::from_bhs(&bhs)),
            _ => Ok(Place::Inline),
        }
    }

    /// A complete PDU.
    fn pdu(&mut self, now: Instant) {
        let bhs = *self.rx.bhs();
        self.counters.count_rx(bhs.opcode.opcode());
        if !self.rx.data_digest_ok() {
            self.fail(DropReason::DataDigest);
            return;
        }
        let data = self.rx.take_data();
        let pdu = TargetPdu::decode(&bhs);
        if let Phase::Login(login) = &mut self.phase {
            match pdu {
                TargetPdu::LoginResponse(pdu) => {
                    let step =
                        check(&pdu, self.login_tag, &self.config).and_then(|()| login.response(&pdu, &data));
                    self.login_response(&pdu, step);
                }
                other => self.fail_login(LoginFailure::Unexpected(other.opcode())),
            }
            return;
        }
        self.numbers(&bhs);
        let done = match pdu {
            TargetPdu::DataIn(pdu) => self.on_data_in(&pdu),
            TargetPdu::ScsiResponse(pdu) => self.on_scsi_response(&pdu, &data),
            TargetPdu::R2t(pdu) => self.on_r2t(&pdu),
            TargetPdu::NopIn(pdu) => self.on_nop_in(&pdu, &data),
            TargetPdu::TmfResponse(pdu) => {
                self.on_tmf_response(&pdu);
                Ok(())
            }
            TargetPdu::TextResponse(pdu) => self.on_text_response(now, &pdu, &data),
            TargetPdu::LogoutResponse(pdu) => self.on_logout_response(&pdu),
            TargetPdu::AsyncMessage(pdu) => self.on_async(now, &pdu, data),
            TargetPdu::Reject(pdu) => self.on_reject(&pdu, &data),
            TargetPdu::LoginResponse(_) => Err(DropReason::Protocol("Login Response in full feature phase")),
            TargetPdu::Other(_) => Err(DropReason::Protocol("unknown opcode")),
        };
        if let Err(why) = done {
            self.fail(why);
        }
    }

    /// Window and StatSN of a full feature PDU; they stand at the same place in all of them.
    fn numbers(&mut self, bhs: &Bhs) {
        let common = NopIn::from_bhs(bhs);
        self.window
            .update(common.exp_cmd_sn.get(), common.max_cmd_sn.get());
        let with_status = match bhs.opcode.opcode() {
            Opcode::R2T => false,
            Opcode::DATA_IN => DataIn::from_bhs(bhs).flags.contains(DataInFlags::STATUS),
            Opcode::NOP_IN => bhs.itt.get() != RESERVED_TAG,
            _ => true,
        };
        if with_status {
            self.exp_stat_sn = common.stat_sn.get().wrapping_add(1);
        }
    }

    fn login_response(&mut self, pdu: &LoginResponse, step: Result<Step, LoginFailure>) {
        self.exp_stat_sn = pdu.stat_sn.get().wrapping_add(1);
        match step {
            Ok(step) => {
                if matches!(step, Step::Done(_)) {
                    self.window = CommandWindow::told(pdu.exp_cmd_sn.get(), pdu.max_cmd_sn.get());
                }
                self.login_step(step);
            }
            Err(why) => self.fail_login(why),
        }
    }

    fn login_step(&mut self, step: Step) {
        match step {
            Step::Send { flags, text } => self.send_login(flags, &text),
            Step::Redirect { permanent, address } => self.end(Event::Redirected { permanent, address }),
            Step::Done(logged_in) => {
                let params = &logged_in.params;
                self.rx.set_digests(params.header_digest, params.data_digest);
                self.rx
                    .set_max_data((params.max_recv_data_segment as usize).max(LOGIN_SEGMENT));
                self.tx.set_digests(params.header_digest, params.data_digest);
                self.params = params.clone();
                self.phase = Phase::Full;
                self.events.push_back(Event::LoggedIn(logged_in));
            }
        }
    }

    fn send_login(&mut self, flags: LoginFlags, text: &[u8]) {
        let pdu = LoginRequest {
            opcode: OpcodeByte::immediate(LoginRequest::OPCODE),
            flags,
            isid: self.config.isid,
            tsih: self.config.tsih.into(),
            itt: self.login_tag.into(),
            cid: self.config.cid.into(),
            cmd_sn: self.cmd_sn.into(),
            exp_stat_sn: self.exp_stat_sn.into(),
            ..LoginRequest::default()
        };
        self.send(pdu.to_bhs(), Data::Bytes(text));
    }

    pub(super) fn fail_login(&mut self, why: LoginFailure) {
        self.tx.clear();
        self.end(Event::LoginFailed(why));
    }

    /// Drops the connection. What the login phase comes across is a login failure.
    pub(super) fn fail(&mut self, why: DropReason) {
        match why {
            DropReason::Frame(FrameError::HeaderDigest) | DropReason::DataDigest => {
                self.counters.digest_errors += 1;
            }
            DropReason::Frame(FrameError::TooLong { .. }) | DropReason::Protocol(_) => {
                self.counters.format_errors += 1;
            }
            _ => {}
        }
        if let Phase::Login(_) = self.phase {
            self.fail_login(match why {
                DropReason::Frame(why) => LoginFailure::Frame(why),
                DropReason::Link(why) => LoginFailure::Link(why),
                _ => LoginFailure::BadField("format"),
            });
            return;
        }
        self.tx.clear();
        self.end(Event::Dropped(why));
    }

    /// The last event: everything that runs ends before it.
    pub(super) fn end(&mut self, last: Event) {
        self.phase = Phase::Closed;
        let tags: Vec<u32> = self.tasks.0.keys().copied().collect();
        for tag in tags {
            self.end_task(tag, Outcome::Lost);
        }
        for tag in std::mem::take(&mut self.tmfs).into_keys() {
            self.tmf_done(tag, TmfOutcome::Lost);
        }
        for tag in std::mem::take(&mut self.nops).into_keys() {
            self.nop_done(tag, false);
        }
        self.end_exchange(Err(TextFailure::Lost));
        self.waiting.clear();
        self.logout = None;
        self.events.push_back(last);
    }
}

/// The fields of a login response that never change during a login.
fn check(pdu: &LoginResponse, tag: u32, config: &Config) -> Result<(), LoginFailure> {
    if pdu.itt.get() != tag {
        return Err(LoginFailure::BadField("task tag"));
    }
    if pdu.status.is_success() && pdu.isid != config.isid {
        return Err(LoginFailure::BadField("ISID"));
    }
    Ok(())
}
