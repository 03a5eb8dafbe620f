//! A raw initiator that says what it likes, against the engine in virtual time.

mod data;
mod login;
mod malformed;
mod memory;
mod order;
mod task_management;
mod text;

use std::io::IoSlice;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;
use crate::buffer::NoBuffers;
use crate::chap::{ChapAccount, ChapSecret};
use crate::digest::Digest;
use crate::framer::{Data, Place, Receiver, Step, Transmitter};
use crate::negotiate::Params;
use crate::pdu::{
    Bhs, CommandFlags, DataOut, LoginFlags, LoginRequest, LoginResponse, Lun, Opcode, OpcodeByte,
    RESERVED_TAG, ScsiCommand, ScsiResponse, Stage, TargetPdu,
};

const IQN: &str = "iqn.2026-01.example:disk";
const READ: u8 = 0x40;
const WRITE: u8 = 0x20;
const FINAL: u8 = 0x80;

struct Books(Admission);

fn secret(text: &str) -> ChapSecret {
    ChapSecret::new(text.as_bytes().to_vec()).unwrap()
}

impl Directory for Books {
    fn admit(&self, login: &LoginAttempt<'_>) -> Admission {
        match login.target {
            Some(target) if target != IQN => Admission::Refuse(crate::pdu::LoginStatus::NOT_FOUND),
            _ => self.0.clone(),
        }
    }
    fn secret(&self, _: &LoginAttempt<'_>, name: &str) -> Option<ChapSecret> {
        (name == "alice").then(|| secret("alice-secret"))
    }
    fn identity(&self, _: &LoginAttempt<'_>) -> Option<ChapAccount> {
        Some(ChapAccount {
            name: "array".into(),
            secret: secret("array-secret"),
        })
    }
    fn targets(&self, _: &str) -> Vec<TargetRecord> {
        Vec::new()
    }
}

struct Peer {
    target: Connection,
    now: Instant,
    tx: Transmitter,
    rx: Receiver,
    cmd_sn: u32,
    events: Vec<Event>,
}

impl Peer {
    fn new(config: Config, admission: Admission) -> Self {
        #[expect(clippy::disallowed_methods, reason = "an origin for virtual time")]
        let now = Instant::now();
        Self {
            target: Connection::new(config, Arc::new(Books(admission)), [3; 32], now),
            now,
            tx: Transmitter::new(),
            rx: Receiver::new(1 << 24),
            cmd_sn: 0xffff_fffe,
            events: Vec::new(),
        }
    }

    /// Logged in, with the parameters as the keys make them.
    fn ready(config: Config, keys: &[(&str, &str)]) -> Self {
        let mut peer = Self::new(config, Admission::Accept(Authentication::None));
        let mut pairs = vec![("InitiatorName", "iqn.2026-01.example:host"), ("TargetName", IQN)];
        pairs.extend_from_slice(keys);
        let (answer, text) = peer.login(
            LoginFlags::transit(Stage::OPERATIONAL, Stage::FULL_FEATURE),
            &pairs,
        );
        assert!(answer.status.is_success(), "{:?} {text}", answer.status);
        assert_eq!(answer.flags.next(), Stage::FULL_FEATURE);
        let params = peer.params();
        peer.tx.set_digests(params.header_digest, params.data_digest);
        peer.rx.set_digests(params.header_digest, params.data_digest);
        peer
    }

    fn params(&self) -> Params {
        self.target.session().unwrap().params.clone()
    }

    fn login_request(&self, flags: LoginFlags) -> LoginRequest {
        LoginRequest {
            opcode: OpcodeByte::immediate(Opcode::LOGIN_REQUEST),
            flags,
            isid: crate::Isid([0, 2, 0x3d, 0, 0, 1]),
            itt: 7.into(),
            cid: 1.into(),
            cmd_sn: self.cmd_sn.into(),
            ..LoginRequest::default()
        }
    }

    fn login(&mut self, flags: LoginFlags, keys: &[(&str, &str)]) -> (LoginResponse, String) {
        let request = self.login_request(flags);
        self.login_with(&request, keys)
    }

    fn login_with(&mut self, request: &LoginRequest, keys: &[(&str, &str)]) -> (LoginResponse, String) {
        let text: String = keys
            .iter()
            .map(|(key, value)| format!("{key}={value}\0"))
            .collect();
        let mut answers = self.send(request.to_bhs(), text.as_bytes());
        assert_eq!(answers.len(), 1, "{answers:?}");
        match answers.remove(0) {
            (TargetPdu::LoginResponse(answer), text) => {
                (answer, String::from_utf8(text).unwrap().replace('\0', ";"))
            }
            other => panic!("{other:?}"),
        }
    }

    /// Sends a PDU; gives what comes back at once.
    fn send(&mut self, bhs: Bhs, data: &[u8]) -> Vec<(TargetPdu, Vec<u8>)> {
        self.tx.push(bhs, &[], Data::Bytes(data), &NoBuffers);
        let mut slices: Vec<IoSlice<'_>> = Vec::new();
        self.tx.write_slices(&NoBuffers, &mut slices);
        let bytes = slices.iter().flat_map(|s| s.iter().copied()).collect::<Vec<u8>>();
        self.tx.sent(bytes.len());
        self.bytes(&bytes)
    }

    fn bytes(&mut self, mut bytes: &[u8]) -> Vec<(TargetPdu, Vec<u8>)> {
        while !bytes.is_empty() && !self.target.wants_close() {
            let slot = self.target.read_slot();
            let n = slot.len().min(bytes.len());
            assert!(n > 0, "no room");
            slot[..n].copy_from_slice(&bytes[..n]);
            bytes = &bytes[n..];
            self.target.received(self.now, n);
            while let Some(event) = self.target.poll_event() {
                self.events.push(event);
            }
        }
        self.answers()
    }

    /// What the target has to say.
    fn answers(&mut self) -> Vec<(TargetPdu, Vec<u8>)> {
        let mut answers = Vec::new();
        loop {
            while let Some(event) = self.target.poll_event() {
                self.events.push(event);
            }
            let mut slices = Vec::new();
            self.target.write_slices(&mut slices);
            let bytes = slices.iter().flat_map(|s| s.iter().copied()).collect::<Vec<u8>>();
            if bytes.is_empty() {
                return answers;
            }
            self.target.sent(self.now, bytes.len());
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
                            answers.push((TargetPdu::decode(self.rx.bhs()), self.rx.data().to_vec()));
                            self.rx.next();
                        }
                    }
                }
            }
        }
    }

    /// A command with the next number.
    fn command(&mut self, itt: u32, flags: u8, expected: u32, data: &[u8]) -> Vec<(TargetPdu, Vec<u8>)> {
        let sn = self.cmd_sn;
        self.cmd_sn = sn.wrapping_add(1);
        self.command_sn(sn, itt, flags, expected, data)
    }

    fn command_sn(
        &mut self,
        sn: u32,
        itt: u32,
        flags: u8,
        expected: u32,
        data: &[u8],
    ) -> Vec<(TargetPdu, Vec<u8>)> {
        let command = ScsiCommand {
            opcode: Opcode::SCSI_COMMAND.into(),
            flags: CommandFlags(flags),
            lun: Lun::flat(1),
            itt: itt.into(),
            expected_length: expected.into(),
            cmd_sn: sn.into(),
            ..ScsiCommand::default()
        };
        self.send(command.to_bhs(), data)
    }

    fn data_out(
        &mut self,
        itt: u32,
        ttt: u32,
        sn: u32,
        offset: u32,
        data: &[u8],
        last: bool,
    ) -> Vec<(TargetPdu, Vec<u8>)> {
        let pdu = DataOut {
            opcode: Opcode::DATA_OUT.into(),
            flags: if last { DataOut::FINAL } else { 0 },
            itt: itt.into(),
            ttt: ttt.into(),
            data_sn: sn.into(),
            buffer_offset: offset.into(),
            ..DataOut::default()
        };
        self.send(pdu.to_bhs(), data)
    }

    /// Commands that the owner was given, oldest first, taken out.
    fn commands(&mut self) -> Vec<Command> {
        let (commands, rest) = self
            .events
            .drain(..)
            .partition(|event| matches!(event, Event::Command(_)));
        self.events = rest;
        let command = |event| match event {
            Event::Command(command) => Some(command),
            _ => None,
        };
        Vec::into_iter(commands).filter_map(command).collect()
    }

    fn closed(&self) -> Option<&CloseReason> {
        self.events.iter().find_map(|event| match event {
            Event::Closed(reason) => Some(reason),
            _ => None,
        })
    }

    fn after(&mut self, time: Duration) -> Vec<(TargetPdu, Vec<u8>)> {
        self.now += time;
        if self.target.poll_timeout().is_some_and(|at| at <= self.now) {
            self.target.handle_timeout(self.now);
        }
        self.answers()
    }
}

/// Status, and key with additional codes of the sense data.
fn ended(answers: &[(TargetPdu, Vec<u8>)]) -> Option<(ScsiResponse, [u8; 3])> {
    answers.iter().find_map(|(pdu, data)| match pdu {
        TargetPdu::ScsiResponse(response) => {
            let at = |i: usize| data.get(i).copied().unwrap_or(0);
            Some((*response, [at(4), at(14), at(15)]))
        }
        _ => None,
    })
}

fn r2ts(answers: &[(TargetPdu, Vec<u8>)]) -> Vec<(u32, u32, u32)> {
    answers
        .iter()
        .filter_map(|(pdu, _)| match pdu {
            TargetPdu::R2t(r2t) => Some((r2t.ttt.get(), r2t.buffer_offset.get(), r2t.desired_length.get())),
            _ => None,
        })
        .collect()
}

fn rejects(answers: &[(TargetPdu, Vec<u8>)]) -> Vec<crate::pdu::RejectReason> {
    answers
        .iter()
        .filter_map(|(pdu, data)| match pdu {
            TargetPdu::Reject(reject) => {
                assert_eq!(data.len(), 48, "the rejected header comes back");
                Some(reject.reason)
            }
            _ => None,
        })
        .collect()
}
