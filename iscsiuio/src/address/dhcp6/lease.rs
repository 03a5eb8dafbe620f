//! What a reply gives, checked (RFC 8415, section 18.2.10.1).

use std::net::Ipv6Addr;
use std::time::Instant;

use super::answer::{Association, DUID, Told};
use crate::address::time::{after, left, seconds};
use crate::address::{Refusal, Refusals};
use crate::net::global6;
use crate::port::LeaseStatus;

/// Less is no time to renew in.
const SHORTEST: u32 = 10;

/// A lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The address.
    pub address: Ipv6Addr,
    /// The server's identifier (DUID).
    pub server: Vec<u8>,
    /// Until when new connections should use it; `None`: for ever.
    pub preferred: Option<Instant>,
    /// When to ask that server again; `None`: never.
    pub renew: Option<Instant>,
    /// When to ask any server; `None`: never.
    pub rebind: Option<Instant>,
    /// When it ends; `None`: never.
    pub expires: Option<Instant>,
}

impl Lease {
    /// The first good address of an association, `wanted` before all others.
    pub(super) fn new(
        association: &Association,
        server: &[u8],
        wanted: Option<Ipv6Addr>,
        asked: Instant,
        refusals: &mut Refusals,
    ) -> Result<Self, Refusal> {
        let (renew, rebind) = (association.renew, association.rebind);
        // Such an association is left out whole (section 21.4).
        if renew > rebind && rebind > 0 {
            return Err(Refusal::BadTimes);
        }
        let mut why = Refusal::NoAddress;
        let mut best: Option<&Told> = None;
        for told in &association.addresses {
            match check(told) {
                Ok(()) if best.is_none() || wanted == Some(told.address) => best = Some(told),
                Ok(()) => {}
                Err(bad) => {
                    refusals.note(bad);
                    why = bad;
                }
            }
        }
        let told = best.ok_or(why)?;
        // The server leaves it to us (section 14.2).
        let base = if told.preferred < SHORTEST {
            told.valid
        } else {
            told.preferred
        };
        let share = |tenths: u32| {
            if base == u32::MAX {
                u32::MAX
            } else {
                base / 10 * tenths
            }
        };
        let (renew, rebind) = match (renew, rebind) {
            (0, 0) => (share(5), share(8)),
            (0, rebind) => (share(5).min(rebind), rebind),
            (renew, 0) => (renew, share(8).max(renew)),
            told => told,
        };
        let (renew, rebind) = if rebind <= told.valid {
            (renew, rebind)
        } else {
            refusals.note(Refusal::BadTimes);
            (share(5), share(8))
        };
        Ok(Self {
            address: told.address,
            server: server.to_vec(),
            preferred: seconds(asked, told.preferred),
            renew: seconds(asked, renew),
            rebind: seconds(asked, rebind),
            expires: seconds(asked, told.valid),
        })
    }

    /// What a status says of it.
    #[must_use]
    pub fn status(&self, now: Instant, iaid: u32) -> LeaseStatus {
        LeaseStatus::V6 {
            address: self.address,
            iaid,
            server: self.server.clone(),
            preferred: left(now, self.preferred),
            renew: left(now, self.renew),
            rebind: left(now, self.rebind),
            expires: left(now, self.expires),
        }
    }

    /// The lease of a status; `None`: of another kind or association, or no lease that this client could have had.
    pub(in crate::address) fn resumed(now: Instant, status: &LeaseStatus, ours: u32) -> Option<Self> {
        let LeaseStatus::V6 {
            address,
            iaid,
            server,
            preferred,
            renew,
            rebind,
            expires,
        } = status
        else {
            return None;
        };
        if *iaid != ours || !global6(*address) || !DUID.contains(&server.len()) {
            return None;
        }
        Some(Self {
            address: *address,
            server: server.clone(),
            preferred: after(now, *preferred),
            renew: after(now, *renew),
            rebind: after(now, *rebind),
            expires: after(now, *expires),
        })
    }
}

fn check(told: &Told) -> Result<(), Refusal> {
    if told.address.is_unspecified() {
        Err(Refusal::NoAddress)
    } else if !global6(told.address) {
        Err(Refusal::BadAddress)
    } else if told.preferred > told.valid {
        Err(Refusal::BadLifetime)
    } else if told.valid < SHORTEST {
        Err(Refusal::LeaseTooShort)
    } else {
        Ok(())
    }
}
