//! Lines of records and of iscsid.conf: how a text falls into them.
//!
//! Owns the grammar, which is the stock programs': a key ends at a blank, behind it stands `=`, and the rest of the line is the value, without the
//! blanks around it. Must not know what a key means. What they pass over is passed over here, kept as it is, and told.
//!
//! Source: open-iscsi's `usr/idbm.c` (`idbm_recinfo_config`), as its programs of 2.1.8 and 2.1.13 read.

use std::fmt;
use std::ops::Range;

/// The longest line that they take, without its end.
pub const LINE_MAX: usize = 2046;

/// Where something stands in a text.
type Span = Range<usize>;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Line {
    /// All of it, its end included.
    pub(in super::super) whole: Span,
    /// What it is.
    pub(in super::super) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum What {
    /// Nothing, or a comment.
    Comment,
    /// `# BEGIN RECORD` and what follows.
    Begin(Span),
    /// `# END RECORD`.
    End,
    /// A key and its value.
    Pair { key: Span, value: Span },
    /// None of these.
    Passed(Why),
}

/// Why a line counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// No blank and `=` behind the key.
    NoEquals,
    /// Nothing behind `=`.
    NoValue,
    /// Longer than [`LINE_MAX`].
    TooLong,
    /// A NUL.
    Nul,
    /// The text ends within it.
    Unended,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoEquals => f.write_str("it has no blank and `=` behind its key, so it counts for nothing"),
            Self::NoValue => f.write_str("it has no value, so it counts for nothing"),
            Self::TooLong => write!(f, "it has more than {LINE_MAX} bytes, so it counts for nothing"),
            Self::Nul => f.write_str("it has a NUL, so it counts for nothing"),
            Self::Unended => f.write_str("the file ends within it, so it counts for nothing"),
        }
    }
}

/// Falls a text into its lines.
pub(in super::super) fn lines(text: &[u8]) -> Vec<Line> {
    let mut found = Vec::new();
    let mut at = 0;
    for raw in text.split_inclusive(|byte| *byte == b'\n') {
        found.push(Line {
            whole: at..at + raw.len(),
            what: what(raw, at),
        });
        at += raw.len();
    }
    found
}

fn what(raw: &[u8], at: usize) -> What {
    let line = raw.strip_suffix(b"\n");
    let ended = line.is_some();
    let line = line.unwrap_or(raw);
    let begin = skip(line, 0);
    let text = line.get(begin..).unwrap_or_default();
    if text.is_empty() {
        return What::Comment;
    }
    if let Some(comment) = text.strip_prefix(b"#") {
        let comment = comment.trim_ascii();
        return match comment.strip_prefix(b"BEGIN RECORD") {
            Some(version) => {
                let end = at + line.trim_ascii_end().len();
                What::Begin(end - version.trim_ascii_start().len()..end)
            }
            None if comment == b"END RECORD" => What::End,
            None => What::Comment,
        };
    }
    if line.len() > LINE_MAX {
        return What::Passed(Why::TooLong);
    }
    if line.contains(&0) {
        return What::Passed(Why::Nul);
    }
    if !ended {
        return What::Passed(Why::Unended);
    }
    let key_end = begin + text.iter().take_while(|byte| !blank(**byte)).count();
    let equals = skip(line, key_end);
    if line.get(equals) != Some(&b'=') {
        return What::Passed(Why::NoEquals);
    }
    let value = skip(line, equals + 1);
    let value_end = line.len() - line.iter().rev().take_while(|byte| blank(**byte)).count();
    if value >= value_end {
        return What::Passed(Why::NoValue);
    }
    What::Pair {
        key: at + begin..at + key_end,
        value: at + value..at + value_end,
    }
}

/// As C's `isspace`.
fn blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0B
}

fn skip(line: &[u8], from: usize) -> usize {
    let rest = line.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| blank(**byte)).count()
}
