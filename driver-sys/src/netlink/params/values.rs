//! What values a parameter can have: type, range, words.
//!
//! Owns [`Values`] and its words for people. Must not know any particular parameter, nor how a value travels.

use core::fmt;

/// The values that a parameter can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// On or off.
    Flag,
    /// A number within a range, both ends included.
    Number {
        /// Smallest value.
        min: u32,
        /// Largest value.
        max: u32,
    },
    /// A number of bytes that the firmware stores in units: a multiple of `step`.
    Bytes {
        /// Smallest value.
        min: u32,
        /// Largest value.
        max: u32,
        /// The unit.
        step: u32,
    },
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// An address of the object's own family.
    Ip,
    /// Text of at most so many bytes.
    Text(usize),
    /// An iSCSI name of at most 223 bytes, or nothing.
    Name,
    /// Twelve hexadecimal digits.
    Isid,
    /// One of these words, which travel as these numbers. A word whose number the kernel does not take stands with none.
    Words(&'static [(&'static str, Option<u8>)]),
    /// A secret, never shown.
    Secret,
}

impl Values {
    /// The word that travels as `number`.
    #[must_use]
    pub fn word(&self, number: u8) -> Option<&'static str> {
        let Self::Words(words) = self else { return None };
        words.iter().find(|w| w.1 == Some(number)).map(|w| w.0)
    }

    /// The number that a word travels as.
    #[must_use]
    pub fn number(&self, word: &str) -> Option<u8> {
        let Self::Words(words) = self else { return None };
        words.iter().find(|w| w.0 == word).and_then(|w| w.1)
    }
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("on or off"),
            Self::Number { min, max } => write!(f, "a number from {min} to {max}"),
            Self::Bytes { min, max, step } => write!(f, "a multiple of {step} from {min} to {max}"),
            Self::Ipv4 => f.write_str("an ipv4 address"),
            Self::Ipv6 => f.write_str("an ipv6 address"),
            Self::Ip => f.write_str("an address of the entry's family"),
            Self::Text(max) => write!(f, "text of at most {max} bytes"),
            Self::Name => f.write_str("an iscsi name of at most 223 bytes without blanks"),
            Self::Isid => f.write_str("twelve hex digits"),
            Self::Words(words) => {
                f.write_str("one of ")?;
                for (i, (word, _)) in words.iter().enumerate() {
                    write!(f, "{}{word}", if i == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Self::Secret => f.write_str("a secret"),
        }
    }
}

pub(super) const FLAG: Values = Values::Flag;
pub(super) const ANY8: Values = number(0, 0xFF);
pub(super) const ANY16: Values = number(0, 0xFFFF);
pub(super) const ANY32: Values = number(0, u32::MAX);
/// A scale factor of TCP windows (RFC 7323 section 2.3).
pub(super) const WSF: Values = number(0, 14);
/// DefaultTime2Wait and DefaultTime2Retain (RFC 7143 sections 13.15 and 13.16).
pub(super) const TIME2: Values = number(0, 3600);
/// A length that the firmware keeps in units of 512 bytes, less than 2^24 (RFC 7143 sections 13.12 to 13.14).
pub(super) const LENGTH: Values = Values::Bytes {
    min: 512,
    max: 32767 * 512,
    step: 512,
};
/// An iSCSI name (RFC 7143 section 4.2.7.1).
pub(super) const ISCSI_NAME: Values = Values::Name;
/// Text of which nothing is known but that an attribute shows it: a page without its newline.
pub(super) const TEXT: Values = Values::Text(4095);
pub(super) const SECRET: Values = Values::Secret;

pub(super) const fn number(min: u32, max: u32) -> Values {
    Values::Number { min, max }
}

pub(super) const fn text(max: usize) -> Values {
    Values::Text(max)
}
