//! The database: records found, listed, written and taken away.
//!
//! Owns the tree of directories, that a record is replaced whole, and the lock that the peer takes, too. Must not know what the values mean.

use super::{NodeId, Place, Record};
use crate::error::Result;

/// A database of records.
#[derive(Debug)]
pub struct Database {
    place: Place,
}

/// One record of a listing: what it is, or which file cannot be used and why.
pub type Listed = Result<(NodeId, Record)>;

impl Database {
    /// The database at a place. Nothing is read or made.
    #[must_use]
    pub fn at(place: Place) -> Self {
        Self { place }
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }
}
