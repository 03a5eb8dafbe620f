//! What a record says under a key.

use super::{Record, What};
use crate::error::{Error, Kind, Result};
use crate::nodes::Version;
use crate::nodes::key::{self, Key};
use crate::secret::Secret;

impl Record {
    /// The value of a key; `None` where it is not said, or is no text. Of several lines the last one counts. A secret comes as it is, so that what
    /// is copied stays right: who shows a value masks what [`key::is_secret`] names, or takes [`Record::masked`].
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let (_, value) = self.said(key)?;
        std::str::from_utf8(value).ok()
    }

    /// The value of a key, or what the stock programs take where none is said.
    #[must_use]
    pub fn effective(&self, key: &str) -> Option<&str> {
        match self.said_of(key::find(key), key) {
            Some(name) => self.get(name),
            None => key::find(key)?.default_of(self.version().unwrap_or(Version::NEWEST)),
        }
    }

    /// The value of a key as it is used; as [`Record::effective`], checked.
    ///
    /// # Errors
    /// [`Kind::Invalid`] with place, line, key and what it can be.
    pub fn checked(&self, key: &str) -> Result<Option<&str>> {
        let found = key::find(key);
        let Some(name) = self.said_of(found, key) else {
            return Ok(self.effective(key));
        };
        let Some((line, value)) = self.said(name) else {
            return Ok(None);
        };
        let refuse = |expected: String| {
            Err(Error::new(Kind::Invalid, format!("use {name} of {}", self.place))
                .answered(format!("line {line}: expected {expected}")))
        };
        let Ok(text) = std::str::from_utf8(value) else {
            return refuse("text in UTF-8".to_owned());
        };
        match found {
            Some(key) if key.kind.read(text).is_none() => refuse(key.kind.to_string()),
            _ => Ok(Some(text)),
        }
    }

    /// The number of a key.
    ///
    /// # Errors
    /// As [`Record::checked`].
    pub fn number(&self, key: &str) -> Result<Option<i64>> {
        Ok(self.checked(key)?.and_then(|text| text.parse().ok()))
    }

    /// Whether a key says `Yes`.
    ///
    /// # Errors
    /// As [`Record::checked`].
    pub fn flag(&self, key: &str) -> Result<Option<bool>> {
        Ok(self.checked(key)?.map(|text| text.eq_ignore_ascii_case("Yes")))
    }

    /// The secret of a key, as long as it is.
    #[must_use]
    pub fn secret(&self, key: &str) -> Option<Secret> {
        key::find(key).filter(|key| key.kind.is_secret())?;
        let (_, value) = self.said(key)?;
        Some(Secret::stored(value))
    }

    /// The bytes of the last line of a key, under any of its names, that can be used.
    pub(in super::super) fn usable(&self, key: &Key) -> Option<&[u8]> {
        self.lines.iter().rev().find_map(|line| {
            let What::Pair { key: name, value } = &line.what else {
                return None;
            };
            let name = std::str::from_utf8(self.text.get(name.clone())?).ok()?;
            if name != key.name && key.twin != Some(name) {
                return None;
            }
            let value = self.text.get(value.clone())?;
            match std::str::from_utf8(value) {
                Ok(text) => key.kind.read(text).map(|_| value),
                Err(_) => key.kind.is_secret().then_some(value),
            }
        })
    }

    /// The bytes under a name, and the number of their line. The last line counts.
    pub(super) fn said(&self, name: &str) -> Option<(usize, &[u8])> {
        let found = self
            .lines
            .iter()
            .enumerate()
            .rev()
            .find_map(|(index, line)| match &line.what {
                What::Pair { key, value } if self.text.get(key.clone()) == Some(name.as_bytes()) => {
                    Some((index, value.clone()))
                }
                _ => None,
            });
        let (index, value) = found?;
        Some((index + 1, self.text.get(value)?))
    }

    /// The name under which a key is said here: its own, or that which means the same.
    fn said_of<'n>(&self, key: Option<&'static Key>, name: &'n str) -> Option<&'n str> {
        let twin = key.and_then(|key| key.twin);
        let names = std::iter::once(name).chain(twin);
        names
            .filter_map(|name| Some((self.said(name)?.0, name)))
            .max_by_key(|found| found.0)
            .map(|found| found.1)
    }
}
