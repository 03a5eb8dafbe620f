//! What only the road can put on a [`crate::Change`].

/// The road's mark on a change: it cannot be made elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal(());

impl Seal {
    /// Puts it.
    pub(super) const fn put() -> Self {
        Self(())
    }
}
