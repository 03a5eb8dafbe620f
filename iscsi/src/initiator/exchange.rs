//! Text exchanges: SendTargets, and negotiation that the target asked for.
//!
//! Source: RFC 7143 sections 11.10, 11.11 and appendix C (SendTargets).

use std::time::Instant;

use super::{Breach, DropReason, Event, Initiator, Listing, TaskTag, TextFailure};
use crate::{
    IscsiName,
    framer::Data,
    negotiate::{Key, Negotiation, SessionType, Side},
    pdu::{Lun, OpcodeByte, RESERVED_TAG, TextFlags, TextRequest, TextResponse},
    text::{Pair, TextReader, TextWriter, pairs},
};

/// Longest answer that is gathered, in bytes: tens of thousands of targets.
const MAX_TEXT: usize = 4 << 20;
/// Longest chain of empty answers.
const MAX_EMPTY: u32 = 16;
/// Every target that the initiator may see.
const ALL: &str = "All";

/// What an exchange is for.
pub(super) enum Purpose {
    Targets,
    Renegotiation(Box<Negotiation>),
}

/// A text exchange on its way.
pub(super) struct Exchange {
    pub(super) tag: u32,
    pub(super) deadline: Instant,
    purpose: Purpose,
    reader: TextReader,
    /// What is not sent yet.
    writer: TextWriter,
    empty: u32,
}

impl Initiator {
    /// Asks for all targets (in a normal session: for the portals of this one). It always ends with [`Event::Targets`]; one exchange
    /// runs at a time.
    pub fn send_targets(&mut self, now: Instant) -> TaskTag {
        match self.terms.session {
            SessionType::Discovery => self.ask_targets(now, ALL),
            SessionType::Normal => self.ask_targets(now, ""),
        }
    }

    /// Asks for the portals of one target. Otherwise as [`Initiator::send_targets`].
    pub fn send_targets_of(&mut self, now: Instant, name: &IscsiName) -> TaskTag {
        self.ask_targets(now, name.as_str())
    }

    fn ask_targets(&mut self, now: Instant, what: &str) -> TaskTag {
        if self.is_open() && self.exchange.is_none() {
            let mut writer = TextWriter::new();
            writer.push(Key::SendTargets.name(), what);
            return TaskTag(self.start_exchange(now, Purpose::Targets, writer));
        }
        let tag = TaskTag(self.new_tag());
        self.events.push_back(Event::Targets {
            tag,
            result: Err(TextFailure::NotSent),
        });
        tag
    }

    /// The target asked for negotiation: declares again what this side takes. Waits for a running exchange.
    pub(super) fn renegotiate(&mut self, now: Instant) {
        if !self.is_open() {
            return;
        }
        self.renegotiation_due = self.exchange.is_some();
        if !self.renegotiation_due {
            let session = self.terms.session;
            let mut negotiation = Negotiation::resume(Side::Initiator, session, self.params.clone());
            let mut writer = TextWriter::new();
            negotiation.offers(&mut writer);
            self.start_exchange(now, Purpose::Renegotiation(Box::new(negotiation)), writer);
        }
    }

    fn start_exchange(&mut self, now: Instant, purpose: Purpose, writer: TextWriter) -> u32 {
        let tag = self.new_tag();
        self.exchange = Some(Exchange {
            tag,
            deadline: now,
            purpose,
            reader: TextReader::new(MAX_TEXT),
            writer,
            empty: 0,
        });
        self.send_text(now, RESERVED_TAG, Lun::default());
        tag
    }

    /// The next part of what the exchange has to say, maybe nothing.
    fn send_text(&mut self, now: Instant, ttt: u32, lun: Lun) {
        let Some(exchange) = &mut self.exchange else {
            return;
        };
        exchange.deadline = now + self.terms.timeouts.text;
        let (text, more) = exchange.writer.take(self.params.max_xmit_data_segment as usize);
        let text = text.to_vec();
        let pdu = TextRequest {
            opcode: OpcodeByte::immediate(TextRequest::OPCODE),
            flags: if more {
                TextFlags::CONTINUE
            } else {
                TextFlags::FINAL
            },
            lun,
            itt: exchange.tag.into(),
            ttt: ttt.into(),
            cmd_sn: self.cmd_sn.into(),
            exp_stat_sn: self.exp_stat_sn.into(),
            ..TextRequest::default()
        };
        if !more {
            exchange.writer = TextWriter::new();
        }
        self.send(pdu.to_bhs(), Data::Bytes(&text));
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
        let (last, more) = (
            pdu.flags.contains(TextFlags::FINAL),
            pdu.flags.contains(TextFlags::CONTINUE),
        );
        if last && more {
            return Err(DropReason::Protocol(Breach::TextBits));
        }
        if let Err(why) = exchange.reader.add(data) {
            self.close_exchange(now, Err(why.into()));
            return Ok(());
        }
        if !last {
            exchange.empty = if data.is_empty() { exchange.empty + 1 } else { 0 };
            if pdu.ttt.get() == RESERVED_TAG || exchange.empty > MAX_EMPTY {
                return Err(DropReason::Protocol(Breach::TextContinuation));
            }
        }
        if let (false, Purpose::Renegotiation(negotiation)) = (more, &mut exchange.purpose) {
            // Each text that is complete is answered; a broken one leaves everything as it was.
            let text = exchange.reader.finish();
            let taken = text.is_ok_and(|text| {
                let mut take = |(name, value): Pair<'_>| negotiation.take(name, value, &mut exchange.writer);
                pairs(&text).all(|pair| pair.is_ok_and(|pair| take(pair).is_ok()))
            });
            if !taken {
                self.counters.format_errors += 1;
                self.close_exchange(now, Err(TextFailure::Malformed));
                return Ok(());
            }
            if last {
                self.params.max_xmit_data_segment = negotiation.params().max_xmit_data_segment;
                self.close_exchange(now, Ok(Listing::default()));
                return Ok(());
            }
        }
        if !last {
            self.send_text(now, pdu.ttt.get(), pdu.lun);
            return Ok(());
        }
        let text = exchange.reader.finish();
        let result = text.map_err(TextFailure::Text).and_then(|text| {
            let listing = Listing::read(&text)?;
            self.counters.format_errors += listing.unusable() as u64;
            Ok(listing)
        });
        self.close_exchange(now, result);
        Ok(())
    }

    /// Ends the running exchange and starts the one that waited for it.
    pub(super) fn close_exchange(&mut self, now: Instant, result: Result<Listing, TextFailure>) {
        self.end_exchange(result);
        if std::mem::take(&mut self.renegotiation_due) {
            self.renegotiate(now);
        }
    }

    /// Ends the running exchange, if there is one; nobody waits for a renegotiation.
    pub(super) fn end_exchange(&mut self, result: Result<Listing, TextFailure>) {
        if let Some(exchange) = self.exchange.take()
            && matches!(exchange.purpose, Purpose::Targets)
        {
            self.events.push_back(Event::Targets {
                tag: TaskTag(exchange.tag),
                result,
            });
        }
    }
}
