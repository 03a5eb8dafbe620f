//! A router advertisement: bytes to what is in them.
//!
//! `smoltcp` decodes each option; its own reader of whole messages keeps one prefix only.

use std::net::Ipv6Addr;

use smoltcp::wire::{
    Icmpv6Message, NdiscOption, NdiscOptionRepr, NdiscOptionType, NdiscPrefixInfoFlags, NdiscRouterFlags,
};

use crate::address::{Refusal, Refusals};
use crate::net::LARGEST_MTU;

/// Type, code, checksum, hop limit, flags, lifetime, two timers.
const HEADER: usize = 16;
/// No frame holds more.
const LONGEST: usize = LARGEST_MTU as usize;
/// Prefixes of one message that are looked at.
const PREFIXES: usize = 32;

/// How much a router wants to be used (RFC 4191, section 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Preference {
    Low,
    Medium,
    High,
}

/// A prefix, as told: lifetimes in seconds, all ones for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Prefix {
    pub(super) prefix: Ipv6Addr,
    pub(super) length: u8,
    pub(super) on_link: bool,
    pub(super) autonomous: bool,
    pub(super) valid: u32,
    pub(super) preferred: u32,
}

/// What a router says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Advertisement {
    pub(super) router: Ipv6Addr,
    /// Seconds that it is a default router; 0: it is none.
    pub(super) lifetime: u16,
    pub(super) preference: Preference,
    /// Addresses are DHCPv6's.
    pub(super) managed: bool,
    pub(super) mtu: Option<u32>,
    pub(super) prefixes: Vec<Prefix>,
}

impl Advertisement {
    /// Takes an ICMPv6 message apart. Parts that are left out are noted in `refusals`.
    pub(super) fn parse(router: Ipv6Addr, message: &[u8], refusals: &mut Refusals) -> Result<Self, Refusal> {
        if !router.is_unicast_link_local() {
            return Err(Refusal::OtherLink);
        }
        if message.len() > LONGEST {
            return Err(Refusal::TooLong);
        }
        let (header, mut options) = message.split_at_checked(HEADER).ok_or(Refusal::TooShort)?;
        let [kind, code, _, _, _, flags, high, low, ..] = *header else {
            return Err(Refusal::TooShort);
        };
        if (kind, code) != (Icmpv6Message::RouterAdvert.into(), 0) {
            return Err(Refusal::NotAnAnswer);
        }
        let bits = NdiscRouterFlags::from_bits_truncate(flags);
        let mut advertisement = Self {
            router,
            lifetime: u16::from_be_bytes([high, low]),
            preference: match flags >> 3 & 3 {
                1 => Preference::High,
                3 => Preference::Low,
                _ => Preference::Medium,
            },
            managed: bits.contains(NdiscRouterFlags::MANAGED),
            mtu: None,
            prefixes: Vec::new(),
        };
        while let [kind, eights, ..] = *options {
            // An option without a length ends all trust in the message (RFC 4861, section 6.1.2).
            let length = usize::from(eights) * 8;
            if length == 0 {
                return Err(Refusal::Malformed);
            }
            let (option, rest) = options.split_at_checked(length).ok_or(Refusal::Malformed)?;
            if matches!(
                kind.into(),
                NdiscOptionType::PrefixInformation | NdiscOptionType::Mtu
            ) {
                match NdiscOption::new_checked(option).and_then(|o| NdiscOptionRepr::parse(&o)) {
                    Ok(read) => advertisement.take(&read, refusals),
                    Err(_) => refusals.note(Refusal::BadOption),
                }
            }
            options = rest;
        }
        if options.is_empty() {
            Ok(advertisement)
        } else {
            Err(Refusal::Malformed)
        }
    }

    fn take(&mut self, option: &NdiscOptionRepr<'_>, refusals: &mut Refusals) {
        match option {
            NdiscOptionRepr::Mtu(mtu) => self.mtu = Some(*mtu),
            NdiscOptionRepr::PrefixInformation(_) if self.prefixes.len() >= PREFIXES => {
                refusals.note(Refusal::TooMany);
            }
            NdiscOptionRepr::PrefixInformation(told) => self.prefixes.push(Prefix {
                prefix: told.prefix,
                length: told.prefix_len,
                on_link: told.flags.contains(NdiscPrefixInfoFlags::ON_LINK),
                autonomous: told.flags.contains(NdiscPrefixInfoFlags::ADDRCONF),
                valid: u32::try_from(told.valid_lifetime.secs()).unwrap_or(u32::MAX),
                preferred: u32::try_from(told.preferred_lifetime.secs()).unwrap_or(u32::MAX),
            }),
            _ => {}
        }
    }
}
