//! One negotiation: offers out, offers and answers in, parameters at the end.
//!
//! Source: RFC 7143 sections 6.2 and 6.2.1 to 6.2.3.

use super::{
    IRRELEVANT, Key, Kind, NOT_UNDERSTOOD, Offer, Params, Phase, REJECT, Sender, SessionType, Side,
    bool_text, key::KeySet, parse_bool,
};
use crate::{
    digest::Digest,
    number,
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
    /// The peer sent a key in a stage of the login that it has no place in.
    #[error("{0} came in the wrong stage")]
    WrongStage(Key),
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
    completed: bool,
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
            completed: false,
        }
    }

    /// Goes on in full feature phase with what the login brought: only keys of that phase can be declared again, others are
    /// answered with Reject.
    #[must_use]
    pub fn resume(side: Side, session: SessionType, params: Params) -> Self {
        let offer = Offer {
            params: params.clone(),
            ..Offer::default()
        };
        Self {
            params,
            completed: true,
            ..Self::new(side, session, offer)
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
            if !self.relevant(key) || ((self.side == Side::Target || self.completed) && !declared) {
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
        if self.completed && !matches!(spec.phase, Phase::Any | Phase::FullFeature) {
            // What the login settled is not negotiated again.
            if !matches!(value, NOT_UNDERSTOOD | REJECT | IRRELEVANT) {
                out.push(spec.name, REJECT);
            }
            return Ok(Taken::Done);
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
        if matches!(value, REJECT | IRRELEVANT | NOT_UNDERSTOOD) {
            // The default holds. It may be just what was not wanted.
            return if self.default_will_do(key, value == IRRELEVANT) {
                Ok(())
            } else {
                Err(NegotiationError::Rejected(key))
            };
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
                let theirs = number::parse(value)
                    .filter(|n| (min..=max).contains(n))
                    .ok_or(bad)?;
                let ours = self.offer.params.number(key).unwrap_or(theirs);
                self.params.set_number(key, rule.result(ours, theirs));
            }
            Kind::DeclaredNumber { .. } | Kind::DeclaredText | Kind::Exchange | Kind::Obsolete { .. } => {}
        }
        Ok(())
    }

    /// True if this side can live with the default of a key that the peer does not negotiate: a digest that was offered, or what
    /// the offer would have come to with a peer that offers the default. Times are advice, and what does not matter does no harm.
    fn default_will_do(&self, key: Key, irrelevant: bool) -> bool {
        let ours = &self.offer.params;
        match key.spec().kind {
            Kind::List { .. } => self
                .offer
                .digests(key)
                .is_none_or(|digests| digests.contains(&Digest::None)),
            _ if irrelevant => true,
            Kind::Bool { default, rule } => ours
                .boolean(key)
                .is_none_or(|ours| rule.result(ours, default) == default),
            Kind::Number { .. } if matches!(key, Key::DefaultTime2Wait | Key::DefaultTime2Retain) => true,
            Kind::Number { default, rule, .. } => ours
                .number(key)
                .is_none_or(|ours| rule.result(ours, default) == default),
            _ => true,
        }
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
                match number::parse(value).filter(|n| (min..=max).contains(n)) {
                    Some(theirs) => {
                        let result = rule.result(self.offer.params.number(key).unwrap_or(theirs), theirs);
                        self.params.set_number(key, result);
                        out.push(spec.name, &result.to_string());
                    }
                    None => out.push(spec.name, REJECT),
                }
            }
            Kind::DeclaredNumber { min, max, .. } => {
                let number = number::parse(value).filter(|n| (min..=max).contains(n));
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

    /// An offer of ours that waits for an answer. A boolean that settles the result by itself needs none (RFC 7143 6.2.2).
    fn pending(&self) -> Option<Key> {
        let mut settled = self.answered;
        for key in self.unanswered_settled() {
            settled.add(key);
        }
        self.offered.without(settled).first()
    }

    /// Booleans that were offered with the value that their result function cannot change, and not answered.
    fn unanswered_settled(&self) -> impl Iterator<Item = Key> {
        OFFERED.iter().copied().filter(|key| {
            let Kind::Bool { rule, .. } = key.spec().kind else {
                return false;
            };
            let settles = |ours| rule.result(ours, true) == rule.result(ours, false);
            self.offered.has(*key)
                && !self.answered.has(*key)
                && self.offer.params.boolean(*key).is_some_and(settles)
        })
    }

    /// What holds now.
    #[must_use]
    pub fn params(&self) -> Params {
        let mut params = self.params.clone();
        for key in self.unanswered_settled() {
            if let Some(ours) = self.offer.params.boolean(key) {
                params.set_boolean(key, ours);
            }
        }
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
