//! What must never be logged in to by whoever logs in *by himself*: a discovery that logs in to what it finds, a login to everything, a
//! daemon, a boot hook. A command that names its target is never asked.
//!
//! Owns the list, its form and its two manners: reading fails open (what does not read excludes nothing, and is told), writing is strict
//! (what would not read is refused, comments stay, a kill leaves old or new). Must not know who logs in, nor how.
//!
//! The list is `exclusions.conf` and `exclusions.conf.d/*.conf` beside it, by name. One line is one rule, the least that is to match, in
//! words of the command line; all of a line's words must be so:
//!
//! ```text
//! # The old array: it is moved away in spring.
//! target=iqn.2001-04.com.example:old
//! portal=10.0.0.9
//! target=iqn.2001-04.com.example:backup host=00:c0:dd:11:22:35
//! ```
//!
//! A word that this version does not know makes its line match nothing: a later version's narrower rule must not exclude more here.

mod candidate;
mod key;
mod place;
mod read;
mod rule;
mod write;

pub use candidate::Candidate;
pub use key::{KEYS, Key};
pub use place::{DROP_INS, FILE, Place, Placed};
pub use read::{DROP_INS_MAX, Exclusions, FILE_MAX, LINE_MAX, RULES_MAX};
pub use rule::{PortalRule, Rule};
pub(crate) use write::missing;
pub use write::{add, remove};

#[cfg(test)]
mod tests;
