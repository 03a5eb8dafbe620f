//! The database: records found, listed, written and taken away.
//!
//! Owns the tree of directories, that a record is replaced whole, and which remarks its state deserves. Must not know what the values mean.
//! Nothing is cached: every call looks at the tree, through one handle of its root. A link in it is followed only where it leads to
//! something in the same tree; the links of discovery are read, never followed.
//!
//! Names and places are the peer's, so that both can work on one database: see [`super::lock`] for how they keep out of each other's way.
//! What is written stands in a directory of ours ([`mod@write`]) until it is whole, because the peer takes every file beside records for a record.

mod ahead;
mod batch;
mod iface;
mod links;
mod list;
mod node;
mod portal;
mod read;
mod remarks;
mod write;

use std::sync::Arc;

use files::Dir;

pub use batch::Batch;
pub use list::{Ifaces, Listed, Nodes};
pub use portal::{Discovery, Portals};

use super::Place;
use super::lock::Held;
use crate::deadline::Deadline;
use crate::error::{Error, Kind, Result};
use remarks::Remarks;

/// A database of records. Clones have their remarks in common.
#[derive(Debug, Clone)]
pub struct Database {
    place: Place,
    remarks: Arc<Remarks>,
}

impl Database {
    /// The database at a place. Nothing is read or made.
    #[must_use]
    pub fn at(place: Place) -> Self {
        Self {
            place,
            remarks: Arc::default(),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What an operator should know that came up since the last call: files that others could change, secrets that others could read, a
    /// lock that was taken over. Never secrets.
    pub fn remarks(&self) -> Vec<String> {
        self.remarks.take()
    }

    /// Permission to write, for `who`: a program and what it does (`hbactl node set`), for whoever waits meanwhile.
    ///
    /// # Errors
    /// [`Kind::Busy`] with who has it, when `deadline` is over; [`Kind::Invalid`] when it is not known which of two places is meant; the
    /// lock cannot be made.
    pub fn lock(&self, deadline: Deadline, who: &str) -> Result<Held> {
        if let Some(rival) = &self.place.rival {
            let (here, there) = (self.place.records.display(), rival.display());
            return Err(Error::new(Kind::Invalid, "choose a record database to write to")
                .answered(format!(
                    "{here} and {there} both hold records, and nothing says which of them is used"
                ))
                .hint(format!(
                    "name the one that is meant with --db, or move what is not used away; open-iscsi uses {here}, as far as can be told"
                )));
        }
        let held = Held::take(&self.place, deadline, who)?;
        if let Some(told) = held.told() {
            self.remarks.add(told.to_owned());
            self.sweep();
        }
        Ok(held)
    }

    /// The directory of all records; `None` when there is none.
    fn root(&self) -> Result<Option<Dir>> {
        if let Some(rival) = &self.place.rival {
            self.remarks.add(format!(
                "{} holds records, too: they are not looked at; name the database that is meant with --db",
                rival.display()
            ));
        }
        match Dir::open(&self.place.records) {
            Ok(dir) => Ok(Some(dir)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(read::placed("open the record database", &error)),
        }
    }
}

#[cfg(test)]
mod tests;
