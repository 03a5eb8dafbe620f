//! Stages, names, and the order of everything (RFC 7143 §6.3).

use std::time::Instant;

use super::answer::{Answer, Refusal};
use super::security::{Security, SecurityKeys};
use crate::Isid;
use crate::chap::Nonces;
use crate::digest::Digest;
use crate::names::{self, IscsiName};
use crate::negotiate::{Key, Negotiation, NegotiationError, SessionType, Side};
use crate::pdu::{LoginFlags, LoginRequest, LoginStatus, Stage};
use crate::target_node::config::Config;
use crate::target_node::directory::{Admission, Authentication, Directory, LoginAttempt};
use crate::target_node::event::{LoginFailure, SessionInfo};
use crate::text::{LOGIN_TEXT_LIMIT, TextReader, TextWriter, pairs};

/// Requests of one login, continuations included.
const MAX_REQUESTS: u32 = 64;
/// Every side takes this much in the login phase (RFC 7143 §13.12, before any declaration).
pub(in crate::target_node) const LOGIN_SEGMENT: usize = 8192;

/// A login under way.
#[derive(Debug)]
pub(in crate::target_node) struct Login {
    pub(in crate::target_node) deadline: Instant,
    first: Option<First>,
    requests: u32,
    stage: Stage,
    reader: TextReader,
    /// An answer that needs more than one PDU.
    rest: TextWriter,
    names: Names,
    admitted: bool,
    security: Security,
    negotiation: Negotiation,
}

/// What may not change from request to request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct First {
    isid: Isid,
    itt: u32,
    cid: u16,
}

#[derive(Debug, Default)]
struct Names {
    initiator: Option<String>,
    alias: Option<String>,
    target: Option<String>,
    session: Option<SessionType>,
}

impl Login {
    pub(in crate::target_node) fn new(config: &Config, now: Instant) -> Self {
        Self {
            deadline: now + config.login_timeout,
            first: None,
            requests: 0,
            stage: Stage::SECURITY,
            reader: TextReader::new(LOGIN_TEXT_LIMIT),
            rest: TextWriter::new(),
            names: Names::default(),
            admitted: false,
            security: Security::default(),
            negotiation: Negotiation::new(Side::Target, SessionType::Normal, config.offer.clone()),
        }
    }

    /// A request has been seen.
    pub(in crate::target_node) const fn started(&self) -> bool {
        self.requests > 0
    }

    /// One login request with its text.
    pub(in crate::target_node) fn request(
        &mut self,
        config: &Config,
        directory: &dyn Directory,
        nonces: &mut Nonces,
        request: &LoginRequest,
        text: &[u8],
    ) -> Result<Answer, Refusal> {
        self.requests += 1;
        if self.requests > MAX_REQUESTS {
            return Err(LoginFailure::Endless.into());
        }
        self.check_header(request)?;
        self.reader.add(text).map_err(LoginFailure::from)?;
        let more = request.flags.contains(LoginFlags::CONTINUE);
        if more || !self.rest.is_empty() {
            if more && !self.rest.is_empty() {
                return Err(LoginFailure::Stage.into());
            }
            return Ok(self.piece(request, None));
        }
        let text = self.reader.finish().map_err(LoginFailure::from)?;
        let mut out = TextWriter::new();
        let mut keys = SecurityKeys::default();
        let mut deferred = Vec::new();
        for pair in pairs(&text) {
            let (name, value) = pair.map_err(LoginFailure::from)?;
            self.pair(name, value, &mut keys, &mut deferred)?;
        }
        let first_exchange = !self.admitted;
        self.admit(config, directory, &mut out)?;
        if first_exchange {
            self.negotiation.set_session(self.session());
        }
        for (name, value) in &deferred {
            self.negotiation
                .take(name, value, &mut out)
                .map_err(LoginFailure::from)?;
        }
        self.secure(directory, nonces, keys, request, &mut out)?;
        if self.stage == Stage::OPERATIONAL {
            self.negotiation.offers(&mut out);
        }
        let transit = request.flags.contains(LoginFlags::TRANSIT)
            && (self.stage != Stage::SECURITY || self.security.is_done());
        self.rest = out;
        Ok(if transit {
            let next = request.flags.next();
            let session = if next == Stage::FULL_FEATURE {
                Some(self.finish(config)?)
            } else {
                None
            };
            self.piece(request, Some((next, session)))
        } else {
            self.piece(request, None)
        })
    }

    fn check_header(&mut self, request: &LoginRequest) -> Result<(), Refusal> {
        if request.version_min > 0 {
            return Err(LoginFailure::Version.into());
        }
        let flags = request.flags;
        let (current, next) = (flags.current(), flags.next());
        let this = First {
            isid: request.isid,
            itt: request.itt.get(),
            cid: request.cid.get(),
        };
        match self.first {
            None => {
                if request.tsih.get() != 0 {
                    return Err(LoginFailure::SecondConnection.into());
                }
                if !matches!(current, Stage::SECURITY | Stage::OPERATIONAL) {
                    return Err(LoginFailure::Stage.into());
                }
                self.first = Some(this);
                self.stage = current;
            }
            Some(first) if first != this || current != self.stage => return Err(LoginFailure::Stage.into()),
            Some(_) => {}
        }
        if flags.contains(LoginFlags::TRANSIT) {
            let forward = matches!(
                (current, next),
                (Stage::SECURITY, Stage::OPERATIONAL | Stage::FULL_FEATURE)
                    | (Stage::OPERATIONAL, Stage::FULL_FEATURE)
            );
            if !forward || flags.contains(LoginFlags::CONTINUE) {
                return Err(LoginFailure::Stage.into());
            }
        }
        Ok(())
    }

    /// Sorts one pair to where it is handled; operational keys wait until the session type is known.
    fn pair<'a>(
        &mut self,
        name: &'a str,
        value: &'a str,
        keys: &mut SecurityKeys,
        deferred: &mut Vec<(&'a str, &'a str)>,
    ) -> Result<(), Refusal> {
        let Some(key) = Key::from_name(name) else {
            deferred.push((name, value));
            return Ok(());
        };
        let twice = LoginFailure::Negotiation(NegotiationError::Twice(key));
        match key {
            Key::InitiatorName | Key::TargetName if value.parse::<IscsiName>().is_err() => {
                return Err(LoginFailure::Value(key).into());
            }
            Key::InitiatorName | Key::TargetName | Key::SessionType if self.admitted => {
                // libiscsi says who it is again when it leaves the security stage; nobody becomes somebody else.
                if !self.is_known(key, value) {
                    return Err(LoginFailure::Value(key).into());
                }
            }
            Key::InitiatorName => {
                if self.names.initiator.replace(value.to_owned()).is_some() {
                    return Err(twice.into());
                }
            }
            Key::TargetName => {
                if self.names.target.replace(value.to_owned()).is_some() {
                    return Err(twice.into());
                }
            }
            Key::InitiatorAlias => self.names.alias = Some(value.chars().take(255).collect()),
            Key::SessionType => {
                let session = [SessionType::Normal, SessionType::Discovery]
                    .into_iter()
                    .find(|s| s.name() == value);
                let session = session.ok_or(LoginFailure::Value(key))?;
                if self.names.session.replace(session).is_some() {
                    return Err(twice.into());
                }
            }
            Key::AuthMethod | Key::ChapA | Key::ChapI | Key::ChapC | Key::ChapN | Key::ChapR => {
                if self.stage != Stage::SECURITY {
                    return Err(LoginFailure::Stage.into());
                }
                if !keys.put(key, value) {
                    return Err(twice.into());
                }
            }
            Key::SendTargets => {
                return Err(LoginFailure::Negotiation(NegotiationError::WrongSender(key)).into());
            }
            _ => deferred.push((name, value)),
        }
        Ok(())
    }

    /// Whether a key of the leading login request is repeated as it was.
    fn is_known(&self, key: Key, value: &str) -> bool {
        let same = |name: &Option<String>| name.as_deref().is_some_and(|name| names::same(name, value));
        match key {
            Key::InitiatorName => same(&self.names.initiator),
            Key::TargetName => same(&self.names.target),
            _ => self.session().name() == value,
        }
    }

    fn session(&self) -> SessionType {
        self.names.session.unwrap_or_default()
    }

    /// After the first complete text: who wants where, and may he.
    fn admit(
        &mut self,
        config: &Config,
        directory: &dyn Directory,
        out: &mut TextWriter,
    ) -> Result<(), Refusal> {
        if self.admitted {
            return Ok(());
        }
        if self.names.initiator.is_none() {
            return Err(LoginFailure::Missing(Key::InitiatorName).into());
        }
        if self.session() == SessionType::Normal && self.names.target.is_none() {
            return Err(LoginFailure::Missing(Key::TargetName).into());
        }
        match directory.admit(&self.attempt()) {
            Admission::Accept(Authentication::None) => {}
            Admission::Accept(Authentication::Chap(algorithms)) => self.security.require(algorithms),
            Admission::Refuse(status) => return Err(Refusal::new(status, LoginFailure::Refused(status))),
            Admission::Redirect { address, permanent } => {
                let mut text = TextWriter::new();
                text.push(Key::TargetAddress.name(), &address);
                let status = if permanent {
                    LoginStatus::MOVED_PERMANENTLY
                } else {
                    LoginStatus::MOVED_TEMPORARILY
                };
                return Err(Refusal {
                    status,
                    text: text.as_bytes().to_vec(),
                    failure: LoginFailure::Redirected(address),
                });
            }
        }
        self.admitted = true;
        if self.names.target.is_some() {
            out.push(Key::TargetPortalGroupTag.name(), &config.portal_group.to_string());
            if let Some(alias) = &config.alias {
                out.push(Key::TargetAlias.name(), alias);
            }
        }
        Ok(())
    }

    fn attempt(&self) -> LoginAttempt<'_> {
        LoginAttempt {
            initiator: self.names.initiator.as_deref().unwrap_or_default(),
            isid: self.first.map(|first| first.isid).unwrap_or_default(),
            session: self.session(),
            target: self.names.target.as_deref(),
        }
    }

    fn secure(
        &mut self,
        directory: &dyn Directory,
        nonces: &mut Nonces,
        keys: SecurityKeys,
        request: &LoginRequest,
        out: &mut TextWriter,
    ) -> Result<(), Refusal> {
        if self.stage != Stage::SECURITY {
            // The initiator skipped the stage; what was done in it stays done.
            self.security.skipped()?;
            return Ok(());
        }
        let mut security = std::mem::take(&mut self.security);
        let result = security.step(directory, &self.attempt(), nonces, keys, out);
        self.security = security;
        result?;
        if request.flags.contains(LoginFlags::TRANSIT) {
            self.security.transit()?;
        }
        Ok(())
    }

    /// The next piece of the text that waits; transits only with the last one.
    fn piece(
        &mut self,
        request: &LoginRequest,
        transit: Option<(Stage, Option<Box<SessionInfo>>)>,
    ) -> Answer {
        let (text, more) = self.rest.take(LOGIN_SEGMENT);
        let text = text.to_vec();
        let mut flags = LoginFlags::stay(self.stage);
        if more {
            flags |= LoginFlags::CONTINUE;
            return Answer {
                flags,
                text,
                session: None,
            };
        }
        let session = match transit {
            Some((next, session)) => {
                flags = LoginFlags::transit(request.flags.current(), next);
                self.stage = next;
                session
            }
            None => None,
        };
        Answer { flags, text, session }
    }

    fn finish(&self, config: &Config) -> Result<Box<SessionInfo>, Refusal> {
        let params = self.negotiation.finish().map_err(LoginFailure::from)?;
        let missing = |required: bool, digest: Digest| required && digest == Digest::None;
        if missing(config.require_header_digest, params.header_digest)
            || missing(config.require_data_digest, params.data_digest)
        {
            return Err(LoginFailure::NoDigest.into());
        }
        let first = self.first.ok_or(LoginFailure::Stage)?;
        Ok(Box::new(SessionInfo {
            session: self.session(),
            initiator: self.names.initiator.clone().unwrap_or_default(),
            initiator_alias: self.names.alias.clone(),
            isid: first.isid,
            tsih: config.tsih,
            cid: first.cid,
            target: self.names.target.clone(),
            user: self.security.user().map(str::to_owned),
            params,
        }))
    }
}
