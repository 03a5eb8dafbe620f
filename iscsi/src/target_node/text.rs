//! Text requests: SendTargets and what may be declared anew (RFC 7143 §11.10, §11.11, appendix C).

use super::connection::{Connection, Phase};
use crate::framer::Data;
use crate::negotiate::{Key, NOT_UNDERSTOOD, REJECT};
use crate::pdu::{Bhs, Lun, RESERVED_TAG, RejectReason, TextFlags, TextRequest, TextResponse};
use crate::text::{TextReader, TextWriter, pairs};
use crate::{names, number};

/// Longest text request.
const REQUEST_LIMIT: usize = 16 * 1024;

/// A text exchange that takes more than one PDU.
#[derive(Debug)]
pub(super) struct PendingText {
    itt: u32,
    ttt: u32,
    reader: TextReader,
    writer: TextWriter,
    final_request: bool,
}

impl Connection {
    pub(super) fn text_request(&mut self, pdu: &TextRequest, bhs: &Bhs, data: &[u8]) {
        let (itt, ttt) = (pdu.itt.get(), pdu.ttt.get());
        if itt == RESERVED_TAG || pdu.flags.contains(TextFlags::FINAL | TextFlags::CONTINUE) {
            self.reject(bhs, RejectReason::INVALID_FIELD);
            return;
        }
        let mut pending = match self.text.take() {
            // A new request takes the place of an unfinished one.
            _ if ttt == RESERVED_TAG => PendingText {
                itt,
                ttt,
                reader: TextReader::new(REQUEST_LIMIT),
                writer: TextWriter::new(),
                final_request: false,
            },
            Some(pending) if pending.itt == itt && pending.ttt == ttt => pending,
            _ => {
                self.reject(bhs, RejectReason::PROTOCOL_ERROR);
                return;
            }
        };
        if pending.reader.add(data).is_err() {
            self.reject(bhs, RejectReason::PROTOCOL_ERROR);
            return;
        }
        let more = pdu.flags.contains(TextFlags::CONTINUE);
        if !more && pending.writer.is_empty() {
            let Ok(text) = pending.reader.finish() else {
                self.reject(bhs, RejectReason::PROTOCOL_ERROR);
                return;
            };
            if !self.text_answers(&text, &mut pending.writer) {
                self.reject(bhs, RejectReason::PROTOCOL_ERROR);
                return;
            }
        }
        pending.final_request = pdu.flags.contains(TextFlags::FINAL);
        self.text_response(pending);
    }

    fn text_response(&mut self, mut pending: PendingText) {
        let longest = self
            .session()
            .map_or(512, |session| session.params.max_xmit_data_segment as usize);
        let (segment, more) = pending.writer.take(longest);
        let segment = segment.to_vec();
        let done = !more && pending.final_request;
        let mut flags = TextFlags::empty();
        if more {
            flags |= TextFlags::CONTINUE;
        }
        if done {
            flags |= TextFlags::FINAL;
        }
        let ttt = if done { RESERVED_TAG } else { self.take_ttt() };
        let (exp, max) = self.window();
        let pdu = TextResponse {
            opcode: TextResponse::OPCODE.into(),
            flags,
            lun: Lun::default(),
            itt: pending.itt.into(),
            ttt: ttt.into(),
            stat_sn: self.take_stat_sn().into(),
            exp_cmd_sn: exp.into(),
            max_cmd_sn: max.into(),
            ..TextResponse::default()
        };
        self.push(pdu.to_bhs(), Data::Bytes(&segment));
        if !done {
            pending.ttt = ttt;
            self.text = Some(pending);
        }
    }

    /// Answers each key; false if the text is none.
    fn text_answers(&mut self, text: &[u8], out: &mut TextWriter) -> bool {
        for pair in pairs(text) {
            let Ok((name, value)) = pair else { return false };
            match Key::from_name(name) {
                Some(Key::SendTargets) => self.send_targets(value, out),
                Some(Key::MaxRecvDataSegmentLength) => {
                    let number = number::parse(value).filter(|n| (512..1 << 24).contains(n));
                    match (number, &mut self.phase) {
                        (Some(number), Phase::Full(session)) => session.params.max_xmit_data_segment = number,
                        _ => out.push(name, REJECT),
                    }
                }
                Some(Key::InitiatorAlias) => {}
                // Everything else is settled in the login phase.
                Some(_) => out.push(name, REJECT),
                None if value == NOT_UNDERSTOOD => {}
                None => out.push(name, NOT_UNDERSTOOD),
            }
        }
        true
    }

    fn send_targets(&self, wanted: &str, out: &mut TextWriter) {
        let Some(session) = self.session() else { return };
        let own = session.target.as_deref();
        let name = match wanted {
            // All targets are shown in discovery sessions only.
            "All" if self.discovery() => None,
            "All" => {
                out.push(Key::SendTargets.name(), REJECT);
                return;
            }
            "" => match own {
                Some(own) => Some(own.to_owned()),
                None => {
                    out.push(Key::SendTargets.name(), REJECT);
                    return;
                }
            },
            name => Some(name.to_owned()),
        };
        for target in self.directory.targets(&session.initiator) {
            if name.as_ref().is_some_and(|name| !names::same(name, &target.name)) {
                continue;
            }
            out.push(Key::TargetName.name(), &target.name);
            for address in &target.addresses {
                out.push(Key::TargetAddress.name(), address);
            }
        }
    }
}
