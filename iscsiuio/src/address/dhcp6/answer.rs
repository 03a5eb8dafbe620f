//! What a server answers: bytes to an [`Answer`].
//!
//! `dhcproto` decodes what passed the sieve here: options that are read at all, whole and of the right length, one level deep into an
//! identity association and one into an address. The decoder subtracts from lengths it has not looked at, and leaves out what
//! follows an option that it does not understand.

use std::net::Ipv6Addr;

use dhcproto::v6::{DhcpOption, Message, MessageType, OptionCode, Status};
use dhcproto::{Decodable, Decoder};

use crate::address::{Refusal, Refusals};
use crate::net::LARGEST_MTU;

/// Message type and transaction ID (RFC 8415, section 8).
const HEADER: usize = 4;
/// No frame holds more.
const LONGEST: usize = LARGEST_MTU as usize;
/// Addresses of one association that are looked at.
const ADDRESSES: usize = 16;
/// A DUID is at most 128 bytes and its type (RFC 8415, section 11.1).
pub(super) const DUID: std::ops::RangeInclusive<usize> = 3..=130;

/// What kind of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Advertise,
    Reply,
}

/// An address, as told: lifetimes in seconds, all ones for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) address: Ipv6Addr,
    pub(super) preferred: u32,
    pub(super) valid: u32,
}

/// Our association in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Association {
    pub(super) renew: u32,
    pub(super) rebind: u32,
    pub(super) addresses: Vec<Told>,
    pub(super) status: Status,
}

/// An answer to us.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) kind: Kind,
    pub(super) server: Vec<u8>,
    pub(super) preference: u8,
    pub(super) rapid: bool,
    pub(super) status: Status,
    pub(super) association: Option<Association>,
    /// The longest wait between two solicitations, in seconds.
    pub(super) solicit_limit: Option<u32>,
}

/// What an answer must name to be ours.
pub(super) struct Ours<'a> {
    pub(super) xid: [u8; 3],
    pub(super) client_id: &'a [u8],
    pub(super) iaid: u32,
}

impl Answer {
    /// Takes a message apart. Parts that are left out are noted in `refusals`.
    pub(super) fn parse(payload: &[u8], ours: &Ours<'_>, refusals: &mut Refusals) -> Result<Self, Refusal> {
        if payload.len() > LONGEST {
            return Err(Refusal::TooLong);
        }
        let (header, options) = payload.split_at_checked(HEADER).ok_or(Refusal::TooShort)?;
        let kind = match header.first().map(|kind| MessageType::from(*kind)) {
            Some(MessageType::Advertise) => Kind::Advertise,
            Some(MessageType::Reply) => Kind::Reply,
            _ => return Err(Refusal::NotAnAnswer),
        };
        if header.get(1..) != Some(&ours.xid[..]) {
            return Err(Refusal::OtherTransaction);
        }
        let mut sieved = header.to_vec();
        sieve(options, Level::Message, refusals, &mut sieved)?;
        let message = Message::decode(&mut Decoder::new(&sieved)).map_err(|_| Refusal::Malformed)?;
        Self::read(kind, &message, ours, refusals)
    }

    fn read(
        kind: Kind,
        message: &Message,
        ours: &Ours<'_>,
        refusals: &mut Refusals,
    ) -> Result<Self, Refusal> {
        let mut answer = Self {
            kind,
            server: Vec::new(),
            preference: 0,
            rapid: false,
            status: Status::Success,
            association: None,
            solicit_limit: None,
        };
        let mut client = None;
        for option in message.opts().iter() {
            match option {
                DhcpOption::ClientId(id) => client = Some(id),
                DhcpOption::ServerId(id) => answer.server.clone_from(id),
                DhcpOption::Preference(preference) => answer.preference = *preference,
                DhcpOption::RapidCommit => answer.rapid = true,
                DhcpOption::StatusCode(said) => answer.status = said.status,
                DhcpOption::IANA(ia) if ia.id == ours.iaid && answer.association.is_none() => {
                    let mut association = Association {
                        renew: ia.t1,
                        rebind: ia.t2,
                        addresses: Vec::new(),
                        status: Status::Success,
                    };
                    for option in ia.opts.iter() {
                        match option {
                            DhcpOption::StatusCode(said) => association.status = said.status,
                            // An address of its own trouble is no address.
                            DhcpOption::IAAddr(told) if troubled(&told.opts) => {
                                refusals.note(Refusal::ServerFailed);
                            }
                            DhcpOption::IAAddr(_) if association.addresses.len() >= ADDRESSES => {
                                refusals.note(Refusal::TooMany);
                            }
                            DhcpOption::IAAddr(told) => association.addresses.push(Told {
                                address: told.addr,
                                preferred: told.preferred_life,
                                valid: told.valid_life,
                            }),
                            _ => {}
                        }
                    }
                    answer.association = Some(association);
                }
                DhcpOption::Unknown(option) if option.code() == OptionCode::SolMaxRt => {
                    answer.solicit_limit = limit(option.data(), refusals);
                }
                _ => {}
            }
        }
        match client {
            Some(id) if id == ours.client_id => {}
            _ => return Err(Refusal::OtherClient),
        }
        if answer.server.is_empty() {
            return Err(Refusal::NoServer);
        }
        Ok(answer)
    }
}

fn troubled(options: &dhcproto::v6::DhcpOptions) -> bool {
    options
        .iter()
        .any(|o| matches!(o, DhcpOption::StatusCode(said) if said.status != Status::Success))
}

/// A limit that is one (RFC 8415, section 21.24).
fn limit(data: &[u8], refusals: &mut Refusals) -> Option<u32> {
    let seconds = u32::from_be_bytes(data.try_into().ok()?);
    if (60..=86_400).contains(&seconds) {
        return Some(seconds);
    }
    refusals.note(Refusal::BadTimes);
    None
}

/// Where options stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Message,
    Association,
    Address,
}

/// The options that are read, appended to `to`.
fn sieve(mut options: &[u8], level: Level, refusals: &mut Refusals, to: &mut Vec<u8>) -> Result<(), Refusal> {
    while let [a, b, c, d, rest @ ..] = options {
        let code = u16::from_be_bytes([*a, *b]);
        let length = usize::from(u16::from_be_bytes([*c, *d]));
        let (data, rest) = rest.split_at_checked(length).ok_or(Refusal::Malformed)?;
        options = rest;
        let (fixed, inner) = match (level, OptionCode::from(code)) {
            (Level::Message, OptionCode::ClientId | OptionCode::ServerId) if DUID.contains(&length) => {
                (length, None)
            }
            (Level::Message, OptionCode::Preference) if length == 1 => (1, None),
            (Level::Message, OptionCode::RapidCommit) if length == 0 => (0, None),
            (Level::Message, OptionCode::IANA) if length >= 12 => (12, Some(Level::Association)),
            (Level::Association, OptionCode::IAAddr) if length >= 24 => (24, Some(Level::Address)),
            // The code is enough; words may be in any encoding.
            (_, OptionCode::StatusCode) if length >= 2 => (2, None),
            (Level::Message, OptionCode::SolMaxRt) if length == 4 => (4, None),
            (_, read) => {
                if is_read(level, read) {
                    refusals.note(Refusal::BadOption);
                }
                continue;
            }
        };
        let (fixed, nested) = data.split_at_checked(fixed).ok_or(Refusal::Malformed)?;
        let mut body = fixed.to_vec();
        if let Some(level) = inner {
            sieve(nested, level, refusals, &mut body)?;
        }
        to.extend_from_slice(&code.to_be_bytes());
        to.extend_from_slice(&u16::try_from(body.len()).unwrap_or(u16::MAX).to_be_bytes());
        to.extend_from_slice(&body);
    }
    if options.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Malformed)
    }
}

/// Whether an option would be read if its length were right.
fn is_read(level: Level, code: OptionCode) -> bool {
    match level {
        Level::Message => matches!(
            code,
            OptionCode::ClientId
                | OptionCode::ServerId
                | OptionCode::Preference
                | OptionCode::RapidCommit
                | OptionCode::IANA
                | OptionCode::StatusCode
                | OptionCode::SolMaxRt
        ),
        Level::Association => matches!(code, OptionCode::IAAddr | OptionCode::StatusCode),
        Level::Address => code == OptionCode::StatusCode,
    }
}
