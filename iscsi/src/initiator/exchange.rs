//! Text exchanges: SendTargets, and negotiation that the target asked for.
//!
//! Source: RFC 7143 sections 11.10, 11.11 and appendix C (SendTargets).

use std::time::Instant;

use super::{DiscoveredTarget, DropReason, Event, Initiator, TaskTag, TextFailure};
use crate::{
    framer::Data,
    negotiate::{Key, SessionType, parse_number},
    pdu::{Lun, OpcodeByte, RESERVED_TAG, TextFlags, TextRequest, TextResponse},
    text::{TextReader, TextWriter, pairs},
};

/// Longest answer that is gathered, in bytes: tens of thousands of targets.
const MAX_TEXT: usize = 4 << 20;
/// Longest chain of empty answers.
const MAX_EMPTY: u32 = 16;

/// What an exchange is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Targets,
    Renegotiation,
}

/// A text exchange on its way.
pub(super) struct Exchange {
    pub(super) tag: u32,
    pub(super) deadline: Instant,
    purpose: Purpose,
    reader: TextReader,
    empty: u32,
}

impl Initiator {
    /// Asks for all targets (in a normal session: for the portals of this one). It always ends with [`Event::Targets`]; one exchange
    /// runs at a time.
    pub fn send_targets(&mut self, now: Instant) -> TaskTag {
        if self.is_open() && self.exchange.is_none() {
            return TaskTag(self.start_exchange(now, Purpose::Targets));
        }
        let tag = TaskTag(self.new_tag());
        self.events.push_back(Event::Targets {
            tag,
            result: Err(TextFailure::NotSent),
        });
        tag
    }

    pub(super) fn start_exchange(&mut self, now: Instant, purpose: Purpose) -> u32 {
        let tag = self.new_tag();
        let mut text = TextWriter::new();
        match (purpose, self.config.session_type()) {
            (Purpose::Targets, SessionType::Discovery) => text.push(Key::SendTargets.name(), "All"),
            (Purpose::Targets, SessionType::Normal) => text.push(Key::SendTargets.name(), ""),
            (Purpose::Renegotiation, _) => {
                text.push(
                    Key::MaxRecvDataSegmentLength.name(),
                    &self.params.max_recv_data_segment.to_string(),
                );
            }
        }
        self.send_text(tag, RESERVED_TAG, Lun::default(), text.as_bytes());
        let deadline = now + self.config.timeouts.text;
        self.exchange = Some(Exchange {
            tag,
            deadline,
            purpose,
            reader: TextReader::new(MAX_TEXT),
            empty: 0,
        });
        tag
    }

    fn send_text(&mut self, tag: u32, ttt: u32, lun: Lun, text: &[u8]) {
        let pdu = TextRequest {
            opcode: OpcodeByte::immediate(TextRequest::OPCODE),
            flags: TextFlags::FINAL,
            lun,
            itt: tag.into(),
            ttt: ttt.into(),
            cmd_sn: self.cmd_sn.into(),
            exp_stat_sn: self.exp_stat_sn.into(),
            ..TextRequest::default()
        };
        self.send(pdu.to_bhs(), Data::Bytes(text));
    }

    pub(super) fn on_text_response(
        &mut self,
        now: Instant,
        pdu: &TextResponse,
        data: &[u8],
    ) -> Result<(), DropReason> {
        let tag = pdu.itt.get();
        let Some(exchange) = self.exchange.as_mut().filter(|exchange| exchange.tag == tag) else {
            self.counters.format_errors += 1;
            return Ok(());
        };
        if let Err(why) = exchange.reader.add(data) {
            self.end_exchange(Err(why.into()));
            return Ok(());
        }
        let ttt = pdu.ttt.get();
        let last = pdu.flags.contains(TextFlags::FINAL) && !pdu.flags.contains(TextFlags::CONTINUE);
        if !last {
            exchange.empty = if data.is_empty() { exchange.empty + 1 } else { 0 };
            if ttt == RESERVED_TAG || exchange.empty > MAX_EMPTY {
                return Err(DropReason::Protocol("Text Response that cannot be continued"));
            }
            exchange.deadline = now + self.config.timeouts.text;
            self.send_text(tag, ttt, pdu.lun, &[]);
            return Ok(());
        }
        let text = exchange.reader.finish();
        match exchange.purpose {
            Purpose::Targets => {
                let targets = text.map_err(TextFailure::Text).and_then(|text| {
                    let (targets, skipped) = targets(&text)?;
                    self.counters.format_errors += skipped;
                    Ok(targets)
                });
                self.end_exchange(targets);
            }
            Purpose::Renegotiation => {
                self.exchange = None;
                let text = text.unwrap_or_default();
                let mut declared = pairs(&text)
                    .filter_map(Result::ok)
                    .filter(|(name, _)| *name == Key::MaxRecvDataSegmentLength.name());
                let declared = declared.next().and_then(|(_, value)| parse_number(value));
                if let Some(length) = declared.filter(|length| (512..1 << 24).contains(length)) {
                    self.params.max_xmit_data_segment = length;
                }
            }
        }
        Ok(())
    }

    /// Ends the running exchange, if there is one; nobody waits for a renegotiation.
    pub(super) fn end_exchange(&mut self, result: Result<Vec<DiscoveredTarget>, TextFailure>) {
        if let Some(exchange) = self.exchange.take()
            && exchange.purpose == Purpose::Targets
        {
            self.events.push_back(Event::Targets {
                tag: TaskTag(exchange.tag),
                result,
            });
        }
    }
}

/// The targets in a SendTargets answer, and how many entries were unusable and left out.
fn targets(text: &[u8]) -> Result<(Vec<DiscoveredTarget>, u64), TextFailure> {
    let (mut targets, mut skipped) = (Vec::<DiscoveredTarget>::new(), 0);
    // False while the entries belong to a target whose name is none.
    let mut usable = true;
    for pair in pairs(text) {
        let (name, value) = pair?;
        match Key::from_name(name) {
            Some(Key::TargetName) => match value.parse() {
                Ok(name) => {
                    targets.push(DiscoveredTarget {
                        name,
                        addresses: Vec::new(),
                    });
                    usable = true;
                }
                Err(_) => {
                    usable = false;
                    skipped += 1;
                }
            },
            Some(Key::TargetAddress) if usable => {
                let target = targets.last_mut().ok_or(TextFailure::Malformed)?;
                match value.parse() {
                    Ok(address) => target.addresses.push(address),
                    Err(_) => skipped += 1,
                }
            }
            _ => {}
        }
    }
    Ok((targets, skipped))
}
