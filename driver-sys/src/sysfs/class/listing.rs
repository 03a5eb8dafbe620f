//! What a class reader returns: the objects, and what was left out.
//!
//! Owns: [`Listing`] and the loop over a class directory. Must not know: any class.

use crate::sysfs::{Dir, Error, Place, Reader, Root};

/// Every object of a class that could be read, and a word on each that could not.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing<T> {
    /// The objects, in numeric order of their names.
    pub items: Vec<T>,
    /// Entries left out: vanished while being read, or without a mandatory attribute.
    pub skipped: Vec<Error>,
    /// Optional attributes that were readable and made no sense; their fields are `None`.
    pub problems: Vec<Error>,
}

impl<T> Default for Listing<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            skipped: Vec::new(),
            problems: Vec::new(),
        }
    }
}

impl<T> Listing<T> {
    /// Adds one object's outcome.
    pub fn add(&mut self, outcome: Result<T, Error>) {
        match outcome {
            Ok(item) => self.items.push(item),
            Err(error) => self.skipped.push(error),
        }
    }

    /// Reads every entry `prefix…` of `directory`. A directory that does not exist (module not loaded) is an empty listing.
    pub(crate) fn of(
        root: &Root,
        directory: &str,
        prefix: &str,
        mut read: impl FnMut(&mut Reader, &Dir, &str) -> Result<T, Error>,
    ) -> Result<Self, Error> {
        let mut listing = Self::default();
        let Some(dir) = root.dir_if_present(directory)? else {
            return Ok(listing);
        };
        let mut reader = Reader::new();
        for name in dir.names_with(prefix)? {
            let outcome = read(&mut reader, &dir, &name);
            let outcome = outcome.and_then(|item| reader.confirm(dir.at(&name)).map(|()| item));
            listing.add(outcome);
        }
        listing.problems = reader.take_problems();
        Ok(listing)
    }
}

/// The host number in a device path: the last component `hostN`.
pub(crate) fn host_in_path(path: &str) -> Option<u32> {
    path.rsplit('/').find_map(|part| number_after(part, "host"))
}

/// The number that follows a prefix and ends the name.
pub(crate) fn number_after(name: &str, prefix: &str) -> Option<u32> {
    let digits = name.strip_prefix(prefix)?;
    // Only what "%u" prints: "+1", "01" and "" are no kernel's names.
    let canonical =
        digits.as_bytes().iter().all(u8::is_ascii_digit) && (digits.len() == 1 || !digits.starts_with('0'));
    if canonical { digits.parse().ok() } else { None }
}

/// The host that an entry of a class directory belongs to, from its link.
pub(crate) fn host_of(dir: &Dir, name: &str) -> Result<u32, Error> {
    let link = dir.link(name)?;
    host_in_path(&link).ok_or_else(|| {
        let at: Place<'_> = dir.at(name);
        at.error(
            "",
            crate::sysfs::Fault::Malformed {
                expected: "a link to a device of a hostN",
                found: link.chars().take(96).collect::<String>().into(),
            },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_only_what_the_kernel_prints() {
        assert_eq!(number_after("host12", "host"), Some(12));
        assert_eq!(number_after("host0", "host"), Some(0));
        for name in [
            "host",
            "host-1",
            "host+1",
            "host01",
            "host1a",
            "host4294967296",
            "ghost1",
        ] {
            assert_eq!(number_after(name, "host"), None, "{name}");
        }
    }

    #[test]
    fn host_number_is_the_innermost_host() {
        let path = "../../devices/pci0000:00/host1/0000:00:05.1/host7/session3/iscsi_session/session3";
        assert_eq!(host_in_path(path), Some(7));
        assert_eq!(host_in_path("../../devices/platform/session3"), None);
    }
}
