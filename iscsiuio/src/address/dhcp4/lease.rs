//! What an acknowledgement gives, checked.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use super::answer::Answer;
use crate::address::time::{after, left};
use crate::address::{Refusal, Refusals};
use crate::net::{SMALLEST_MTU, host, mask, within};
use crate::port::LeaseStatus;

/// Less is no time to renew in.
const SHORTEST: u32 = 10;
/// Routes of a lease that are kept.
const ROUTES: usize = 16;

/// A lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The address.
    pub address: Ipv4Addr,
    /// Length of its prefix.
    pub prefix: u8,
    /// The default gateway.
    pub gateway: Option<Ipv4Addr>,
    /// Other routes: destination, length of its prefix, gateway (`None`: on the link).
    pub routes: Vec<(Ipv4Addr, u8, Option<Ipv4Addr>)>,
    /// MTU, within what the port can carry.
    pub mtu: Option<u16>,
    /// The server.
    pub server: Ipv4Addr,
    /// When to ask that server again; `None`: never.
    pub renew: Option<Instant>,
    /// When to ask any server; `None`: never.
    pub rebind: Option<Instant>,
    /// When it ends; `None`: never.
    pub expires: Option<Instant>,
}

impl Lease {
    /// The lease in `answer` to a request of the time `asked`; `mtu` is the most that the port can carry.
    pub(super) fn new(
        answer: &Answer,
        asked: Instant,
        mtu: u16,
        refusals: &mut Refusals,
    ) -> Result<Self, Refusal> {
        let address = answer.address;
        if address.is_unspecified() {
            return Err(Refusal::NoAddress);
        }
        if !host(address) {
            return Err(Refusal::BadAddress);
        }
        if address == answer.server {
            return Err(Refusal::AddressIsServer);
        }
        let prefix = match answer.mask {
            Some(mask) => prefix(mask).ok_or(Refusal::BadMask)?,
            None => class(address),
        };
        // Neither the network itself nor its broadcast address; links of two have neither (RFC 3021).
        let rest = u32::from(address) & !mask(prefix);
        if prefix < 31 && (rest == 0 || rest == !mask(prefix)) {
            return Err(Refusal::BadAddress);
        }
        if answer.routers.contains(&address) {
            return Err(Refusal::AddressIsGateway);
        }
        let mut lease = Self {
            address,
            prefix,
            gateway: None,
            routes: Vec::new(),
            mtu: None,
            server: answer.server,
            renew: None,
            rebind: None,
            expires: None,
        };
        lease.take_routes(answer, refusals)?;
        lease.mtu = answer.mtu.map(|wanted| {
            let taken = wanted.min(mtu).max(SMALLEST_MTU);
            if taken != wanted {
                refusals.note(Refusal::BadMtu);
            }
            taken
        });
        lease.take_times(answer, asked, refusals)?;
        Ok(lease)
    }

    /// What a status says of it.
    #[must_use]
    pub fn status(&self, now: Instant) -> LeaseStatus {
        LeaseStatus::V4 {
            address: self.address,
            prefix: self.prefix,
            gateway: self.gateway,
            routes: self.routes.clone(),
            mtu: self.mtu,
            server: self.server,
            renew: left(now, self.renew),
            rebind: left(now, self.rebind),
            expires: left(now, self.expires),
        }
    }

    /// The lease of a status; `None`: of another kind, or no lease that this client could have had.
    pub(in crate::address) fn resumed(now: Instant, status: &LeaseStatus, most: u16) -> Option<Self> {
        let LeaseStatus::V4 {
            address,
            prefix,
            gateway,
            routes,
            mtu,
            server,
            renew,
            rebind,
            expires,
        } = status
        else {
            return None;
        };
        if !host(*address) || !host(*server) || !(1..=32).contains(prefix) || routes.len() > ROUTES {
            return None;
        }
        Some(Self {
            address: *address,
            prefix: *prefix,
            gateway: gateway.filter(|g| host(*g)),
            routes: routes
                .iter()
                .filter(|(to, width, via)| route(*to, *width) && via.is_none_or(host))
                .copied()
                .collect(),
            mtu: mtu.map(|mtu| mtu.min(most).max(SMALLEST_MTU)),
            server: *server,
            renew: after(now, *renew),
            rebind: after(now, *rebind),
            expires: after(now, *expires),
        })
    }

    /// Classless routes stand in the place of the router option (RFC 3442).
    fn take_routes(&mut self, answer: &Answer, refusals: &mut Refusals) -> Result<(), Refusal> {
        let Some(routes) = &answer.routes else {
            for router in &answer.routers {
                if self.reaches(*router) {
                    self.gateway = Some(*router);
                    break;
                }
                refusals.note(Refusal::BadGateway);
            }
            return Ok(());
        };
        for (to, width, via) in routes {
            let gateway = (!via.is_unspecified()).then_some(*via);
            match gateway {
                Some(via) if via == self.address => return Err(Refusal::AddressIsGateway),
                // A gateway may stand on a route of the link that this list gives.
                Some(via) if !self.reaches(via) && !self.routed(via) => refusals.note(Refusal::BadGateway),
                Some(via) if *width == 0 => self.gateway = self.gateway.or(Some(via)),
                _ if route(*to, *width) => {
                    if self.routes.len() < ROUTES {
                        self.routes.push((*to, *width, gateway));
                    } else {
                        refusals.note(Refusal::TooMany);
                    }
                }
                _ => refusals.note(Refusal::BadRoutes),
            }
        }
        Ok(())
    }

    fn take_times(
        &mut self,
        answer: &Answer,
        asked: Instant,
        refusals: &mut Refusals,
    ) -> Result<(), Refusal> {
        let seconds = answer.lease.ok_or(Refusal::NoLeaseTime)?;
        if seconds < SHORTEST {
            return Err(Refusal::LeaseTooShort);
        }
        if seconds == u32::MAX {
            return Ok(());
        }
        let whole = Duration::from_secs(seconds.into());
        let (half, late) = (whole / 2, whole / 8 * 7);
        let told = |seconds: Option<u32>| seconds.map(|s| Duration::from_secs(s.into()));
        let (renew, rebind) = match (told(answer.renew), told(answer.rebind)) {
            (None, None) => (half, late),
            (renew, rebind) => {
                let rebind = rebind.unwrap_or(late);
                let renew = renew.unwrap_or(half.min(rebind));
                if renew <= rebind && rebind <= whole && renew >= Duration::from_secs(1) {
                    (renew, rebind)
                } else {
                    refusals.note(Refusal::BadTimes);
                    (half, late)
                }
            }
        };
        self.renew = asked.checked_add(renew);
        self.rebind = asked.checked_add(rebind);
        self.expires = asked.checked_add(whole);
        Ok(())
    }

    /// Whether this can be a neighbour. Who has a prefix of 32 finds its gateway beyond it.
    fn reaches(&self, gateway: Ipv4Addr) -> bool {
        host(gateway)
            && gateway != self.address
            && (self.prefix == 32 || within(gateway.into(), self.address.into(), self.prefix))
    }

    fn routed(&self, gateway: Ipv4Addr) -> bool {
        host(gateway)
            && self
                .routes
                .iter()
                .any(|(to, width, via)| via.is_none() && within(gateway.into(), (*to).into(), *width))
    }
}

/// Whether a route that is not the default one can lead there.
fn route(to: Ipv4Addr, width: u8) -> bool {
    (1..=32).contains(&width) && !to.is_loopback() && !to.is_multicast()
}

/// The length of a mask without holes, 1 to 32.
fn prefix(mask: Ipv4Addr) -> Option<u8> {
    let bits = u32::from(mask);
    let ones = bits.leading_ones();
    (ones > 0 && ones + bits.trailing_zeros() >= 32).then(|| u8::try_from(ones).ok())?
}

/// The prefix that the address's class says, where a server tells no mask (RFC 950).
fn class(address: Ipv4Addr) -> u8 {
    match address.octets() {
        [0..=127, ..] => 8,
        [128..=191, ..] => 16,
        _ => 24,
    }
}
