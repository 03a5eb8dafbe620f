//! What a server answers: bytes to an [`Answer`].
//!
//! `dhcproto` decodes what passed the sieve here: options that are read at all, whole, of the right length, concatenated (RFC 3396)
//! and taken out of the header's name fields when they are overloaded (RFC 2132, section 9.3). A host name in no known encoding is
//! then nobody's trouble.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use dhcproto::v4::{DhcpOption, MAGIC, Message, MessageType, OptionCode};
use dhcproto::{Decodable, Decoder};

use crate::address::{Refusal, Refusals};
use crate::net::{LARGEST_MTU, host};

/// Header and magic cookie (RFC 2131, section 2).
const HEADER: usize = 240;
/// No server has more to say; a frame holds no more.
const LONGEST: usize = LARGEST_MTU as usize;

/// Whether an option may be this long.
type Fits = fn(usize) -> bool;

/// Options that are read, and the lengths they may have.
const READ: &[(OptionCode, Fits)] = &[
    (OptionCode::SubnetMask, |n| n == 4),
    (OptionCode::Router, |n| n >= 4 && n % 4 == 0),
    (OptionCode::InterfaceMtu, |n| n == 2),
    (OptionCode::AddressLeaseTime, |n| n == 4),
    (OptionCode::OptionOverload, |n| n == 1),
    (OptionCode::MessageType, |n| n == 1),
    (OptionCode::ServerIdentifier, |n| n == 4),
    (OptionCode::Renewal, |n| n == 4),
    (OptionCode::Rebinding, |n| n == 4),
    (OptionCode::ClientIdentifier, |n| n >= 2),
    (OptionCode::ClasslessStaticRoute, |n| n >= 5),
];

/// What kind of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Offer,
    Ack,
    Nak,
}

/// An answer to us.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) kind: Kind,
    pub(super) server: Ipv4Addr,
    pub(super) address: Ipv4Addr,
    pub(super) mask: Option<Ipv4Addr>,
    pub(super) routers: Vec<Ipv4Addr>,
    /// Classless routes; `None`: there was no such option, or one that is no list of routes.
    pub(super) routes: Option<Vec<(Ipv4Addr, u8, Ipv4Addr)>>,
    pub(super) mtu: Option<u16>,
    pub(super) lease: Option<u32>,
    pub(super) renew: Option<u32>,
    pub(super) rebind: Option<u32>,
}

/// What an answer must name to be ours.
pub(super) struct Ours<'a> {
    pub(super) xid: u32,
    pub(super) mac: &'a [u8; 6],
    pub(super) client_id: &'a [u8],
}

impl Answer {
    /// Takes a message apart. Parts that are left out are noted in `refusals`.
    pub(super) fn parse(payload: &[u8], ours: &Ours<'_>, refusals: &mut Refusals) -> Result<Self, Refusal> {
        if payload.len() > LONGEST {
            return Err(Refusal::TooLong);
        }
        let (header, options) = payload.split_at_checked(HEADER).ok_or(Refusal::TooShort)?;
        // op, htype, hlen: a reply, Ethernet. The decoder trusts hlen.
        if header.get(..3) != Some(&[2, 1, 6]) || header.get(236..) != Some(&MAGIC) {
            return Err(Refusal::NotAnAnswer);
        }
        if header.get(4..8) != Some(&ours.xid.to_be_bytes()) {
            return Err(Refusal::OtherTransaction);
        }
        if header.get(28..34) != Some(ours.mac) {
            return Err(Refusal::OtherHardware);
        }
        let sieved = sieve(header, options, refusals)?;
        let message = Message::decode(&mut Decoder::new(&sieved)).map_err(|_| Refusal::Malformed)?;
        Self::read(&message, ours)
    }

    fn read(message: &Message, ours: &Ours<'_>) -> Result<Self, Refusal> {
        let mut answer = Self {
            kind: Kind::Offer,
            server: Ipv4Addr::UNSPECIFIED,
            address: message.yiaddr(),
            mask: None,
            routers: Vec::new(),
            routes: None,
            mtu: None,
            lease: None,
            renew: None,
            rebind: None,
        };
        let (mut kind, mut server) = (None, None);
        for (_, option) in message.opts().iter() {
            match option {
                DhcpOption::MessageType(MessageType::Offer) => kind = Some(Kind::Offer),
                DhcpOption::MessageType(MessageType::Ack) => kind = Some(Kind::Ack),
                DhcpOption::MessageType(MessageType::Nak) => kind = Some(Kind::Nak),
                DhcpOption::ServerIdentifier(id) => server = Some(*id),
                DhcpOption::SubnetMask(mask) => answer.mask = Some(*mask),
                DhcpOption::Router(routers) => answer.routers.clone_from(routers),
                DhcpOption::InterfaceMtu(mtu) => answer.mtu = Some(*mtu),
                DhcpOption::AddressLeaseTime(seconds) => answer.lease = Some(*seconds),
                DhcpOption::Renewal(seconds) => answer.renew = Some(*seconds),
                DhcpOption::Rebinding(seconds) => answer.rebind = Some(*seconds),
                // RFC 6842: a server that names a client names the one it answers.
                DhcpOption::ClientIdentifier(id) if id != ours.client_id => {
                    return Err(Refusal::OtherClient);
                }
                DhcpOption::ClasslessStaticRoute(routes) => {
                    answer.routes = Some(
                        routes
                            .iter()
                            .map(|(to, via)| (to.network(), to.prefix_len(), *via))
                            .collect(),
                    );
                }
                _ => {}
            }
        }
        answer.kind = kind.ok_or(Refusal::NotAnAnswer)?;
        answer.server = server.ok_or(Refusal::NoServer)?;
        if !host(answer.server) {
            return Err(Refusal::BadServer);
        }
        Ok(answer)
    }
}

/// The header without its name fields, and the options that are read.
fn sieve(header: &[u8], options: &[u8], refusals: &mut Refusals) -> Result<Vec<u8>, Refusal> {
    let mut found: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    collect(options, &mut found)?;
    let overload = match found.remove(&OptionCode::OptionOverload.into()).as_deref() {
        Some([n @ 1..=3]) => *n,
        Some(_) => {
            refusals.note(Refusal::BadOption);
            0
        }
        None => 0,
    };
    // The file field comes before the name field (RFC 3396, section 5).
    for (bit, field) in [(1, 108..236), (2, 44..108)] {
        if overload & bit != 0 {
            collect(header.get(field).unwrap_or_default(), &mut found)?;
        }
    }

    let mut sieved = Vec::with_capacity(HEADER + options.len());
    sieved.extend_from_slice(header.get(..44).unwrap_or_default());
    sieved.resize(236, 0);
    sieved.extend_from_slice(&MAGIC);
    for (code, fits) in READ {
        let code = u8::from(*code);
        let Some(data) = found.get(&code) else { continue };
        if !fits(data.len()) || (code == u8::from(OptionCode::ClasslessStaticRoute) && !are_routes(data)) {
            refusals.note(Refusal::BadOption);
            continue;
        }
        for chunk in data.chunks(usize::from(u8::MAX)) {
            sieved.push(code);
            sieved.push(u8::try_from(chunk.len()).unwrap_or(u8::MAX));
            sieved.extend_from_slice(chunk);
        }
    }
    sieved.push(OptionCode::End.into());
    Ok(sieved)
}

/// The options of one field, appended to those of the same code before.
fn collect(mut field: &[u8], found: &mut BTreeMap<u8, Vec<u8>>) -> Result<(), Refusal> {
    loop {
        match field {
            [] | [255, ..] => return Ok(()),
            [0, rest @ ..] => field = rest,
            [code, length, rest @ ..] => {
                let (data, rest) = rest
                    .split_at_checked(usize::from(*length))
                    .ok_or(Refusal::Malformed)?;
                if READ.iter().any(|(read, _)| u8::from(*read) == *code) {
                    found.entry(*code).or_default().extend_from_slice(data);
                }
                field = rest;
            }
            [_] => return Err(Refusal::Malformed),
        }
    }
}

/// Whether these are descriptors of RFC 3442 to the last byte.
fn are_routes(mut data: &[u8]) -> bool {
    while let [width @ 0..=32, rest @ ..] = data {
        let Some((_, rest)) = rest.split_at_checked(usize::from(width.div_ceil(8)) + 4) else {
            return false;
        };
        data = rest;
    }
    data.is_empty()
}
