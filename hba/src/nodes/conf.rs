//! `iscsid.conf`: what new records begin with, and what the stock daemon does.
//!
//! Owns which of its lines count: of one key the last that can be used, under its own name or an older one. Must not know records that are there.
//!
//! Source: open-iscsi's `usr/idbm.c` (`idbm_recinfo_config`), `etc/iscsid.conf`; what its programs take of such a file. Where they read a number as far as it
//! goes and take 0 for a word, such a line is left out here, and told.

use std::borrow::Cow;
use std::path::PathBuf;

use super::key::{self, Key, Object};
use super::record::{Odd, Record};
use super::text::read;
use super::{Place, Version};
use crate::error::{Error, Kind, Result};
use crate::message::Message;
use crate::secret::{REDACTED, Secret};

/// The file's name.
const NAME: &str = "iscsid.conf";
/// As much of it is read: that which is shipped has 15 kB.
const CONF_MAX: usize = 256 << 10;

/// What `iscsid.conf` says. `Debug` shows keys only.
#[derive(Debug, Clone)]
pub struct Conf {
    lines: Record,
    version: Version,
}

impl Conf {
    /// A configuration that says nothing: the defaults of that version's code.
    #[must_use]
    pub fn of_version(version: Version) -> Self {
        Self {
            lines: Record::scanned("", b""),
            version,
        }
    }

    /// Reads the file of a place; where there is none, nothing is said. What is odd about it goes to `warn`, and stops nothing.
    ///
    /// # Errors
    /// The file cannot be read, or is longer than any.
    pub fn read(place: &Place, warn: &mut dyn FnMut(Message)) -> Result<Self> {
        let path = Self::path(place);
        match read(&path, CONF_MAX)? {
            Some(bytes) => Self::parse(&path.display().to_string(), &bytes, warn),
            None => Ok(Self::of_version(Version::BASE)),
        }
    }

    /// Where the file is.
    #[must_use]
    pub fn path(place: &Place) -> PathBuf {
        place.config.join(NAME)
    }

    /// Reads its text. `place` names it in warnings.
    ///
    /// # Errors
    /// It is longer than any.
    pub fn parse(place: &str, bytes: &[u8], warn: &mut dyn FnMut(Message)) -> Result<Self> {
        if bytes.len() > CONF_MAX {
            let why = format!("it has {} bytes, at most {CONF_MAX} are read", bytes.len());
            return Err(Error::new(Kind::Invalid, format!("read {place}")).answered(why));
        }
        let lines = Record::scanned(place, bytes);
        for remark in lines.remarks(Object::Conf) {
            let left = match remark.odd {
                Odd::Value(_) => "; the line is left out",
                _ => "",
            };
            warn(Message::from(format!("{place}, {remark}{left}")));
        }
        Ok(Self {
            lines,
            version: Version::BASE,
        })
    }

    /// Records are written for this version of open-iscsi: with its keys and defaults.
    #[must_use]
    pub fn for_version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// The version that records are written for: [`Version::BASE`] unless another was said.
    #[must_use]
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The value of a key, or its default; `None` where there is neither, or for an unknown key. A secret is masked.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Cow<'_, str>> {
        let key = key::find(key)?;
        match self.lines.usable(key) {
            Some(_) if key.kind.is_secret() => Some(REDACTED.into()),
            Some(bytes) => key.kind.read(std::str::from_utf8(bytes).ok()?),
            None => key.default_of(self.version).map(Cow::Borrowed),
        }
    }

    /// Whether the file says something of a key that can be used.
    #[must_use]
    pub fn says(&self, key: &str) -> bool {
        key::find(key).is_some_and(|key| self.lines.usable(key).is_some())
    }

    /// The number of a key.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<i64> {
        self.get(key)?.parse().ok()
    }

    /// Whether a key says `Yes`.
    #[must_use]
    pub fn flag(&self, key: &str) -> Option<bool> {
        Some(self.get(key)? == "Yes")
    }

    /// The secret of a key.
    #[must_use]
    pub fn secret(&self, key: &str) -> Option<Secret> {
        let key = key::find(key).filter(|key| key.kind.is_secret())?;
        self.lines.usable(key).map(Secret::stored)
    }

    /// What a new record takes for a key.
    pub(super) fn bytes_of(&self, key: &Key) -> Option<Cow<'_, [u8]>> {
        let bytes = self.lines.usable(key)?;
        if key.kind.is_secret() {
            return Some(Cow::Borrowed(bytes));
        }
        Some(match key.kind.read(std::str::from_utf8(bytes).ok()?)? {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        })
    }
}
