//! The drivers that are loaded.
//!
//! One of them may have a card, whose power and cables faults act on; to everything else they are alike.

use crate::driver::qla4xxx::Qla4xxx;
use crate::transport::{FaultError, LowLevelDriver, Transports};

/// The drivers.
pub(super) struct Drivers {
    /// That of the card, if there is one.
    pub(super) card: Option<Qla4xxx>,
    /// The others.
    pub(super) others: Vec<Box<dyn LowLevelDriver>>,
}

impl Drivers {
    /// Every driver, in the order in which they take their turns.
    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut dyn LowLevelDriver> {
        let others = self
            .others
            .iter_mut()
            .map(|d| -> &mut dyn LowLevelDriver { &mut **d });
        let card = self.card.as_mut().map(|d| -> &mut dyn LowLevelDriver { d });
        card.into_iter().chain(others)
    }

    /// Every driver, to look at.
    pub(super) fn iter(&self) -> impl Iterator<Item = &dyn LowLevelDriver> {
        let others = self.others.iter().map(|d| -> &dyn LowLevelDriver { &**d });
        let card = self.card.as_ref().map(|d| -> &dyn LowLevelDriver { d });
        card.into_iter().chain(others)
    }

    /// The driver of the card.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn card(&mut self) -> Result<&mut Qla4xxx, FaultError> {
        self.card.as_mut().ok_or(FaultError::NoCard)
    }

    /// The driver of a transport.
    pub(super) fn by_handle(&mut self, handle: u64) -> Option<&mut dyn LowLevelDriver> {
        self.all().find(|d| d.handle() == handle)
    }
}

impl Transports for Drivers {
    fn lookup(&mut self, handle: u64) -> Option<&mut dyn LowLevelDriver> {
        self.by_handle(handle)
    }
}
