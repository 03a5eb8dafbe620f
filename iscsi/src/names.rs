//! iSCSI names: what the wire and flash can carry, and what RFC 7143 calls a name.
//!
//! Owns both rules, and how two names compare. A name that somebody else gave is an identifier of theirs: it is kept and sent byte for
//! byte, and what is odd about it is a remark. Source: RFC 7143 sections 4.2.7 and 6.1, RFC 3722.

use std::{borrow::Borrow, fmt, str::FromStr};

/// Longest iSCSI name in bytes (RFC 7143 section 4.2.7.2).
pub const MAX_NAME: usize = 223;

/// A name as it was given: 1 to 223 bytes of UTF-8 without control characters and blanks. Equal are names of the same bytes; whether
/// two name the same node tells [`IscsiName::same_as`].
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IscsiName(Box<str>);

/// Why a text is no iSCSI name: the first five are refused, the others are remarks ([`IscsiName::remark`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing at all.
    #[error("an iSCSI name cannot be empty")]
    Empty,
    /// Longer than [`MAX_NAME`].
    #[error("an iSCSI name is at most {MAX_NAME} bytes")]
    TooLong,
    /// No text.
    #[error("an iSCSI name is UTF-8")]
    NotText,
    /// A blank.
    #[error("an iSCSI name has no blanks")]
    Blank,
    /// A control character.
    #[error("an iSCSI name has no control characters")]
    Control,
    /// Does not begin with `iqn.`, `eui.` or `naa.`.
    #[error("an iSCSI name begins with iqn., eui. or naa.")]
    UnknownType,
    /// A character outside of letters, digits, dash, dot and colon.
    #[error("an iSCSI name has letters, digits, dashes, dots and colons only")]
    BadCharacter,
    /// Not `iqn.yyyy-mm.`.
    #[error("an iqn name has the form iqn.yyyy-mm.reversed.domain[:name]")]
    BadIqn,
    /// Not sixteen hexadecimal digits.
    #[error("an eui name has sixteen hexadecimal digits")]
    BadEui,
    /// Neither sixteen nor thirty-two hexadecimal digits.
    #[error("a naa name has sixteen or thirty-two hexadecimal digits")]
    BadNaa,
}

impl IscsiName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name from a field of a record or a frame.
    ///
    /// # Errors
    /// [`BadName`]: the bytes cannot be a name.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadName> {
        str::from_utf8(bytes).map_err(|_| BadName::NotText)?.parse()
    }

    /// Whether both name the same node.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        same(&self.0, &other.0)
    }

    /// In what this is no name that RFC 7143 allows; a warning, since nodes in the field have such names.
    #[must_use]
    pub fn remark(&self) -> Option<BadName> {
        form(&self.0.to_ascii_lowercase()).err()
    }
}

/// Whether two texts name the same node: the case of ASCII letters does not count (RFC 3722 maps it away).
#[must_use]
pub const fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// The form of a name that is the same for all that are [`same`]: a key for tables, never for the wire.
#[must_use]
pub fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn carried(name: &str) -> Result<(), BadName> {
    match name.len() {
        0 => Err(BadName::Empty),
        1..=MAX_NAME if name.contains(char::is_control) => Err(BadName::Control),
        1..=MAX_NAME if name.contains(char::is_whitespace) => Err(BadName::Blank),
        1..=MAX_NAME => Ok(()),
        _ => Err(BadName::TooLong),
    }
}

fn form(name: &str) -> Result<(), BadName> {
    let (kind, rest) = name.split_once('.').ok_or(BadName::UnknownType)?;
    let hex = |digits: &str| digits.bytes().all(|b| b.is_ascii_hexdigit());
    match kind {
        "iqn" => iqn(rest),
        "eui" if rest.len() == 16 && hex(rest) => Ok(()),
        "eui" => Err(BadName::BadEui),
        "naa" if matches!(rest.len(), 16 | 32) && hex(rest) => Ok(()),
        "naa" => Err(BadName::BadNaa),
        _ => Err(BadName::UnknownType),
    }
}

fn iqn(rest: &str) -> Result<(), BadName> {
    // Letters of any script are allowed after stringprep; ASCII has these groups only.
    let allowed = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':') || (!c.is_ascii() && c.is_alphanumeric())
    };
    if !rest.chars().all(allowed) {
        return Err(BadName::BadCharacter);
    }
    let (date, authority) = rest.split_once('.').ok_or(BadName::BadIqn)?;
    let (year, month) = date.split_once('-').ok_or(BadName::BadIqn)?;
    let digits = |text: &str, len: usize| text.len() == len && text.bytes().all(|b| b.is_ascii_digit());
    let month_ok = digits(month, 2) && month.parse::<u8>().is_ok_and(|m| (1..=12).contains(&m));
    let domain = authority.split(':').next().unwrap_or_default();
    if digits(year, 4) && month_ok && !domain.is_empty() {
        Ok(())
    } else {
        Err(BadName::BadIqn)
    }
}

impl FromStr for IscsiName {
    type Err = BadName;

    fn from_str(s: &str) -> Result<Self, BadName> {
        carried(s).map(|()| Self(s.into()))
    }
}

impl AsRef<str> for IscsiName {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for IscsiName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IscsiName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for IscsiName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_the_three_forms_are_kept_as_they_are() {
        for given in [
            "iqn.2001-04.com.example:Storage.Disk2",
            "IQN.1991-05.com.microsoft",
            "iqn.2003-01.org.example:größe",
            "eui.02004567A425678D",
            "naa.52004567BA64678D",
            "naa.62004567BA64678D0123456789ABCDEF",
        ] {
            let name: IscsiName = given.parse().unwrap();
            assert_eq!((name.as_str(), name.remark()), (given, None));
            let other: IscsiName = given.to_ascii_uppercase().parse().unwrap();
            assert!(name.same_as(&other), "{given}");
            assert_eq!(key(given), key(other.as_str()));
        }
    }

    #[test]
    fn odd_names_are_kept_and_remarked() {
        for (odd, why) in [
            ("iscsi.2001-04.com.example", BadName::UnknownType),
            ("disk", BadName::UnknownType),
            ("iqn.2001-04.com.example:a/b", BadName::BadCharacter),
            ("iqn.2003-01.org.example:disk_1", BadName::BadCharacter),
            ("iqn.2001-13.com.example", BadName::BadIqn),
            ("iqn.01-04.com.example", BadName::BadIqn),
            ("iqn.2001-04.", BadName::BadIqn),
            ("iqn.2001-04", BadName::BadIqn),
            ("eui.0200", BadName::BadEui),
            ("naa.5200", BadName::BadNaa),
        ] {
            let name: IscsiName = odd.parse().unwrap();
            assert_eq!((name.as_str(), name.remark()), (odd, Some(why)));
        }
    }

    #[test]
    fn what_cannot_be_carried_is_refused() {
        let fits = "ä".repeat(111);
        assert!(fits.parse::<IscsiName>().is_ok());
        let long = format!("{fits}ab");
        assert_eq!(long.len(), MAX_NAME + 1);
        for (bad, why) in [
            ("", BadName::Empty),
            (long.as_str(), BadName::TooLong),
            ("iqn.2001-04.com.example:a b", BadName::Blank),
            ("iqn.2001-04.com.example:a\u{a0}", BadName::Blank),
            ("iqn.2001-04.com.example:a\n", BadName::Control),
            ("iqn.2001-04.com.example:\0", BadName::Control),
        ] {
            assert_eq!(bad.parse::<IscsiName>(), Err(why), "{bad:?}");
        }
        assert_eq!(IscsiName::from_bytes(b"iqn.\xff"), Err(BadName::NotText));
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_kept(text in "\\PC{0,230}") {
            if let Ok(name) = text.parse::<IscsiName>() {
                prop_assert_eq!(name.as_str(), &text);
                prop_assert!((1..=MAX_NAME).contains(&text.len()));
                let _ = name.remark();
            }
        }
    }
}
