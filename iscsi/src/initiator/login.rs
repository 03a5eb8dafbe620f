//! The login phase: requests out, responses in, until full feature phase, redirection or failure.
//!
//! Must not know how PDUs travel. Source: RFC 7143 sections 6.3, 11.12 and 11.13.

use super::{
    Config, LoggedIn, LoginFailure,
    auth::{Authenticator, SecurityKeys},
};
use crate::{
    address::TargetAddress,
    chap::Nonces,
    negotiate::{Key, Negotiation, NegotiationError, Side, Taken},
    number,
    pdu::{LoginFlags, LoginResponse, LoginStatus, Stage},
    text::{LOGIN_TEXT_LIMIT, TextReader, TextWriter, pairs},
};

/// The login phase's longest data segment, either way.
pub(super) const LOGIN_SEGMENT: usize = 8192;
/// Requests of one login.
const MAX_ROUNDS: u32 = 64;
/// Longest alias that is kept, in bytes.
const MAX_ALIAS: usize = 255;

/// What comes next.
#[derive(Debug)]
pub(super) enum Step {
    /// Send a login request.
    Send { flags: LoginFlags, text: Vec<u8> },
    /// Full feature phase.
    Done(Box<LoggedIn>),
    /// The target is elsewhere.
    Redirect { permanent: bool, address: TargetAddress },
}

/// State of one login.
pub(super) struct Login {
    pub(super) config: Config,
    stage: Stage,
    sent_transit: bool,
    auth: Authenticator,
    negotiation: Negotiation,
    reader: TextReader,
    writer: TextWriter,
    rounds: u32,
    target_alias: Option<String>,
    portal_group_tag: Option<u16>,
}

impl Login {
    /// A login and its first request.
    pub(super) fn start(config: Config, nonces: Nonces) -> Result<(Self, Step), LoginFailure> {
        let session = config.session_type();
        let mut writer = TextWriter::new();
        writer.push(Key::InitiatorName.name(), config.initiator_name.as_str());
        if let Some(alias) = &config.initiator_alias
            && !alias.contains('\0')
        {
            writer.push(Key::InitiatorAlias.name(), alias);
        }
        writer.push(Key::SessionType.name(), session.name());
        if let Some(target) = &config.target_name {
            writer.push(Key::TargetName.name(), target.as_str());
        }
        let auth = Authenticator::new(config.auth.clone(), nonces)?;
        writer.push(Key::AuthMethod.name(), auth.methods());
        let offer = config.offer.clone();
        let mut login = Self {
            config,
            stage: Stage::SECURITY,
            sent_transit: false,
            auth,
            negotiation: Negotiation::new(Side::Initiator, session, offer),
            reader: TextReader::new(LOGIN_TEXT_LIMIT),
            writer,
            rounds: 0,
            target_alias: None,
            portal_group_tag: None,
        };
        let step = login.request()?;
        Ok((login, step))
    }

    /// The next request of what is written.
    fn request(&mut self) -> Result<Step, LoginFailure> {
        self.rounds += 1;
        if self.rounds > MAX_ROUNDS {
            return Err(LoginFailure::Endless);
        }
        let (text, more) = self.writer.take(LOGIN_SEGMENT);
        let text = text.to_vec();
        let flags = if more {
            LoginFlags::stay(self.stage) | LoginFlags::CONTINUE
        } else if self.stage == Stage::OPERATIONAL {
            LoginFlags::transit(Stage::OPERATIONAL, Stage::FULL_FEATURE)
        } else if self.auth.may_transit() {
            LoginFlags::transit(Stage::SECURITY, Stage::OPERATIONAL)
        } else {
            LoginFlags::stay(Stage::SECURITY)
        };
        if !more {
            self.writer = TextWriter::new();
        }
        self.sent_transit = flags.contains(LoginFlags::TRANSIT);
        Ok(Step::Send { flags, text })
    }

    /// Takes a response.
    pub(super) fn response(&mut self, pdu: &LoginResponse, data: &[u8]) -> Result<Step, LoginFailure> {
        if !pdu.status.is_success() {
            return self.refusal(pdu.status, data);
        }
        if pdu.version_active != 0 {
            return Err(LoginFailure::BadField("version"));
        }
        if pdu.flags.current() != self.stage {
            return Err(LoginFailure::BadField("current stage"));
        }
        let transit = pdu.flags.contains(LoginFlags::TRANSIT);
        self.reader.add(data).map_err(LoginFailure::Text)?;
        if pdu.flags.contains(LoginFlags::CONTINUE) {
            if transit {
                return Err(LoginFailure::BadField("C bit together with T"));
            }
            self.rounds += 1;
            if self.rounds > MAX_ROUNDS {
                return Err(LoginFailure::Endless);
            }
            self.sent_transit = false;
            return Ok(Step::Send {
                flags: LoginFlags::stay(self.stage),
                text: Vec::new(),
            });
        }
        if transit && !self.sent_transit {
            return Err(LoginFailure::BadField("T bit"));
        }
        let text = self.reader.finish().map_err(LoginFailure::Text)?;
        if !self.writer.is_empty() {
            // The answer to a part of our text.
            return if text.is_empty() {
                self.request()
            } else {
                Err(LoginFailure::BadField("text between ours"))
            };
        }
        self.keys(&text)?;
        match (self.stage, transit) {
            (Stage::SECURITY, true) => {
                if pdu.flags.next() != Stage::OPERATIONAL {
                    return Err(LoginFailure::BadField("next stage"));
                }
                self.auth.finish()?;
                self.stage = Stage::OPERATIONAL;
                self.negotiation.offers(&mut self.writer);
                self.request()
            }
            (_, true) => {
                if pdu.flags.next() != Stage::FULL_FEATURE {
                    return Err(LoginFailure::BadField("next stage"));
                }
                let params = self.negotiation.finish().map_err(LoginFailure::Negotiation)?;
                Ok(Step::Done(Box::new(LoggedIn {
                    params,
                    tsih: pdu.tsih.get(),
                    target_alias: self.target_alias.take().filter(|alias| !alias.is_empty()),
                    portal_group_tag: self.portal_group_tag,
                    authenticated: self.auth.used(),
                })))
            }
            (_, false) => self.request(),
        }
    }

    /// Handles the pairs of a complete response.
    fn keys(&mut self, text: &[u8]) -> Result<(), LoginFailure> {
        let mut security = SecurityKeys::default();
        for pair in pairs(text) {
            let (name, value) = pair.map_err(LoginFailure::Text)?;
            if let Some(key) = Key::from_name(name)
                && !key.spec().may_come_in(self.stage)
            {
                return Err(LoginFailure::Negotiation(NegotiationError::WrongStage(key)));
            }
            let taken = self
                .negotiation
                .take(name, value, &mut self.writer)
                .map_err(LoginFailure::Negotiation)?;
            let Taken::Caller(key) = taken else { continue };
            let twice = LoginFailure::Negotiation(NegotiationError::Twice(key));
            match key {
                Key::TargetAlias => {
                    let alias = Some(value.to_owned()).filter(|alias| alias.len() <= MAX_ALIAS);
                    if self.target_alias.replace(alias.unwrap_or_default()).is_some() {
                        return Err(twice);
                    }
                }
                Key::TargetPortalGroupTag => {
                    let tag =
                        number::parse_tag(value).ok_or(LoginFailure::BadField("TargetPortalGroupTag"))?;
                    if self.portal_group_tag.replace(tag).is_some() {
                        return Err(twice);
                    }
                }
                _ => {
                    security.take(key, value)?;
                }
            }
        }
        if self.stage == Stage::SECURITY {
            self.auth.take(&security, &mut self.writer)?;
        }
        Ok(())
    }

    /// The target does not want us, or not here.
    fn refusal(&mut self, status: LoginStatus, data: &[u8]) -> Result<Step, LoginFailure> {
        if status.class != LoginStatus::MOVED_TEMPORARILY.class {
            return Err(if self.auth.awaits_algorithm() {
                LoginFailure::AlgorithmsRefused(status)
            } else {
                LoginFailure::Refused(status)
            });
        }
        let addresses = pairs(data)
            .filter_map(Result::ok)
            .filter(|(name, _)| *name == Key::TargetAddress.name());
        // The first address that can be read.
        let address = addresses
            .filter_map(|(_, value)| value.parse().ok())
            .next()
            .ok_or(LoginFailure::BadRedirect)?;
        Ok(Step::Redirect {
            permanent: status == LoginStatus::MOVED_PERMANENTLY,
            address,
        })
    }
}
