//! Versions of open-iscsi, as records carry them in their first line.
//!
//! Owns how they are read and compared. Must not know which program is installed.
//!
//! Source: open-iscsi's `# BEGIN RECORD` lines: `2.1.13`, and `2.0-873` of the time before 2.1.

use std::fmt;
use std::str::FromStr;

/// A version of open-iscsi.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u16, pub u16, pub u16);

impl Version {
    /// The oldest version whose keys every program reads that is in the field. Its library refuses a whole listing when one record has a key
    /// that came later, so records are written for it unless the installed program is known.
    pub const BASE: Self = Self(2, 1, 8);
    /// The newest version whose keys are known here.
    pub const NEWEST: Self = Self(2, 1, 13);
}

/// It is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a version has the form 2.1.13")]
pub struct BadVersion;

impl FromStr for Version {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let mut numbers = text
            .splitn(3, ['.', '-'])
            .map(|part| part.parse::<u16>().map_err(|_| BadVersion));
        let mut next = || numbers.next().ok_or(BadVersion)?;
        Ok(Self(next()?, next()?, next()?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(major, minor, patch) = self;
        let dash = if (*major, *minor) < (2, 1) { '-' } else { '.' };
        write!(f, "{major}.{minor}{dash}{patch}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_compared_and_written_as_records_have_them() {
        let read = |text: &str| text.parse::<Version>();
        for text in ["2.1.8", "2.1.13", "2.0-873"] {
            assert_eq!(read(text).expect(text).to_string(), text);
        }
        let version = |text: &str| read(text).expect(text);
        assert!(version("2.0-873") < version("2.1.8") && version("2.1.8") < version("2.1.13"));
        for wrong in ["", "2", "2.1", "2.1.x", "2.1.8-1", "70000.0.0", "+2.1.8.9"] {
            assert_eq!(read(wrong), Err(BadVersion), "{wrong}");
        }
    }
}
