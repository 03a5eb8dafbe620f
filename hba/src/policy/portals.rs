//! Over which portals a login goes, and in which order.
//!
//! Owns the order (given, leading, last good, the others as they are listed), what is left out and why, and when the next one is tried. Must not
//! connect: whether a portal answers is seen by whoever tries.
//!
//! Source: Microsoft `LoginIScsiTarget` (without a portal any of the target's; a given one is not looked at first; another one only when hopping
//! is asked for; without an initiator the port is any); open-iscsi `node.leading_login`; RFC 4007 section 6 (a link-local address means
//! something on its link alone).

use std::net::IpAddr;

use iscsi::address::{Host, TargetAddress};

use crate::error::{Error, Kind, Result};
use crate::ids::why_not;
use crate::message::Message;

/// Portals that one login goes through, however many a target lists.
pub const LIMIT: usize = 32;

/// A portal that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known<'a> {
    /// Where.
    pub at: &'a TargetAddress,
    /// Whether its record wants to be first.
    pub leading: bool,
    /// Whether the target told of it: a zone in its address is one of the target's then.
    pub told: bool,
}

/// What a port can call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
    /// Whether it is one link, as an adapter's port: a link-local address needs no zone.
    pub one_link: bool,
}

impl Reach {
    /// Nothing is known of the port: nothing is left out for its sake.
    pub const ANY: Self = Self {
        v4: true,
        v6: true,
        one_link: true,
    };
}

/// What is wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wish<'a> {
    /// The portal that was given; it is not asked whether it can be reached.
    pub given: Option<&'a TargetAddress>,
    /// Whether another one may be taken when it does not let us in. Without a given portal any may.
    pub hopping: bool,
    /// The portal that let us in last.
    pub last_good: Option<&'a TargetAddress>,
}

/// The portals of a login.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Order {
    /// To try, in this order.
    pub tries: Vec<TargetAddress>,
    /// Left out, and why.
    pub skipped: Vec<(TargetAddress, Message)>,
}

/// Puts the portals in order. Each is tried once, however often it is listed.
#[must_use]
pub fn order(known: &[Known<'_>], reach: Reach, wish: &Wish<'_>) -> Order {
    let mut order = Order::default();
    if let Some(given) = wish.given {
        order.add(given, no_place(given, reach, false));
        if !wish.hopping {
            return order;
        }
    }
    let is_last = |of: &Known<'_>| wish.last_good.is_some_and(|last| same(last, of.at));
    let ranks: [&dyn Fn(&Known<'_>) -> bool; 3] =
        [&|of| of.leading, &|of| !of.leading && is_last(of), &|of| {
            !of.leading && !is_last(of)
        }];
    for rank in ranks {
        for of in known.iter().filter(|of| rank(of)) {
            let why = no_place(of.at, reach, of.told).or_else(|| no_family(of.at, reach));
            order.add(of.at, why);
        }
    }
    order
}

impl Order {
    fn add(&mut self, at: &TargetAddress, why: Option<String>) {
        let seen = self.tries.iter().chain(self.skipped.iter().map(|(at, _)| at));
        if seen.into_iter().any(|other| same(other, at)) {
            return;
        }
        let why = why.or_else(|| {
            (self.tries.len() >= LIMIT)
                .then(|| format!("{LIMIT} portals are tried in one login, and no more"))
        });
        match why {
            None => self.tries.push(at.clone()),
            Some(why) => {
                let said = Message::from(format!("portal {at} is left out: {why}"));
                self.skipped.push((at.clone(), said));
            }
        }
    }
}

/// Whether both are one place, whatever their tags.
fn same(one: &TargetAddress, other: &TargetAddress) -> bool {
    let host = match (&one.host, &other.host) {
        (Host::Name(a), Host::Name(b)) => a.eq_ignore_ascii_case(b),
        (Host::Scoped(a, zone), Host::Scoped(b, of)) => a == b && zone == of,
        (Host::Ip(a), Host::Ip(b)) => a.to_canonical() == b.to_canonical(),
        _ => false,
    };
    host && one.port == other.port
}

/// Why an address names no place that could be called.
fn no_place(at: &TargetAddress, reach: Reach, told: bool) -> Option<String> {
    match &at.host {
        Host::Name(_) => None,
        Host::Scoped(ip, zone) if ip.is_unicast_link_local() && told && !reach.one_link => Some(format!(
            "its zone %{} names an interface of the target, not one of this host",
            zone.escape_debug()
        )),
        Host::Ip(IpAddr::V6(ip)) if ip.is_unicast_link_local() && !reach.one_link => {
            Some("a link-local address says nothing without the interface it is on (%eth0)".to_owned())
        }
        // An address in the clothes of IPv6 is the one that it stands for.
        host => why_not(host.ip()?.to_canonical()).map(str::to_owned),
    }
}

/// Why a port cannot call an address.
fn no_family(at: &TargetAddress, reach: Reach) -> Option<String> {
    let family = match at.host.ip()?.to_canonical() {
        IpAddr::V4(_) if !reach.v4 => "IPv4",
        IpAddr::V6(_) if !reach.v6 => "IPv6",
        _ => return None,
    };
    Some(format!("the port has no {family} address"))
}

/// How a try ended that let nobody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing answered, or the connection broke.
    Unreachable,
    /// The target does not serve, or refused for a reason of the portal.
    Refused,
    /// The target does not take our account. Another portal of it would not either.
    Auth,
    /// Nobody knows whether it was done.
    Unknown,
    /// The end was asked for.
    Stopped,
}

/// Whether the next portal is tried.
#[must_use]
pub const fn goes_on(ended: Ended) -> bool {
    match ended {
        Ended::Unreachable | Ended::Refused => true,
        // More tries with a wrong secret lock accounts; what may be done must not be done twice.
        Ended::Auth | Ended::Unknown | Ended::Stopped => false,
    }
}

/// From where a login goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin<'a> {
    /// From wherever it can: one is chosen.
    Any,
    /// From any port of this initiator.
    Initiator(&'a str),
    /// From this port of this initiator.
    Port(&'a str, u32),
}

/// Reads who is to log in. Port [`ANY_PORT`] is any.
///
/// # Errors
/// [`Kind::Invalid`]: a port is a port of an initiator.
pub fn origin<'a>(initiator: Option<&'a str>, port: Option<u32>, tried: &str) -> Result<Origin<'a>> {
    match (initiator, port.filter(|port| *port != ANY_PORT)) {
        (None, None) => Ok(Origin::Any),
        (Some(initiator), None) => Ok(Origin::Initiator(initiator)),
        (Some(initiator), Some(port)) => Ok(Origin::Port(initiator, port)),
        (None, Some(port)) => Err(Error::new(Kind::Invalid, tried)
            .answered(format!("port {port} of which initiator?"))
            .hint("name the initiator too, or leave the port to be chosen")),
    }
}

/// Any port of an initiator.
pub const ANY_PORT: u32 = u32::MAX;

#[cfg(test)]
mod tests;
