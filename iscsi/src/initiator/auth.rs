//! The initiator's half of the security stage: no authentication, CHAP, mutual CHAP.
//!
//! Source: RFC 7143 sections 12.1, 12.1.3 and 9.2.1.

use super::{Auth, LoginFailure};
use crate::{
    chap::{self, ChapAccount, ChapAlgorithm, ChapError, Nonces},
    negotiate::{Key, NONE, NegotiationError},
    number,
    text::TextWriter,
};

/// Longest CHAP_N that is sent.
const MAX_NAME: usize = 255;

/// The security keys of one response.
#[derive(Default)]
pub(super) struct SecurityKeys<'a> {
    method: Option<&'a str>,
    a: Option<&'a str>,
    i: Option<&'a str>,
    c: Option<&'a str>,
    n: Option<&'a str>,
    r: Option<&'a str>,
}

impl<'a> SecurityKeys<'a> {
    /// Takes a key; false if it is no security key.
    pub(super) fn take(&mut self, key: Key, value: &'a str) -> Result<bool, LoginFailure> {
        let slot = match key {
            Key::AuthMethod => &mut self.method,
            Key::ChapA => &mut self.a,
            Key::ChapI => &mut self.i,
            Key::ChapC => &mut self.c,
            Key::ChapN => &mut self.n,
            Key::ChapR => &mut self.r,
            _ => return Ok(false),
        };
        match slot.replace(value) {
            None => Ok(true),
            Some(_) => Err(LoginFailure::Negotiation(NegotiationError::Twice(key))),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// AuthMethod is offered.
    Offered,
    /// CHAP_A is offered.
    Algorithms,
    /// CHAP_R is sent.
    Responded,
    /// Nothing more to prove.
    Done,
}

/// State of the security stage.
pub(super) struct Authenticator {
    auth: Auth,
    state: State,
    nonces: Nonces,
    /// What we asked the target, and what we answered it.
    asked: Option<(ChapAlgorithm, u8, Vec<u8>)>,
    answered: Vec<u8>,
    used: bool,
}

const fn chap_error(why: ChapError) -> LoginFailure {
    LoginFailure::Chap(why)
}

impl Authenticator {
    /// Fails if both directions have the same secret.
    pub(super) fn new(auth: Auth, nonces: Nonces) -> Result<Self, LoginFailure> {
        if let Auth::Chap {
            outgoing,
            incoming: Some(incoming),
            ..
        } = &auth
            && outgoing.secret == incoming.secret
        {
            return Err(chap_error(ChapError::SameSecret));
        }
        Ok(Self {
            auth,
            state: State::Offered,
            nonces,
            asked: None,
            answered: Vec::new(),
            used: false,
        })
    }

    /// The AuthMethod list.
    pub(super) const fn methods(&self) -> &'static str {
        match &self.auth {
            Auth::None => NONE,
            Auth::Chap {
                incoming: None,
                optional: true,
                ..
            } => "CHAP,None",
            Auth::Chap { .. } => "CHAP",
        }
    }

    /// True if this side is ready to leave the security stage with its next request.
    pub(super) const fn may_transit(&self) -> bool {
        matches!(self.auth, Auth::None) || matches!(self.state, State::Responded | State::Done)
    }

    /// The target wants to leave the stage: is everything proven?
    pub(super) const fn finish(&self) -> Result<(), LoginFailure> {
        match (&self.auth, self.state) {
            (Auth::None, State::Offered) | (_, State::Done) => Ok(()),
            (_, State::Offered) => Err(LoginFailure::NoAuthMethod),
            (_, State::Algorithms) => Err(chap_error(ChapError::Missing("CHAP_C"))),
            (_, State::Responded) => Err(chap_error(ChapError::Missing("CHAP_R"))),
        }
    }

    /// True if the target has the list of algorithms, and nothing was heard of it yet.
    pub(super) const fn awaits_algorithm(&self) -> bool {
        matches!(self.state, State::Algorithms)
    }

    /// True if CHAP was used.
    pub(super) const fn used(&self) -> bool {
        self.used
    }

    fn offered(algorithms: &[ChapAlgorithm]) -> &[ChapAlgorithm] {
        if algorithms.is_empty() {
            &ChapAlgorithm::OFFER
        } else {
            algorithms
        }
    }

    /// Takes the keys of a complete response and writes the next ones.
    pub(super) fn take(&mut self, keys: &SecurityKeys<'_>, out: &mut TextWriter) -> Result<(), LoginFailure> {
        match self.state {
            State::Offered => self.method(keys, out),
            State::Algorithms => self.challenge(keys, out),
            State::Responded => self.proof(keys),
            State::Done => Ok(()),
        }
    }

    fn method(&mut self, keys: &SecurityKeys<'_>, out: &mut TextWriter) -> Result<(), LoginFailure> {
        match (&self.auth, keys.method) {
            (Auth::None, None | Some(NONE)) => self.state = State::Done,
            (
                Auth::Chap {
                    incoming: None,
                    optional: true,
                    ..
                },
                Some(NONE),
            ) => self.state = State::Done,
            (Auth::Chap { algorithms, .. }, Some("CHAP")) => {
                out.push(Key::ChapA.name(), &ChapAlgorithm::list(Self::offered(algorithms)));
                self.state = State::Algorithms;
            }
            _ => return Err(LoginFailure::NoAuthMethod),
        }
        Ok(())
    }

    fn challenge(&mut self, keys: &SecurityKeys<'_>, out: &mut TextWriter) -> Result<(), LoginFailure> {
        let Auth::Chap {
            outgoing,
            incoming,
            algorithms,
            ..
        } = &self.auth
        else {
            return Err(LoginFailure::NoAuthMethod);
        };
        let need = |value: Option<&str>, name| {
            value
                .map(str::to_owned)
                .ok_or(chap_error(ChapError::Missing(name)))
        };
        let algorithm = number::parse(&need(keys.a, "CHAP_A")?)
            .and_then(ChapAlgorithm::from_number)
            .filter(|algorithm| Self::offered(algorithms).contains(algorithm))
            .ok_or(chap_error(ChapError::NoAlgorithm))?;
        let id: u8 =
            number::parse(&need(keys.i, "CHAP_I")?).ok_or(chap_error(ChapError::Malformed("CHAP_I")))?;
        let challenge =
            chap::decode(&need(keys.c, "CHAP_C")?).map_err(|_| chap_error(ChapError::Malformed("CHAP_C")))?;
        if outgoing.name.is_empty() || outgoing.name.len() > MAX_NAME || outgoing.name.contains('\0') {
            return Err(chap_error(ChapError::Malformed("CHAP_N")));
        }
        self.answered = algorithm.response(id, &outgoing.secret, &challenge);
        out.push(Key::ChapN.name(), &outgoing.name);
        out.push(Key::ChapR.name(), &chap::encode_hex(&self.answered));
        if incoming.is_some() {
            let (own_id, own) = (self.nonces.id(), self.nonces.challenge());
            if own == challenge {
                return Err(chap_error(ChapError::Reflected));
            }
            out.push(Key::ChapI.name(), &own_id.to_string());
            out.push(Key::ChapC.name(), &chap::encode_hex(&own));
            self.asked = Some((algorithm, own_id, own));
        }
        self.used = true;
        self.state = if incoming.is_some() {
            State::Responded
        } else {
            State::Done
        };
        Ok(())
    }

    /// The target's proof, in mutual CHAP. Without its keys the state stays, see [`Self::finish`].
    fn proof(&mut self, keys: &SecurityKeys<'_>) -> Result<(), LoginFailure> {
        let (
            Auth::Chap {
                incoming: Some(ChapAccount { name, secret }),
                ..
            },
            Some((algorithm, id, challenge)),
        ) = (&self.auth, &self.asked)
        else {
            self.state = State::Done;
            return Ok(());
        };
        let (theirs, response) = match (keys.n, keys.r) {
            (None, None) => return Ok(()),
            (Some(name), Some(response)) => (name, response),
            (None, Some(_)) => return Err(chap_error(ChapError::Missing("CHAP_N"))),
            (Some(_), None) => return Err(chap_error(ChapError::Missing("CHAP_R"))),
        };
        let response = chap::decode(response).map_err(|_| chap_error(ChapError::Malformed("CHAP_R")))?;
        if response == self.answered {
            return Err(chap_error(ChapError::Reflected));
        }
        if !algorithm.verify(*id, secret, challenge, &response) {
            return Err(chap_error(ChapError::WrongResponse));
        }
        if !name.is_empty() && name != theirs {
            return Err(chap_error(ChapError::WrongName));
        }
        self.state = State::Done;
        Ok(())
    }
}
