//! The keys of records and of iscsid.conf: one table.
//!
//! Owns each key's name, the records it stands in, what its value may be, its default in the peer's code and in the file the peer ships, where it is
//! sent, and whether it is a secret. Must not know any record.
//!
//! Source: open-iscsi's `usr/idbm_fields.h` (names), `usr/idbm.c` (defaults), `etc/iscsid.conf` (what is shipped, ranges), and the records that its
//! programs of 2.1.8, 2.1.11 and 2.1.13 write.

mod kind;
mod object;
mod order;
mod rows;
mod sent;
#[cfg(test)]
mod tests;

pub use kind::{ValueKind, algorithms, holds};
pub use object::{Object, Objects};
pub use order::in_order;
pub(super) use order::{rank, searched};
pub use rows::TABLE;
pub use sent::Sent;

use super::Version;
use crate::ids::Family;

/// What is known of one key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name, as it stands in files.
    pub name: &'static str,
    /// What it stands in.
    pub objects: Objects,
    /// What its value can be.
    pub kind: ValueKind,
    /// What the stock programs take where nothing is said.
    pub code_default: Option<&'static str>,
    /// What they took in versions before this one.
    pub older_default: Option<(Version, &'static str)>,
    /// What the iscsid.conf says that comes with them.
    pub shipped_default: Option<&'static str>,
    /// Where its value goes; nowhere if user space keeps it.
    pub sent: &'static [Sent],
    /// What it is, in one sentence.
    pub help: &'static str,
    /// The first version that writes it.
    pub since: Version,
    /// Whether it is written into new records; some are only read.
    pub written: bool,
    /// Whether a record is found by it, so that it stays as it is.
    pub fixed: bool,
    /// The key that means the same under another name.
    pub twin: Option<&'static str>,
}

impl Key {
    /// The only family of interfaces that it belongs to.
    #[must_use]
    pub fn family(&self) -> Option<Family> {
        let mut families = self.sent.iter().map(|sent| sent.family());
        let first = families.next().flatten()?;
        families.all(|family| family == Some(first)).then_some(first)
    }

    /// What the stock programs of a version take where nothing is said.
    #[must_use]
    pub fn default_of(&self, version: Version) -> Option<&'static str> {
        match self.older_default {
            Some((changed, older)) if version < changed => Some(older),
            _ => self.code_default,
        }
    }
}

/// The key of a name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Key> {
    searched(name).and_then(|index| TABLE.get(index))
}

/// Whether what stands under a name must never be shown. A key of a later version may have a secret, too.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    match find(name) {
        Some(key) => key.kind.is_secret(),
        None => {
            let name = name.to_ascii_lowercase();
            name.contains("password") || name.contains("secret")
        }
    }
}
