//! What the value of a key can be.
//!
//! Owns the rules of values and their words for people. Must not know a key.
//!
//! Source: RFC 7143 section 13 (ranges of login keys), what `iscsid.conf` says of its keys, what the stock programs take. They read a number as
//! far as it goes and take 0 for a word; here such a value is refused.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use driver_sys::netlink::params::{ParamInfo, Values};
use iscsi::address::Host;
use iscsi::chap::ChapAlgorithm;
use iscsi::names::IscsiName;
use iscsi::negotiate::{NO, YES};

use crate::ids::parse_mac;

/// The kinds of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueKind {
    /// Text of at most so many bytes.
    Text {
        /// The most bytes that the stock programs keep.
        max: usize,
    },
    /// A number, both ends included.
    Number {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
        /// Unit; empty if none.
        unit: &'static str,
    },
    /// A number, or 0 for what is not said here.
    ZeroOr {
        /// Smallest but 0.
        min: i64,
        /// Largest.
        max: i64,
        /// Unit; empty if none.
        unit: &'static str,
    },
    /// A power of two, both ends included.
    PowerOfTwo {
        /// Smallest.
        min: i64,
        /// Largest.
        max: i64,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One of the words of a parameter of an interface.
    Words(&'static [(&'static str, Option<u8>)]),
    /// `Yes` or `No`.
    YesNo,
    /// An IPv4 or IPv6 address.
    Address,
    /// An address or a name for the DNS.
    Host,
    /// A MAC address.
    Mac,
    /// An iSCSI name.
    Name,
    /// A secret of at most so many bytes.
    Secret {
        /// The most bytes that the stock programs keep.
        max: usize,
    },
    /// CHAP algorithms, the most wanted first.
    Algorithms,
}

/// What a switch of an interface can be.
const SWITCH: &[&str] = &["enable", "disable"];
/// The most bytes of a switch's word that the stock programs keep.
const WORD_MAX: usize = 79;

impl ValueKind {
    /// What a parameter of an interface can be in a record: 0 and nothing stand for what is not said.
    pub(super) const fn of(row: Option<&'static ParamInfo>) -> Self {
        let Some(row) = row else {
            panic!("no such parameter")
        };
        match row.values {
            Values::Flag => Self::Choice(SWITCH),
            Values::Number { min, max } | Values::Bytes { min, max, .. } => Self::ZeroOr {
                min: if min == 0 { 1 } else { min as i64 },
                max: max as i64,
                unit: row.unit,
            },
            Values::Words(words) => Self::Words(words),
            Values::Ipv4 | Values::Ipv6 | Values::Ip => Self::Address,
            Values::Name => Self::Name,
            Values::Text(max) => Self::Text {
                max: if max < WORD_MAX { max } else { WORD_MAX },
            },
            Values::Isid | Values::Secret => panic!("no record has such a value"),
        }
    }

    /// Whether the value must never be shown.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Secret { .. })
    }

    /// Whether 0 says as little as nothing.
    #[must_use]
    pub const fn zero_is_nothing(self) -> bool {
        matches!(self, Self::ZeroOr { .. })
    }

    /// A value that stands in a file, in the form in which it is written; `None` for one that is not of this kind. Words count as they are.
    #[must_use]
    pub fn read(self, value: &str) -> Option<Cow<'_, str>> {
        let written = self.written(value)?;
        match self {
            Self::Choice(_) | Self::Words(_) | Self::YesNo => (written == value).then_some(written),
            _ => Some(written),
        }
    }

    /// The form in which a value is written that somebody gives; `None` for one that is not of this kind. The case of words does not count.
    #[must_use]
    pub fn written(self, value: &str) -> Option<Cow<'_, str>> {
        let same = || Some(Cow::Borrowed(value));
        let is = |word: &&'static str| word.eq_ignore_ascii_case(value);
        match self {
            Self::Text { max } | Self::Secret { max } => {
                same().filter(|_| holds(value) && value.len() <= max)
            }
            Self::Number { min, max, .. } => number(value, |n| (min..=max).contains(&n)),
            Self::ZeroOr { min, max, .. } => number(value, |n| n == 0 || (min..=max).contains(&n)),
            Self::PowerOfTwo { min, max } => number(value, |n| {
                (min..=max).contains(&n) && n.unsigned_abs().is_power_of_two()
            }),
            Self::Choice(words) => words.iter().copied().find(is).map(Cow::Borrowed),
            Self::Words(words) => words.iter().map(|word| word.0).find(is).map(Cow::Borrowed),
            Self::YesNo => [YES, NO].into_iter().find(is).map(Cow::Borrowed),
            Self::Address => value.parse::<IpAddr>().ok().and_then(|_| same()),
            Self::Host => value.parse::<Host>().ok().and_then(|_| same()),
            Self::Mac => parse_mac(value).and_then(|_| same()),
            Self::Name => value.parse::<IscsiName>().ok().and_then(|_| same()),
            Self::Algorithms => algorithms(value).map(|list| {
                let words: Vec<_> = list.into_iter().map(algorithm_word).collect();
                Cow::Owned(words.join(","))
            }),
        }
    }
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, words: &mut dyn Iterator<Item = &str>| {
            f.write_str("one of ")?;
            for (n, word) in words.enumerate() {
                write!(f, "{}{word}", if n == 0 { "" } else { "; " })?;
            }
            Ok(())
        };
        let of = |unit: &str| {
            if unit.is_empty() {
                String::new()
            } else {
                format!(" ({unit})")
            }
        };
        match self {
            Self::Text { max } => write!(f, "text of at most {max} bytes without blanks at its ends"),
            Self::Number { min, max, unit } => write!(f, "a number from {min} to {max}{}", of(unit)),
            Self::ZeroOr { min, max, unit } => write!(f, "0, or a number from {min} to {max}{}", of(unit)),
            Self::PowerOfTwo { min, max } => write!(f, "a power of two from {min} to {max}"),
            Self::Choice(words) => list(f, &mut words.iter().copied()),
            Self::Words(words) => list(f, &mut words.iter().map(|word| word.0)),
            Self::YesNo => f.write_str("Yes or No"),
            Self::Address => f.write_str("an address"),
            Self::Host => f.write_str("an address or a host's name"),
            Self::Mac => f.write_str("a mac address"),
            Self::Name => f.write_str("an iscsi name of at most 223 bytes without blanks"),
            Self::Secret { max } => write!(f, "a secret of at most {max} bytes without blanks at its ends"),
            Self::Algorithms => {
                f.write_str("some of ")?;
                for (n, algorithm) in ChapAlgorithm::ALL.into_iter().enumerate() {
                    write!(
                        f,
                        "{}{}",
                        if n == 0 { "" } else { ", " },
                        algorithm_word(algorithm)
                    )?;
                }
                f.write_str(", the most wanted first, with commas in between")
            }
        }
    }
}

/// Whether a line of a record holds a text as it is: blanks at its ends would be lost, and a control character ends it or is taken for no text.
#[must_use]
pub fn holds(value: &str) -> bool {
    let blank = |c: char| c.is_ascii_whitespace() || c == '\u{b}';
    !value.starts_with(blank) && !value.ends_with(blank) && !value.contains(char::is_control)
}

fn number(value: &str, fits: impl Fn(i64) -> bool) -> Option<Cow<'_, str>> {
    let n = value.parse::<i64>().ok().filter(|n| fits(*n))?;
    let text = n.to_string();
    Some(if text == value {
        Cow::Borrowed(value)
    } else {
        Cow::Owned(text)
    })
}

/// The algorithms that a list names; `None` for a list with an unknown name, with one twice, or with none.
#[must_use]
pub fn algorithms(value: &str) -> Option<Vec<ChapAlgorithm>> {
    let mut found = Vec::new();
    for word in value.split(',') {
        let named = |algorithm: &ChapAlgorithm| algorithm_word(*algorithm).eq_ignore_ascii_case(word.trim());
        let algorithm = ChapAlgorithm::ALL.into_iter().find(named)?;
        if found.contains(&algorithm) {
            return None;
        }
        found.push(algorithm);
    }
    Some(found)
}

/// The word of records for an algorithm.
const fn algorithm_word(algorithm: ChapAlgorithm) -> &'static str {
    match algorithm {
        ChapAlgorithm::Sha256 => "SHA256",
        other => other.name(),
    }
}
