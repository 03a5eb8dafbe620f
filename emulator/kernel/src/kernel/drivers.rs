//! The drivers that are loaded.
//!
//! One of them has the hardware whose bytes the shell moves; to everything else they are alike.

use crate::driver::qla4xxx::Qla4xxx;
use crate::transport::{LowLevelDriver, Transports};

/// The drivers.
pub(super) struct Drivers {
    /// That of the card.
    pub(super) card: Qla4xxx,
    /// Those without hardware of this endpoint's.
    pub(super) others: Vec<Box<dyn LowLevelDriver>>,
}

impl Drivers {
    /// Every driver, in the order in which they take their turns.
    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut dyn LowLevelDriver> {
        let others = self
            .others
            .iter_mut()
            .map(|d| -> &mut dyn LowLevelDriver { &mut **d });
        std::iter::once::<&mut dyn LowLevelDriver>(&mut self.card).chain(others)
    }

    /// Every driver, to look at.
    pub(super) fn iter(&self) -> impl Iterator<Item = &dyn LowLevelDriver> {
        let others = self.others.iter().map(|d| -> &dyn LowLevelDriver { &**d });
        std::iter::once::<&dyn LowLevelDriver>(&self.card).chain(others)
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
