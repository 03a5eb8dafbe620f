//! Interface records: `ifaces/NAME`.

use std::path::Path;

use super::Database;
use super::list::Ifaces;
use super::read::unusable;
use super::write::{Last, failed, make, put};
use crate::error::Result;
use crate::nodes::Record;
use crate::nodes::id::check_name;
use crate::nodes::lock::Held;

/// The directory of interface records.
pub(super) const IFACES: &str = "ifaces";

impl Database {
    /// The record of an interface; `None` when there is none (those that are built in have none).
    ///
    /// # Errors
    /// The name leads elsewhere, or what is there is no record.
    pub fn iface(&self, name: &str) -> Result<Option<Record>> {
        check_name("interface", name)?;
        let Some(root) = self.root()? else {
            return Ok(None);
        };
        self.read(&root, &Path::new(IFACES).join(name))
    }

    /// All interface records, in the order of their names. What cannot be used is an error in its place.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn ifaces(&self) -> Result<Ifaces<'_>> {
        let root = self.root()?;
        let dir = match &root {
            Some(root) => root.beneath(IFACES).map_err(|e| unusable(&e))?,
            None => None,
        };
        let names = match dir {
            Some(dir) => dir.names().map_err(|e| unusable(&e))?,
            None => Vec::new(),
        };
        Ok(Ifaces::new(self, root, names))
    }

    /// Makes or replaces the record of an interface. Node records of the interface stay as they are.
    ///
    /// # Errors
    /// The name leads elsewhere, or the system refuses; what was there is untouched then.
    pub fn put_iface(&self, held: &Held, name: &str, record: &Record) -> Result<()> {
        check_name("interface", name)?;
        let tried = format!("write the record of the interface {name}");
        let root = self.root_for(held, &tried)?;
        let dir = make(&root, [IFACES], Last::Now, &tried)?;
        put(&root, &dir, name, record, &tried)
    }

    /// Removes the record of an interface; whether there was one. Node records of the interface stay.
    ///
    /// # Errors
    /// The name leads elsewhere, or the system refuses.
    pub fn remove_iface(&self, held: &Held, name: &str) -> Result<bool> {
        check_name("interface", name)?;
        let tried = format!("remove the record of the interface {name}");
        let refused = |e: files::Error| failed(&tried, &e);
        let root = self.root_for(held, &tried)?;
        let Some(dir) = root.beneath(IFACES).map_err(refused)? else {
            return Ok(false);
        };
        let removed = dir.remove(name).map_err(refused)?;
        dir.sync().map_err(refused)?;
        Ok(removed)
    }
}
