//! What somebody is about to log in to, as far as he knows.

use crate::ids::Portal;
use crate::model::AdapterKey;

/// A login that nobody has asked for by name. What is not known matches no rule that names it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Candidate<'a> {
    /// The target's name.
    pub target: Option<&'a str>,
    /// Its portal; the tag does not count.
    pub portal: Option<Portal>,
    /// The interface's name.
    pub iface: Option<&'a str>,
    /// The adapter port.
    pub adapter: Option<&'a AdapterKey>,
    /// The transport, where it is not the adapter port's.
    pub transport: Option<&'a str>,
}
