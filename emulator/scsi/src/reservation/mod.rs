//! Reservations of one logical unit: persistent ones (SPC-4 §5.12) and those of RESERVE and RELEASE (SPC-2 §5.5).
//!
//! Owns who is registered, who holds what, and which commands conflict. Must not know how the state is kept over a restart: a
//! [`ReservationStore`] does that.

mod out;
mod report;
mod saved;
mod store;

pub use saved::SavedError;
pub use store::{ReservationStore, StoreError};

use crate::opcode::Access;
use crate::port::PortId;
use crate::unit_attention::NexusId;

/// Registrations of one logical unit at most.
pub const MAX_REGISTRATIONS: usize = 256;

/// TYPE of a persistent reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Others read.
    WriteExclusive = 1,
    /// Others do nothing.
    ExclusiveAccess = 3,
    /// Who is not registered reads.
    WriteExclusiveRegistrants = 5,
    /// Who is not registered does nothing.
    ExclusiveAccessRegistrants = 6,
    /// As 5, and every registrant is a holder.
    WriteExclusiveAll = 7,
    /// As 6, and every registrant is a holder.
    ExclusiveAccessAll = 8,
}

impl Kind {
    /// Every type.
    pub const ALL: [Self; 6] = [
        Self::WriteExclusive,
        Self::ExclusiveAccess,
        Self::WriteExclusiveRegistrants,
        Self::ExclusiveAccessRegistrants,
        Self::WriteExclusiveAll,
        Self::ExclusiveAccessAll,
    ];

    /// The type of a code; `None` for reserved ones.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == code)
    }

    const fn all(self) -> bool {
        matches!(self, Self::WriteExclusiveAll | Self::ExclusiveAccessAll)
    }

    /// Registered nexuses have access.
    const fn registrants(self) -> bool {
        !matches!(self, Self::WriteExclusive | Self::ExclusiveAccess)
    }

    const fn reads_pass(self) -> bool {
        matches!(
            self,
            Self::WriteExclusive | Self::WriteExclusiveRegistrants | Self::WriteExclusiveAll
        )
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Registration {
    port: PortId,
    key: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Holder {
    kind: Kind,
    /// `None`: every registrant holds it.
    port: Option<PortId>,
}

/// Who is registered and who has reserved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reservations {
    /// PRGENERATION; starts anew with every start.
    generation: u32,
    registered: Vec<Registration>,
    holder: Option<Holder>,
    /// APTPL: kept over a restart.
    keep: bool,
    /// RESERVE(6) or (10).
    legacy: Option<NexusId>,
}

impl Reservations {
    fn key_of(&self, port: &PortId) -> Option<u64> {
        self.registered.iter().find(|r| r.port == *port).map(|r| r.key)
    }

    fn holds(&self, port: &PortId) -> bool {
        match &self.holder {
            None => false,
            Some(Holder { port: None, .. }) => self.key_of(port).is_some(),
            Some(Holder { port: Some(one), .. }) => one == port,
        }
    }

    /// Whether a command of this kind must be refused.
    pub(crate) fn conflicts(&self, access: Access, nexus: NexusId, port: &PortId) -> bool {
        if access == Access::Always {
            return false;
        }
        if self.legacy.is_some_and(|owner| owner != nexus) {
            return true;
        }
        let Some(holder) = &self.holder else {
            return false;
        };
        match access {
            Access::Always | Access::Status => false,
            Access::Read if holder.kind.reads_pass() => false,
            Access::Read | Access::Write => {
                !(self.holds(port) || holder.kind.registrants() && self.key_of(port).is_some())
            }
        }
    }

    /// RESERVE. False: conflict.
    pub(crate) fn reserve_legacy(&mut self, nexus: NexusId) -> bool {
        if !self.registered.is_empty() || self.legacy.is_some_and(|owner| owner != nexus) {
            return false;
        }
        self.legacy = Some(nexus);
        true
    }

    /// RELEASE; without effect if somebody else holds it. False: conflict.
    pub(crate) fn release_legacy(&mut self, nexus: NexusId) -> bool {
        if !self.registered.is_empty() {
            return false;
        }
        if self.legacy == Some(nexus) {
            self.legacy = None;
        }
        true
    }

    /// A reset ends what RESERVE began; persistent reservations stay.
    pub(crate) fn reset(&mut self) {
        self.legacy = None;
    }

    pub(crate) fn nexus_lost(&mut self, nexus: NexusId) {
        if self.legacy == Some(nexus) {
            self.legacy = None;
        }
    }

    /// Ends the reservation if nobody is left to hold it.
    fn drop_orphan(&mut self) {
        let orphan = match &self.holder {
            None => false,
            Some(Holder { port: None, .. }) => self.registered.is_empty(),
            Some(Holder { port: Some(port), .. }) => self.key_of(port).is_none(),
        };
        if orphan {
            self.holder = None;
        }
    }
}

#[cfg(test)]
mod tests;
