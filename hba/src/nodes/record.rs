//! One record as text: `key = value` lines between `# BEGIN RECORD` and `# END RECORD`.
//!
//! Owns reading, changing and writing it so that what nobody changed stays byte for byte, comments and unknown keys included. Must not know which
//! keys there are ([`super::key`] does), nor where the text came from.
//!
//! Source: open-iscsi's `usr/idbm.c` (`idbm_recinfo_config`, `idbm_print`): one line a key, an empty value is left out.

use std::fmt;

use crate::error::{Error, Kind, Result};

/// As much of a record is read: the peer's longest have some 80 lines.
pub(super) const RECORD_MAX: usize = 64 << 10;

/// A record: its lines in their order.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Record {
    lines: Vec<Line>,
}

#[derive(Clone, PartialEq, Eq)]
enum Line {
    /// A comment, a blank line, or what is no line of a record: kept as it is.
    Other(String),
    /// A key and its value, with the text that they were read from.
    Pair { key: String, value: String, raw: String },
}

impl Record {
    /// Reads a record. `place` names it in errors.
    ///
    /// # Errors
    /// [`Kind::Invalid`] with place and line.
    pub fn parse(place: &str, bytes: &[u8]) -> Result<Self> {
        let refuse = |line: usize, why: &str| {
            Error::new(Kind::Invalid, format!("read the record {place}"))
                .answered(format!("line {line}: {why}"))
        };
        if bytes.len() > RECORD_MAX {
            return Err(refuse(0, "it is longer than any record"));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| refuse(0, "it is no text"))?;
        let mut lines = Vec::new();
        for raw in text.split_inclusive('\n') {
            let line = raw.trim();
            lines.push(if line.is_empty() || line.starts_with('#') {
                Line::Other(raw.to_owned())
            } else {
                match line.split_once('=') {
                    Some((key, value)) => Line::Pair {
                        key: key.trim().to_owned(),
                        value: value.trim().to_owned(),
                        raw: raw.to_owned(),
                    },
                    None => Line::Other(raw.to_owned()),
                }
            });
        }
        Ok(Self { lines })
    }

    /// The value of a key; `None` where it is not said.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.lines.iter().rev().find_map(|line| match line {
            Line::Pair { key: k, value, .. } if k == key => Some(value.as_str()),
            _ => None,
        })
    }

    /// The text that is written.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines
            .iter()
            .map(|line| match line {
                Line::Other(raw) | Line::Pair { raw, .. } => raw.as_str(),
            })
            .collect()
    }
}

impl fmt::Debug for Record {
    /// Keys only: values can be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.lines.iter().filter_map(|line| match line {
                Line::Pair { key, .. } => Some(key),
                Line::Other(_) => None,
            }))
            .finish()
    }
}
