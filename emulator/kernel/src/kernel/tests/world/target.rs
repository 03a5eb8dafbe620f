//! The target of the world, and the links to it.
//!
//! Owns what crosses a link, and what the target answers or is deaf to. It must not know what a test waits for.

use std::io::IoSlice;

use emu_net::hardware::{Effect, LinkId};
use iscsi::LinkLoss;
use iscsi::chap::{ChapAccount, ChapSecret};
use iscsi::pdu::TmfResponseCode;
use iscsi::target_node::{
    Admission, Authentication, Completion as Answer, Config as TargetConfig, Connection, Directory,
    Event as TargetEvent, LoginAttempt, TargetRecord,
};

use super::World;

struct Anybody;

impl Directory for Anybody {
    fn admit(&self, _: &LoginAttempt<'_>) -> Admission {
        Admission::Accept(Authentication::None)
    }
    fn secret(&self, _: &LoginAttempt<'_>, _: &str) -> Option<ChapSecret> {
        None
    }
    fn identity(&self, _: &LoginAttempt<'_>) -> Option<ChapAccount> {
        None
    }
    fn targets(&self, _: &str) -> Vec<TargetRecord> {
        Vec::new()
    }
}

impl World {
    /// What the card wants of the network: connections are there at once.
    pub(super) fn effect(&mut self, effect: &Effect) {
        let now = self.now;
        match effect {
            Effect::Connect { link, .. } if self.deaf.portal => {
                self.card().connect_failed(now, *link, LinkLoss::Reset);
            }
            Effect::Connect { link, .. } => {
                self.logins += 1;
                let config = TargetConfig {
                    tsih: self.logins,
                    ..TargetConfig::default()
                };
                let seed = [self.logins as u8; 32];
                let connection = Connection::new(config, std::sync::Arc::new(Anybody), seed, now);
                self.peers.insert(*link, connection);
                let local = "10.0.0.2:40000".parse().expect("address");
                self.card().connected(now, *link, local);
            }
            Effect::Close { link } => {
                self.peers.remove(link);
            }
            _ => {}
        }
    }

    /// Carries what there is over a link, both ways. Whether there was something.
    pub(super) fn pump(&mut self, link: LinkId) -> bool {
        let now = self.now;
        let Some(mut peer) = self.peers.remove(&link) else {
            return false;
        };
        let card = self.card();
        let out = flatten(|slices| card.write_slices(link, slices));
        card.sent(now, link, out.len());
        let mut busy = !out.is_empty();
        for pdu in pdus(&out) {
            // Immediate, so that no sequence number is missed.
            if pdu[0] == 0x42 {
                let function = pdu[1] & 0x7f;
                self.functions.push(function);
                let deaf = match function {
                    1 => self.deaf.abort,
                    5 => self.deaf.lun,
                    _ => self.deaf.target,
                };
                if deaf {
                    continue;
                }
            }
            let mut rest = pdu;
            while !rest.is_empty() {
                let slot = peer.read_slot();
                let n = slot.len().min(rest.len());
                slot[..n].copy_from_slice(&rest[..n]);
                peer.received(now, n);
                rest = &rest[n..];
            }
        }
        busy |= self.serve(&mut peer);
        let mut out = flatten(|slices| peer.write_slices(slices));
        peer.sent(now, out.len());
        // Whatever the engine says: the first PDU's opcode and response.
        if let (Some(code), Some([0x22, _, response, ..])) = (self.refuses, out.first_chunk_mut::<48>()) {
            *response = code.0;
        }
        busy |= !out.is_empty();
        let over = peer.wants_close() && peer.queued() == 0;
        let card = self.card();
        let mut rest = &out[..];
        while !rest.is_empty() {
            let slot = card.read_slot(link);
            let n = slot.len().min(rest.len());
            if n == 0 {
                break;
            }
            slot[..n].copy_from_slice(&rest[..n]);
            card.received(now, link, n);
            rest = &rest[n..];
        }
        if over {
            card.closed(now, link, LinkLoss::PeerClosed);
            return true;
        }
        self.peers.insert(link, peer);
        busy
    }

    fn serve(&mut self, peer: &mut Connection) -> bool {
        let mut busy = false;
        while let Some(event) = peer.poll_event() {
            busy = true;
            match event {
                TargetEvent::Command(command) => {
                    let cdb = command.cdb;
                    let held = match cdb[0] {
                        0x00 => self.deaf.ready,
                        0x12 => self.deaf.inquiry,
                        0x28 => self.deaf.read,
                        _ => false,
                    };
                    if held {
                        continue;
                    }
                    self.tests += usize::from(cdb[0] == 0);
                    let attention = cdb[0] == 0 && std::mem::take(&mut self.unit_attention);
                    let data = match (cdb[0], cdb[1] & 1) {
                        (0x00, _) if !attention => Some(Vec::new()),
                        (0x12, 0) => {
                            let mut data = vec![0; 36];
                            (data[2], data[4]) = (5, 31);
                            Some(data)
                        }
                        (0xa0, _) => Some([&[0, 0, 0, 8][..], &[0; 12]].concat()),
                        (0x25, _) => Some(vec![0, 0, 0, 99, 0, 0, 2, 0]),
                        (0x28, _) => Some(vec![0x5a; 512]),
                        _ => None,
                    };
                    let answer = match data {
                        Some(data) if data.is_empty() => Answer::status(0),
                        Some(data) => Answer {
                            transfer: data.len() as u64,
                            data: Some(Box::new(data)),
                            ..Answer::status(0)
                        },
                        None => {
                            let key = if attention { 6 } else { 5 };
                            let sense = [0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x29, 0, 0, 0, 0, 0];
                            Answer {
                                sense: sense.to_vec(),
                                ..Answer::status(2)
                            }
                        }
                    };
                    peer.complete(command.task, answer);
                }
                TargetEvent::TaskManagement(asked) => {
                    self.unit_attention = true;
                    peer.complete_task_management(self.now, asked.id, TmfResponseCode::COMPLETE);
                }
                _ => {}
            }
        }
        busy
    }
}

fn flatten<'a>(fill: impl FnOnce(&mut Vec<IoSlice<'a>>)) -> Vec<u8> {
    let mut slices = Vec::new();
    fill(&mut slices);
    slices.iter().flat_map(|slice| slice.iter().copied()).collect()
}

/// The PDUs of what the initiator sent; digests are off.
fn pdus(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    while bytes.len() >= 48 {
        let data = u32::from_be_bytes([0, bytes[5], bytes[6], bytes[7]]) as usize;
        let len = (48 + usize::from(bytes[4]) * 4 + data.next_multiple_of(4)).min(bytes.len());
        let (pdu, rest) = bytes.split_at(len);
        all.push(pdu);
        bytes = rest;
    }
    assert!(bytes.is_empty(), "half a PDU");
    all
}
