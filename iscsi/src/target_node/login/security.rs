//! The security stage: AuthMethod and CHAP, one way and mutual (RFC 7143 §12.1).

use crate::chap::{ChapAlgorithm, ChapError, Nonces, decode, encode_hex};
use crate::negotiate::{Key, NONE, REJECT};
use crate::number;
use crate::target_node::directory::{Directory, LoginAttempt};
use crate::target_node::event::LoginFailure;
use crate::text::TextWriter;

const CHAP: &str = "CHAP";
/// Longest CHAP_N in bytes.
const MAX_CHAP_NAME: usize = 255;
/// A challenge below this is no challenge (RFC 7143 §12.1.3 leaves the length open; 1024 is the limit above).
const MIN_CHALLENGE: usize = 1;

/// The security keys of one request.
#[derive(Default)]
pub(super) struct SecurityKeys {
    method: Option<String>,
    algorithms: Option<String>,
    id: Option<String>,
    challenge: Option<String>,
    name: Option<String>,
    response: Option<String>,
}

impl SecurityKeys {
    /// False if the key is there already, or is none of these.
    pub(super) fn put(&mut self, key: Key, value: &str) -> bool {
        let slot = match key {
            Key::AuthMethod => &mut self.method,
            Key::ChapA => &mut self.algorithms,
            Key::ChapI => &mut self.id,
            Key::ChapC => &mut self.challenge,
            Key::ChapN => &mut self.name,
            Key::ChapR => &mut self.response,
            _ => return false,
        };
        slot.replace(value.to_owned()).is_none()
    }
}

/// Where the security stage stands.
#[derive(Debug, Default)]
pub(super) struct Security {
    /// Algorithms that may prove the initiator; empty: no proof needed.
    required: Vec<ChapAlgorithm>,
    step: Step,
}

#[derive(Debug, Default)]
enum Step {
    /// No method yet.
    #[default]
    Start,
    /// CHAP was agreed upon; CHAP_A is awaited.
    Chap,
    /// The challenge is out.
    Challenged {
        algorithm: ChapAlgorithm,
        id: u8,
        challenge: Vec<u8>,
    },
    /// Over: with a name, or without proof.
    Done(Option<String>),
}

impl Security {
    pub(super) fn require(&mut self, algorithms: Vec<ChapAlgorithm>) {
        self.required = algorithms;
    }

    pub(super) const fn is_done(&self) -> bool {
        matches!(self.step, Step::Done(_))
    }

    /// Who proved himself.
    pub(super) fn user(&self) -> Option<&str> {
        match &self.step {
            Step::Done(user) => user.as_deref(),
            _ => None,
        }
    }

    /// The initiator is beyond the security stage.
    pub(super) fn skipped(&self) -> Result<(), LoginFailure> {
        if self.is_done() || self.required.is_empty() {
            Ok(())
        } else {
            Err(LoginFailure::NoProof)
        }
    }

    /// The initiator wants to leave the stage; without a method that is fine if no proof is needed.
    pub(super) fn transit(&mut self) -> Result<(), LoginFailure> {
        if matches!(self.step, Step::Start) {
            self.skipped()?;
            self.step = Step::Done(None);
        }
        Ok(())
    }

    /// One request's security keys.
    pub(super) fn step(
        &mut self,
        directory: &dyn Directory,
        login: &LoginAttempt<'_>,
        nonces: &mut Nonces,
        keys: SecurityKeys,
        out: &mut TextWriter,
    ) -> Result<(), LoginFailure> {
        if let Some(methods) = &keys.method {
            self.method(methods, out)?;
        }
        if let Some(algorithms) = &keys.algorithms {
            if !matches!(self.step, Step::Chap) {
                return Err(LoginFailure::Stage);
            }
            self.challenge(algorithms, nonces, out)?;
        } else if keys.name.is_some() || keys.response.is_some() {
            let Step::Challenged {
                algorithm,
                id,
                challenge,
            } = std::mem::take(&mut self.step)
            else {
                return Err(LoginFailure::Stage);
            };
            self.step = Step::Done(Some(verify(
                directory, login, &keys, algorithm, id, &challenge, out,
            )?));
        }
        Ok(())
    }

    fn method(&mut self, methods: &str, out: &mut TextWriter) -> Result<(), LoginFailure> {
        if !matches!(self.step, Step::Start) {
            return Err(LoginFailure::Stage);
        }
        let offers = |method: &str| methods.split(',').any(|m| m == method);
        if self.required.is_empty() {
            if offers(NONE) {
                self.step = Step::Done(None);
                out.push(Key::AuthMethod.name(), NONE);
                return Ok(());
            }
            out.push(Key::AuthMethod.name(), REJECT);
            return Err(LoginFailure::NoMethod);
        }
        if !offers(CHAP) {
            return Err(LoginFailure::NoProof);
        }
        self.step = Step::Chap;
        out.push(Key::AuthMethod.name(), CHAP);
        Ok(())
    }

    fn challenge(
        &mut self,
        list: &str,
        nonces: &mut Nonces,
        out: &mut TextWriter,
    ) -> Result<(), LoginFailure> {
        let algorithm = ChapAlgorithm::choose(list, &self.required).ok_or(ChapError::NoAlgorithm)?;
        let (id, challenge) = (nonces.id(), nonces.challenge());
        out.push(Key::ChapA.name(), &algorithm.number().to_string());
        out.push(Key::ChapI.name(), &id.to_string());
        out.push(Key::ChapC.name(), &encode_hex(&challenge));
        self.step = Step::Challenged {
            algorithm,
            id,
            challenge,
        };
        Ok(())
    }
}

/// Checks the response and answers the initiator's own challenge, if it sent one. Gives the name that was proven.
fn verify(
    directory: &dyn Directory,
    login: &LoginAttempt<'_>,
    keys: &SecurityKeys,
    algorithm: ChapAlgorithm,
    id: u8,
    challenge: &[u8],
    out: &mut TextWriter,
) -> Result<String, LoginFailure> {
    let name = keys.name.as_deref().ok_or(ChapError::Missing("CHAP_N"))?;
    if name.len() > MAX_CHAP_NAME {
        return Err(ChapError::Malformed("CHAP_N").into());
    }
    let response = keys.response.as_deref().ok_or(ChapError::Missing("CHAP_R"))?;
    let response = decode(response).map_err(|_| ChapError::Malformed("CHAP_R"))?;
    // An unknown name is answered exactly as a wrong response.
    let secret = directory.secret(login, name).ok_or(ChapError::WrongResponse)?;
    if !algorithm.verify(id, &secret, challenge, &response) {
        return Err(ChapError::WrongResponse.into());
    }
    match (&keys.id, &keys.challenge) {
        (None, None) => {}
        (Some(_), None) => return Err(ChapError::Missing("CHAP_C").into()),
        (None, Some(_)) => return Err(ChapError::Missing("CHAP_I").into()),
        (Some(theirs), Some(text)) => {
            let theirs: u8 = number::parse(theirs).ok_or(ChapError::Malformed("CHAP_I"))?;
            let asked = decode(text).map_err(|_| ChapError::Malformed("CHAP_C"))?;
            if asked.len() < MIN_CHALLENGE {
                return Err(ChapError::Malformed("CHAP_C").into());
            }
            if asked == challenge {
                return Err(ChapError::Reflected.into());
            }
            let identity = directory.identity(login).ok_or(LoginFailure::NoMethod)?;
            if identity.secret == secret {
                return Err(ChapError::SameSecret.into());
            }
            out.push(Key::ChapN.name(), &identity.name);
            out.push(
                Key::ChapR.name(),
                &encode_hex(&algorithm.response(theirs, &identity.secret, &asked)),
            );
        }
    }
    Ok(name.to_owned())
}
