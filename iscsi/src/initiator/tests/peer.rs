//! A target made of nothing but framing: tests say what it answers.

use std::{
    io::IoSlice,
    time::{Duration, Instant},
};

use crate::{
    Isid,
    buffer::NoBuffers,
    framer::{Data, Place, Receiver, Step, Transmitter},
    initiator::{Command, Config, Direction, Event, Initiator, RelayConfig, TaskTag},
    negotiate::{Negotiation, Offer, Params, SessionType, Side},
    pdu::*,
    text::{TextWriter, pairs},
};

pub(super) type Heard = (InitiatorPdu, Vec<u8>);

pub(super) struct Peer {
    pub(super) engine: Initiator,
    pub(super) now: Instant,
    pub(super) heard: Vec<Heard>,
    pub(super) stat_sn: u32,
    pub(super) exp_cmd_sn: u32,
    pub(super) max_cmd_sn: u32,
    pub(super) params: Params,
    rx: Receiver,
    tx: Transmitter,
}

/// True for PDUs that take a StatSN.
fn has_status(bhs: &Bhs) -> bool {
    match bhs.opcode.opcode() {
        Opcode::DATA_IN => DataIn::from_bhs(bhs).flags.contains(DataInFlags::STATUS),
        Opcode::NOP_IN => bhs.itt.get() != RESERVED_TAG,
        opcode => opcode != Opcode::R2T,
    }
}

pub(super) fn config() -> Config {
    let name = "iqn.2024-01.example.peer:host".parse().unwrap();
    let target = "iqn.2024-01.example.peer:disk".parse().unwrap();
    Config::new(name, Some(target), Isid([0x80, 1, 2, 3, 4, 5]), [9; 32])
}

impl Peer {
    pub(super) fn new(config: Config) -> Self {
        #[expect(clippy::disallowed_methods, reason = "an origin for virtual time")]
        let now = Instant::now();
        let mut peer = Self {
            engine: Initiator::new(config, now),
            now,
            heard: Vec::new(),
            stat_sn: 100,
            exp_cmd_sn: 0,
            max_cmd_sn: 0,
            params: Params::default(),
            rx: Receiver::new(1 << 20),
            tx: Transmitter::new(),
        };
        peer.listen();
        peer
    }

    /// A peer of an owner who logs in by himself: nothing was said yet.
    pub(super) fn relayed() -> Self {
        let mut peer = Self::new(config());
        let relay = RelayConfig {
            cmd_sn: 5,
            max_recv_data_segment: 8192,
            seed: [3; 32],
        };
        peer.engine = Initiator::relay(relay, peer.now);
        peer.heard.clear();
        (peer.exp_cmd_sn, peer.max_cmd_sn) = (5, 36);
        peer
    }

    /// The peer and the tests agree on digests without saying so.
    pub(super) fn agree(&mut self, params: &Params) {
        self.tx.set_digests(params.header_digest, params.data_digest);
        self.rx.set_digests(params.header_digest, params.data_digest);
    }

    /// A peer that has answered the login with what `offer` gives.
    pub(super) fn logged_in(config: Config, offer: Offer) -> Self {
        let session = config.session_type();
        let mut peer = Self::new(config);
        peer.log_in(session, offer);
        peer
    }

    /// A peer with the RFC's defaults.
    pub(super) fn ready() -> Self {
        Self::logged_in(config(), Offer::default())
    }

    pub(super) fn log_in(&mut self, session: SessionType, offer: Offer) {
        self.answer_login(
            LoginFlags::transit(Stage::SECURITY, Stage::OPERATIONAL),
            b"AuthMethod=None\0",
        );
        let mut negotiation = Negotiation::new(Side::Target, session, offer);
        let mut out = TextWriter::new();
        let text = self.heard.last().unwrap().1.clone();
        for pair in pairs(&text) {
            let (key, value) = pair.unwrap();
            negotiation.take(key, value, &mut out).unwrap();
        }
        negotiation.offers(&mut out);
        self.answer_login(
            LoginFlags::transit(Stage::OPERATIONAL, Stage::FULL_FEATURE),
            out.as_bytes(),
        );
        self.params = negotiation.finish().unwrap();
        self.tx
            .set_digests(self.params.header_digest, self.params.data_digest);
        self.rx
            .set_digests(self.params.header_digest, self.params.data_digest);
        assert!(matches!(self.events()[..], [Event::LoggedIn(_)]));
        self.heard.clear();
    }

    /// The login request that waits for an answer.
    pub(super) fn login_request(&self) -> LoginRequest {
        match self.heard.last() {
            Some((InitiatorPdu::LoginRequest(pdu), _)) => *pdu,
            other => panic!("{other:?}"),
        }
    }

    /// A good answer to the last login request.
    pub(super) fn login_response(&mut self, flags: LoginFlags) -> LoginResponse {
        let request = self.login_request();
        self.exp_cmd_sn = request.cmd_sn.get();
        self.max_cmd_sn = self.exp_cmd_sn.wrapping_add(31);
        LoginResponse {
            opcode: Opcode::LOGIN_RESPONSE.into(),
            flags,
            isid: request.isid,
            tsih: 1.into(),
            itt: request.itt,
            stat_sn: self.status(),
            exp_cmd_sn: self.exp_cmd_sn.into(),
            max_cmd_sn: self.max_cmd_sn.into(),
            ..LoginResponse::default()
        }
    }

    pub(super) fn answer_login(&mut self, flags: LoginFlags, text: &[u8]) {
        let pdu = self.login_response(flags);
        self.say(pdu.to_bhs(), text);
    }

    /// The next StatSN.
    pub(super) fn status(&mut self) -> U32 {
        self.stat_sn = self.stat_sn.wrapping_add(1);
        self.stat_sn.wrapping_sub(1).into()
    }

    /// Sends a PDU with the window filled in, and lets the engine answer.
    pub(super) fn say(&mut self, bhs: Bhs, data: &[u8]) {
        let mut common = NopIn::from_bhs(&bhs);
        common.exp_cmd_sn = self.exp_cmd_sn.into();
        common.max_cmd_sn = self.max_cmd_sn.into();
        // Not numbered yet; 0 may also be the number that was just given.
        if common.stat_sn.get() == 0 && self.stat_sn != 1 && has_status(&bhs) {
            common.stat_sn = self.status();
        }
        self.tx.push(common.to_bhs(), &[], Data::Bytes(data), &NoBuffers);
        let wire = self.wire();
        self.feed(&wire);
        self.listen();
    }

    /// What the peer has to send, as bytes.
    fn wire(&mut self) -> Vec<u8> {
        let mut wire = Vec::new();
        while !self.tx.is_empty() {
            let mut slices: Vec<IoSlice<'_>> = Vec::new();
            self.tx.write_slices(&NoBuffers, &mut slices);
            let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            self.tx.sent(bytes.len());
            wire.extend(bytes);
        }
        wire
    }

    /// A PDU's bytes, not sent.
    pub(super) fn bytes_of(&mut self, bhs: Bhs, data: &[u8]) -> Vec<u8> {
        self.tx.push(bhs, &[], Data::Bytes(data), &NoBuffers);
        self.wire()
    }

    /// Raw bytes to the engine.
    pub(super) fn feed(&mut self, mut wire: &[u8]) {
        while !wire.is_empty() {
            let slot = self.engine.read_slot();
            assert!(!slot.is_empty(), "a slot is never empty");
            let n = slot.len().min(wire.len());
            slot[..n].copy_from_slice(&wire[..n]);
            wire = &wire[n..];
            self.engine.received(self.now, n);
        }
    }

    /// Takes in what the engine has to send.
    pub(super) fn listen(&mut self) {
        loop {
            let mut slices: Vec<IoSlice<'_>> = Vec::new();
            self.engine.write_slices(&mut slices);
            let bytes: Vec<u8> = slices.iter().flat_map(|slice| slice.iter().copied()).collect();
            if bytes.is_empty() {
                return;
            }
            self.engine.sent(self.now, bytes.len());
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let mut none = NoBuffers;
                let slot = self.rx.slot(&mut none);
                let n = slot.len().min(rest.len());
                slot[..n].copy_from_slice(&rest[..n]);
                rest = &rest[n..];
                self.rx.received(n, &NoBuffers);
                while let Some(step) = self.rx.poll().unwrap() {
                    match step {
                        Step::Header => self.rx.place(Place::Inline),
                        Step::Pdu => {
                            assert!(self.rx.data_digest_ok());
                            self.heard
                                .push((InitiatorPdu::decode(self.rx.bhs()), self.rx.data().to_vec()));
                            self.rx.next();
                        }
                    }
                }
            }
        }
    }

    pub(super) fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.engine.poll_event()).collect()
    }

    /// Goes to the engine's next deadline.
    pub(super) fn wait(&mut self) -> Duration {
        let deadline = self.engine.poll_timeout().unwrap();
        let waited = deadline - self.now;
        self.now = deadline;
        self.engine.handle_timeout(deadline);
        self.listen();
        waited
    }

    pub(super) fn submit(&mut self, direction: Direction, len: usize) -> TaskTag {
        let command = Command {
            lun: Lun::flat(3),
            cdb: vec![0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0],
            direction,
            expected_length: u32::try_from(len).unwrap(),
            attribute: TaskAttribute::SIMPLE,
            buffer: Box::new((0..len).map(|at| at as u8).collect::<Vec<u8>>()),
        };
        let tag = self.engine.submit(self.now, command);
        self.listen();
        tag
    }

    pub(super) fn scsi_response(&mut self, tag: TaskTag) -> ScsiResponse {
        ScsiResponse {
            opcode: Opcode::SCSI_RESPONSE.into(),
            flags: ScsiResponseFlags::FINAL,
            itt: tag.0.into(),
            stat_sn: self.status(),
            ..ScsiResponse::default()
        }
    }

    pub(super) fn data_in(tag: TaskTag, data_sn: u32, offset: u32, len: usize) -> DataIn {
        DataIn {
            opcode: Opcode::DATA_IN.into(),
            itt: tag.0.into(),
            ttt: RESERVED_TAG.into(),
            data_sn: data_sn.into(),
            buffer_offset: offset.into(),
            data_segment_length: U24::new(len).unwrap(),
            ..DataIn::default()
        }
    }

    pub(super) fn r2t(tag: TaskTag, r2t_sn: u32, offset: u32, len: u32) -> R2t {
        R2t {
            opcode: Opcode::R2T.into(),
            flags: 0x80,
            itt: tag.0.into(),
            ttt: (0x7700 + r2t_sn).into(),
            r2t_sn: r2t_sn.into(),
            buffer_offset: offset.into(),
            desired_length: len.into(),
            ..R2t::default()
        }
    }

    pub(super) fn nop_in(itt: u32, ttt: u32) -> NopIn {
        NopIn {
            opcode: Opcode::NOP_IN.into(),
            flags: 0x80,
            itt: itt.into(),
            ttt: ttt.into(),
            ..NopIn::default()
        }
    }
}
