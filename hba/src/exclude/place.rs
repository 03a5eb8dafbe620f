//! Where a rule stands.

use std::fmt;
use std::path::PathBuf;

use super::rule::Rule;

/// The list that is written here, below the configuration directory.
pub const FILE: &str = "exclusions.conf";
/// The directory of lists that others lay down, beside it.
pub const DROP_INS: &str = "exclusions.conf.d";

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: PathBuf,
    /// Its line, from 1 on.
    pub line: usize,
    /// Whether the file is a drop-in, which is not written here.
    pub drop_in: bool,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// A rule and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The rule.
    pub rule: Rule,
    /// Its place.
    pub place: Place,
}
