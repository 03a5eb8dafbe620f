//! One record as text: `key = value` lines between `# BEGIN RECORD` and `# END RECORD`.
//!
//! Owns reading, changing and writing it so that what nobody changed stays byte for byte, comments and unknown keys included. Must not know where
//! the text came from, nor where it goes.
//!
//! Source: open-iscsi's `usr/idbm.c` (`idbm_recinfo_config`, `idbm_print`): one line a key, an empty value is left out.

mod build;
mod change;
mod line;
mod masked;
mod remark;
#[cfg(test)]
mod tests;
mod value;

use std::fmt;

use zeroize::Zeroizing;

pub use line::{LINE_MAX, Why};
pub(super) use line::{Line, What, lines};
pub use remark::{Odd, Remark};

use super::Version;
use super::key::Object;
use crate::error::{Error, Kind, Result, Status};

/// As much of a record is read: those of the stock programs have some 3000 bytes.
pub const RECORD_MAX: usize = 64 << 10;

/// A record: its text, and where its lines are. `Debug`, remarks and errors never show a value that is a secret, nor does [`Record::masked`].
#[derive(Clone)]
pub struct Record {
    place: Box<str>,
    text: Zeroizing<Vec<u8>>,
    lines: Vec<Line>,
}

impl Record {
    /// Reads a record. `place` names it in errors.
    ///
    /// # Errors
    /// [`Kind::Invalid`]: it is longer than any record. [`Kind::Busy`] with [`Status::Again`]: it is half written; the stock programs write where
    /// others read, so whoever holds the lock may find it whole.
    pub fn parse(place: &str, bytes: &[u8]) -> Result<Self> {
        let record = Self::salvage(place, bytes)?;
        if record.is_whole() {
            return Ok(record);
        }
        let why = if bytes.is_empty() {
            "it is empty: somebody writes it now, or did not come to an end"
        } else {
            "it is half written: somebody writes it now, or did not come to an end"
        };
        Err(Error::new(Kind::Busy, format!("read the record {place}"))
            .answered(format!("line {}: {why}", record.lines.len().max(1)))
            .with_status(Status::Again))
    }

    /// Reads what there is of a record, half written or not.
    ///
    /// # Errors
    /// [`Kind::Invalid`]: it is longer than any record.
    pub fn salvage(place: &str, bytes: &[u8]) -> Result<Self> {
        if bytes.len() > RECORD_MAX {
            let why = format!("it has {} bytes, a record at most {RECORD_MAX}", bytes.len());
            return Err(Error::new(Kind::Invalid, format!("read the record {place}")).answered(why));
        }
        Ok(Self::scanned(place, bytes))
    }

    /// A text of such lines, however long.
    pub(super) fn scanned(place: &str, bytes: &[u8]) -> Self {
        Self {
            place: place.into(),
            text: Zeroizing::new(bytes.to_vec()),
            lines: lines(bytes),
        }
    }

    /// Whether it came to its end: with `# END RECORD`, or without either of the two where a person wrote it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let mut begun = false;
        for line in &self.lines {
            match line.what {
                What::End => return true,
                What::Begin(_) => begun = true,
                _ => {}
            }
        }
        !begun && self.pairs_at().next().is_some()
    }

    /// Where it is, for errors.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    /// Gives it another place.
    #[must_use]
    pub fn at(mut self, place: &str) -> Self {
        self.place = place.into();
        self
    }

    /// The version of the program that wrote it last, if it says one.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        let span = self.lines.iter().find_map(|line| match &line.what {
            What::Begin(version) => Some(version.clone()),
            _ => None,
        })?;
        std::str::from_utf8(self.text.get(span)?).ok()?.parse().ok()
    }

    /// The text that is written, secrets included: for the file only.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.text
    }

    /// As [`Record::bytes`], as far as it is text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.text).into_owned()
    }

    /// Keys and values in the order of the lines, of each key that which counts, as [`Record::get`] has it; what is no text is left out.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs_at().filter_map(|(index, key)| {
            let later = self.pairs_at().any(|(other, name)| other > index && name == key);
            if later {
                return None;
            }
            let key = std::str::from_utf8(key).ok()?;
            Some((key, self.get(key)?))
        })
    }

    /// The lines with pairs, and their keys.
    fn pairs_at(&self) -> impl Iterator<Item = (usize, &[u8])> {
        self.lines
            .iter()
            .enumerate()
            .filter_map(|(index, line)| match &line.what {
                What::Pair { key, .. } => Some((index, self.text.get(key.clone())?)),
                _ => None,
            })
    }

    /// A record of nothing, as a version writes it.
    #[must_use]
    pub fn new(object: Object, version: Version) -> Self {
        let text = format!("# BEGIN RECORD {version}\n# END RECORD\n").into_bytes();
        Self {
            place: format!("a new {object} record").into(),
            lines: lines(&text),
            text: Zeroizing::new(text),
        }
    }
}

impl PartialEq for Record {
    /// By the text; the place does not count.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for Record {}

impl fmt::Debug for Record {
    /// Keys only: values can be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.pairs_at().map(|(_, key)| String::from_utf8_lossy(key)))
            .finish()
    }
}
