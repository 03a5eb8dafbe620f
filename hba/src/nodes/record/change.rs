//! Changes of a record: one key, one line.
//!
//! Owns that nothing else changes, and that a value is checked before it is written.

use std::ops::Range;

use zeroize::{Zeroize, Zeroizing};

use super::{Record, What, lines};
use crate::error::{Error, Kind, Result, Status};
use crate::message::Message;
use crate::nodes::iface;
use crate::nodes::key::{self, Key, Object, holds};
use crate::secret::{REDACTED, Secret};

/// Names more alike than this (Jaro-Winkler, 0 to 1) are offered to who mistyped one.
const ALIKE: f64 = 0.88;
/// So many are offered at the most.
const OFFERED: usize = 4;

impl Record {
    /// Sets a key as an operator asks for it; an empty value takes its line away. Tells whether anything changed.
    ///
    /// # Errors
    /// [`Kind::Invalid`]: no such key (one that the record has already may be set, whatever it is), a value out of range, a key that the record
    /// is found by, another binding of an interface than it has.
    pub fn set(&mut self, object: Object, key: &str, value: &str) -> Result<bool> {
        if let Some(found) = key::find(key)
            && found.fixed
            && self.get(key) != Some(value)
        {
            return Err(self
                .refusal(key)
                .answered("the record is found by it")
                .hint("make a new record and remove this one"));
        }
        if object == Object::Iface
            && !value.is_empty()
            && let Some(other) = iface::bound_otherwise(self, key)
        {
            return Err(self
                .refusal(key)
                .answered(format!("the interface is bound by {other}"))
                .hint("make a new interface and remove this one"));
        }
        self.put(object, key, value)
    }

    /// As [`Record::set`], for a secret.
    ///
    /// # Errors
    /// As [`Record::set`]; the secret is not repeated.
    pub fn set_secret(&mut self, object: Object, key: &str, secret: &Secret) -> Result<bool> {
        let Ok(text) = std::str::from_utf8(secret.expose()) else {
            return Err(self
                .refusal(key)
                .answered("a record holds secrets that are text only"));
        };
        self.set(object, key, text)
    }

    /// As [`Record::set`], for whoever makes the record: keys that it is found by may be set.
    ///
    /// # Errors
    /// As [`Record::set`].
    pub fn put(&mut self, object: Object, key: &str, value: &str) -> Result<bool> {
        let found = key::find(key);
        let here = found.filter(|found| found.objects.has(object));
        if here.is_none() && self.said(key).is_none() {
            return Err(self.unknown(object, key, found));
        }
        if value.is_empty() {
            return Ok(self.remove(key));
        }
        let written = match here {
            Some(found) => found.kind.written(value),
            None => Some(value.into()).filter(|_| holds(value)),
        };
        let room = super::LINE_MAX.saturating_sub(key.len() + " = ".len());
        // The stock programs show this for nothing at all, and one of them reads it back so.
        let Some(written) = written.filter(|text| text.len() <= room && text != "<empty>") else {
            let shown = if key::is_secret(key) {
                REDACTED.into()
            } else {
                value.escape_debug().to_string()
            };
            let expected = here.map_or_else(
                || format!("text of at most {room} bytes without blanks at its ends"),
                |found| found.kind.to_string(),
            );
            return Err(self
                .refusal(&format!("{key} to {shown}"))
                .answered(match self.said(key) {
                    Some((line, _)) => format!("line {line}: expected {expected}"),
                    None => format!("expected {expected}"),
                }));
        };
        let mut changed = self.write(object, key, &written);
        if let Some(twin) = found.and_then(|key| key.twin)
            && self.said(twin).is_some()
        {
            changed |= self.write(object, twin, &written);
        }
        Ok(changed)
    }

    /// Takes every line of a key away.
    fn remove(&mut self, name: &str) -> bool {
        let mut changed = false;
        while let Some((number, _)) = self.said(name) {
            let Some(line) = self.lines.get(number - 1) else {
                break;
            };
            self.replace(line.whole.clone(), b"");
            changed = true;
        }
        changed
    }

    /// Replaces the value of the line that counts, or makes one where it belongs.
    pub(super) fn write(&mut self, object: Object, name: &str, value: &str) -> bool {
        let Some((number, old)) = self.said(name) else {
            self.insert(object, name, value);
            return true;
        };
        if old == value.as_bytes() {
            return false;
        }
        if let Some(What::Pair { value: span, .. }) = self.lines.get(number - 1).map(|line| line.what.clone())
        {
            self.replace(span, value.as_bytes());
        }
        true
    }

    fn insert(&mut self, object: Object, name: &str, value: &str) {
        let rank = key::rank(object, name);
        let later = |line: &&super::Line| match &line.what {
            What::End => true,
            What::Pair { key, .. } => {
                let name = self
                    .text
                    .get(key.clone())
                    .and_then(|name| std::str::from_utf8(name).ok());
                let other = name.and_then(|name| key::rank(object, name));
                rank.zip(other).is_some_and(|(rank, other)| other > rank)
            }
            _ => false,
        };
        let before = self.lines.iter().find(later).map(|line| line.whole.start);
        let first = self
            .lines
            .first()
            .and_then(|line| self.text.get(line.whole.clone()));
        let end = if first.is_some_and(|line| line.ends_with(b"\r\n")) {
            "\r\n"
        } else {
            "\n"
        };
        let mut line = Zeroizing::new(String::with_capacity(name.len() + value.len() + 8));
        let at = before.unwrap_or(self.text.len());
        if at == self.text.len() && !self.text.is_empty() && !self.text.ends_with(b"\n") {
            line.push_str(end);
        }
        for part in [name, " = ", value, end] {
            line.push_str(part);
        }
        self.replace(at..at, line.as_bytes());
    }

    fn replace(&mut self, span: Range<usize>, with: &[u8]) {
        let mut text = Zeroizing::new(Vec::with_capacity(self.text.len() + with.len()));
        text.extend_from_slice(self.text.get(..span.start).unwrap_or_default());
        text.extend_from_slice(with);
        text.extend_from_slice(self.text.get(span.end..).unwrap_or_default());
        self.text.zeroize();
        self.lines = lines(&text);
        self.text = text;
    }

    fn refusal(&self, what: &str) -> Error {
        Error::new(Kind::Invalid, format!("set {what} in {}", self.place)).with_status(Status::Invalid)
    }

    fn unknown(&self, object: Object, name: &str, found: Option<&'static Key>) -> Error {
        let refusal = self.refusal(&name.escape_debug().to_string());
        if let Some(key) = found {
            let objects: Vec<_> = key.objects.iter().map(|object| object.to_string()).collect();
            return refusal.answered(format!(
                "it is no key of {object} records, but of {}",
                objects.join(", ")
            ));
        }
        let alike = |key: &&Key| strsim::jaro_winkler(key.name, name);
        let mut close: Vec<_> = key::in_order(object)
            .filter(|key| (name.len() > 3 && key.name.contains(name)) || alike(key) > ALIKE)
            .collect();
        close.sort_by(|a, b| alike(b).total_cmp(&alike(a)));
        let close: Vec<_> = close.iter().take(OFFERED).map(|key| key.name).collect();
        let refusal = refusal.answered("there is no such key");
        if close.is_empty() {
            refusal
        } else {
            refusal.hint(Message::from(format!("did you mean {}?", close.join(", "))))
        }
    }
}
