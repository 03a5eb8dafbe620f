//! What is odd about a record, for people: nothing of it stops a reader.

use std::fmt;

use super::{Record, What, Why};
use crate::nodes::Version;
use crate::nodes::key::{self, Object, ValueKind};

/// Something odd, and the line where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The number of the line, from 1.
    pub line: usize,
    /// The key, where there is one.
    pub key: Option<String>,
    /// What is odd.
    pub odd: Odd,
}

/// What is odd about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// It counts for nothing.
    Passed(Why),
    /// A later line has the same key.
    Twice,
    /// No version that is known here has this key, or not in such a record. Programs before 2.1.12 refuse the record because of it.
    Unknown,
    /// The key came with this version; the record says that an older one wrote it.
    Newer(Version),
    /// The value is not of the key's kind.
    Value(ValueKind),
    /// The value is no text.
    NoText,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if let Some(key) = &self.key {
            write!(f, "{}: ", key.escape_debug())?;
        }
        match self.odd {
            Odd::Passed(why) => why.fmt(f),
            Odd::Twice => f.write_str("a later line says it again, and counts"),
            Odd::Unknown => f.write_str(
                "there is no such key; it stays, and iscsiadm before 2.1.12 may refuse the record",
            ),
            Odd::Newer(version) => {
                write!(
                    f,
                    "it came with open-iscsi {version}; an older iscsiadm may refuse the record"
                )
            }
            Odd::Value(kind) => write!(f, "expected {kind}"),
            Odd::NoText => f.write_str("the value is no text in UTF-8"),
        }
    }
}

impl Record {
    /// Everything odd, in the order of the lines.
    #[must_use]
    pub fn remarks(&self, object: Object) -> Vec<Remark> {
        let mut found = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            let mut remark = |key: Option<&str>, odd| {
                found.push(Remark {
                    line: index + 1,
                    key: key.map(str::to_owned),
                    odd,
                });
            };
            let (key, value) = match &line.what {
                What::Passed(why) => {
                    remark(None, Odd::Passed(*why));
                    continue;
                }
                What::Pair { key, value } => (key, value),
                _ => continue,
            };
            let bytes = |span: &std::ops::Range<usize>| self.text.get(span.clone()).unwrap_or_default();
            let name = String::from_utf8_lossy(bytes(key));
            if self.said(&name).is_some_and(|(last, _)| last != index + 1) {
                remark(Some(&name), Odd::Twice);
                continue;
            }
            let Some(key) = key::find(&name).filter(|key| key.objects.has(object)) else {
                remark(Some(&name), Odd::Unknown);
                continue;
            };
            if self.version().is_some_and(|version| version < key.since) {
                remark(Some(&name), Odd::Newer(key.since));
            }
            match std::str::from_utf8(bytes(value)) {
                Err(_) if !key.kind.is_secret() => remark(Some(&name), Odd::NoText),
                Ok(text) if key.kind.read(text).is_none() => remark(Some(&name), Odd::Value(key.kind)),
                _ => {}
            }
        }
        found
    }
}
