//! One negotiation: offers out, offers and answers in, parameters at the end.
//!
//! Source: RFC 7143 sections 6.2 and 6.2.1 to 6.2.3.

use super::{
    IRRELEVANT, Key, Kind, NOT_UNDERSTOOD, Offer, Params, REJECT, Sender, SessionType, Side, bool_text,
    key::KeySet, parse_bool, parse_number,
};
use crate::{
    digest::Digest,
    text::{MAX_KEY, TextWriter},
};

/// Why a negotiation failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum NegotiationError {
    /// The peer sent a key twice.
    #[error("{0} came twice")]
    Twice(Key),
    /// The peer may not send this key.
    #[error("{0} came from the wrong side")]
    WrongSender(Key),
    /// A value that the key cannot have.
    #[error("the value of {0} is impossible")]
    BadValue(Key),
    /// The peer answered Reject.
    #[error("the peer rejected {0}")]
    Rejected(Key),
    /// The peer never answered an offer.
    #[error("the peer did not answer {0}")]
    Unanswered(Key),
}

/// What became of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Done: answered if it needed an answer.
    Done,
    /// A key that the caller handles (names, aliases, security, SendTargets).
    Caller(Key),
    /// Nobody knows it; NotUnderstood was answered.
    Unknown,
}

/// The state of a negotiation.
#[derive(Debug, Clone)]
pub struct Negotiation {
    side: Side,
    session: SessionType,
    offer: Offer,
    params: Params,
    offered: KeySet,
    answered: KeySet,
    received: KeySet,
}

/// Keys that an initiator offers, in the order in which they are sent.
const OFFERED: &[Key] = &[
    Key::HeaderDigest,
    Key::DataDigest,
    Key::MaxRecvDataSegmentLength,
    Key::DefaultTime2Wait,
    Key::DefaultTime2Retain,
    Key::ErrorRecoveryLevel,
    Key::InitialR2T,
    Key::ImmediateData,
    Key::MaxBurstLength,
    Key::FirstBurstLength,
    Key::MaxOutstandingR2T,
    Key::MaxConnections,
    Key::DataPDUInOrder,
    Key::DataSequenceInOrder,
];

impl Negotiation {
    /// Starts with the RFC's defaults.
    #[must_use]
    pub fn new(side: Side, session: SessionType, offer: Offer) -> Self {
        let params = Params {
            max_recv_data_segment: offer.params.max_recv_data_segment,
            ..Params::default()
        };
        let (offered, answered, received) = (KeySet::default(), KeySet::default(), KeySet::default());
        Self {
            side,
            session,
            offer,
            params,
            offered,
            answered,
            received,
        }
    }

    /// The session type became known (target side).
    pub const fn set_session(&mut self, session: SessionType) {
        self.session = session;
    }

    fn relevant(&self, key: Key) -> bool {
        !(key.spec().normal_only && self.session == SessionType::Discovery)
    }

    /// Writes this side's offers and declarations, once. A target declares MaxRecvDataSegmentLength only.
    pub fn offers(&mut self, out: &mut TextWriter) {
        for key in OFFERED.iter().copied() {
            let declared = matches!(key.spec().kind, Kind::DeclaredNumber { .. });
            if !self.relevant(key) || (self.side == Side::Target && !declared) {
                continue;
            }
            // What the peer offered and we answered is settled.
            if (!declared && self.received.has(key)) || !self.offered.add(key) {
                continue;
            }
            if declared {
                self.answered.add(key);
            }
            if let Some(digests) = self.offer.digests(key) {
                let names: Vec<&str> = digests.iter().map(|digest| digest.name()).collect();
                out.push(key.name(), &names.join(","));
            } else if let Some(number) = self.offer.params.number(key) {
                out.push(key.name(), &number.to_string());
            } else if let Some(boolean) = self.offer.params.boolean(key) {
                out.push(key.name(), bool_text(boolean));
            }
        }
    }

    /// Takes one pair from the peer and writes the answer, if one is due.
    ///
    /// # Errors
    /// The negotiation failed; the login cannot go on.
    pub fn take(&mut self, name: &str, value: &str, out: &mut TextWriter) -> Result<Taken, NegotiationError> {
        let Some(key) = Key::from_name(name) else {
            if value != NOT_UNDERSTOOD && name.len() <= MAX_KEY {
                out.push(name, NOT_UNDERSTOOD);
            }
            return Ok(Taken::Unknown);
        };
        let spec = key.spec();
        let wrong = match spec.sender {
            Sender::Both => false,
            Sender::Initiator => self.side == Side::Initiator,
            Sender::Target => self.side == Side::Target,
        };
        // The refusal of a declaration comes from the other side than the declaration.
        if wrong && !matches!(value, NOT_UNDERSTOOD | REJECT | IRRELEVANT) {
            return Err(NegotiationError::WrongSender(key));
        }
        match spec.kind {
            Kind::DeclaredText | Kind::Exchange => return Ok(Taken::Caller(key)),
            Kind::List { .. } if key == Key::AuthMethod => return Ok(Taken::Caller(key)),
            _ => {}
        }
        if !self.received.add(key) {
            return Err(NegotiationError::Twice(key));
        }
        if self.offered.has(key) && !matches!(spec.kind, Kind::DeclaredNumber { .. }) {
            self.answered.add(key);
            self.answer(key, value)?;
        } else {
            self.respond(key, value, out)?;
        }
        Ok(Taken::Done)
    }

    /// The peer answers our offer.
    fn answer(&mut self, key: Key, value: &str) -> Result<(), NegotiationError> {
        match value {
            REJECT => return Err(NegotiationError::Rejected(key)),
            // The default holds.
            IRRELEVANT | NOT_UNDERSTOOD => return Ok(()),
            _ => {}
        }
        let bad = NegotiationError::BadValue(key);
        match key.spec().kind {
            Kind::List { .. } => {
                let digest = Digest::from_name(value).ok_or(bad)?;
                if !self
                    .offer
                    .digests(key)
                    .is_some_and(|offered| offered.contains(&digest))
                {
                    return Err(bad);
                }
                self.set_digest(key, digest);
            }
            Kind::Bool { rule, .. } => {
                let theirs = parse_bool(value).ok_or(bad)?;
                let ours = self.offer.params.boolean(key).unwrap_or(theirs);
                self.params.set_boolean(key, rule.result(ours, theirs));
            }
            Kind::Number { min, max, rule, .. } => {
                let theirs = parse_number(value)
                    .filter(|n| (min..=max).contains(n))
                    .ok_or(bad)?;
                let ours = self.offer.params.number(key).unwrap_or(theirs);
                self.params.set_number(key, rule.result(ours, theirs));
            }
            Kind::DeclaredNumber { .. } | Kind::DeclaredText | Kind::Exchange | Kind::Obsolete { .. } => {}
        }
        Ok(())
    }

    /// The peer offers, we answer.
    fn respond(&mut self, key: Key, value: &str, out: &mut TextWriter) -> Result<(), NegotiationError> {
        let spec = key.spec();
        // A stray refusal needs no answer.
        if matches!(value, NOT_UNDERSTOOD | REJECT | IRRELEVANT) {
            return Ok(());
        }
        if !self.relevant(key) {
            out.push(spec.name, IRRELEVANT);
            return Ok(());
        }
        match spec.kind {
            Kind::List { default, .. } => match self.offer.digests(key) {
                Some(ours) => {
                    let chosen = value
                        .split(',')
                        .filter_map(Digest::from_name)
                        .find(|digest| ours.contains(digest));
                    if let Some(digest) = chosen {
                        self.set_digest(key, digest);
                    }
                    out.push(spec.name, chosen.map_or(REJECT, Digest::name));
                }
                // Lists of which this implementation has the default only.
                None => out.push(
                    spec.name,
                    if value.split(',').any(|v| v == default) {
                        default
                    } else {
                        REJECT
                    },
                ),
            },
            Kind::Bool { rule, .. } => match parse_bool(value) {
                Some(theirs) => {
                    let result = rule.result(self.offer.params.boolean(key).unwrap_or(theirs), theirs);
                    self.params.set_boolean(key, result);
                    out.push(spec.name, bool_text(result));
                }
                None => out.push(spec.name, REJECT),
            },
            Kind::Number { min, max, rule, .. } => {
                match parse_number(value).filter(|n| (min..=max).contains(n)) {
                    Some(theirs) => {
                        let result = rule.result(self.offer.params.number(key).unwrap_or(theirs), theirs);
                        self.params.set_number(key, result);
                        out.push(spec.name, &result.to_string());
                    }
                    None => out.push(spec.name, REJECT),
                }
            }
            Kind::DeclaredNumber { min, max, .. } => {
                let number = parse_number(value).filter(|n| (min..=max).contains(n));
                self.params.max_xmit_data_segment = number.ok_or(NegotiationError::BadValue(key))?;
            }
            Kind::Obsolete { answer } => out.push(spec.name, answer),
            Kind::DeclaredText | Kind::Exchange => {}
        }
        Ok(())
    }

    const fn set_digest(&mut self, key: Key, digest: Digest) {
        match key {
            Key::HeaderDigest => self.params.header_digest = digest,
            _ => self.params.data_digest = digest,
        }
    }

    /// True if no offer of ours waits for an answer.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.pending().is_none()
    }

    /// An offer of ours that waits for an answer.
    fn pending(&self) -> Option<Key> {
        self.offered.without(self.answered).first()
    }

    /// What holds now.
    #[must_use]
    pub fn params(&self) -> Params {
        let mut params = self.params.clone();
        params.first_burst = params.first_burst.min(params.max_burst);
        params
    }

    /// The parameters at the end of the login.
    ///
    /// # Errors
    /// [`NegotiationError::Unanswered`].
    pub fn finish(&self) -> Result<Params, NegotiationError> {
        self.pending()
            .map_or_else(|| Ok(self.params()), |key| Err(NegotiationError::Unanswered(key)))
    }
}
