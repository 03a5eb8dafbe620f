//! Where a logical unit keeps its reservations over a restart.

/// The reservations could not be written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the reservations cannot be saved")]
pub struct StoreError;

/// Keeps one logical unit's registrations and reservation. A save is atomic: after a loss of power at any instant the old text or the
/// new one is found.
pub trait ReservationStore: Send {
    /// Replaces what is kept; an empty text means that nothing is.
    ///
    /// # Errors
    /// [`StoreError`]; the old text is still kept.
    fn save(&mut self, text: &str) -> Result<(), StoreError>;
}
