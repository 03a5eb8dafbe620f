//! iSCSI names: iqn, eui and naa.
//!
//! Owns their syntax. Source: RFC 7143 section 4.2.7 and RFC 3722.

use std::{borrow::Borrow, fmt, str::FromStr};

/// Longest iSCSI name in bytes (RFC 7143 section 4.2.7.2).
pub const MAX_NAME: usize = 223;

/// A valid iSCSI name, lower case, in one of the three forms.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IscsiName(Box<str>);

/// Why a text is no iSCSI name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Nothing at all.
    #[error("an iSCSI name cannot be empty")]
    Empty,
    /// Longer than [`MAX_NAME`].
    #[error("an iSCSI name is at most 223 bytes")]
    TooLong,
    /// Does not begin with `iqn.`, `eui.` or `naa.`.
    #[error("an iSCSI name begins with iqn., eui. or naa.")]
    UnknownType,
    /// A character outside of letters, digits, dash, dot, colon and underscore.
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
}

/// Maps a name to the lower case in which names compare.
fn validate(name: &str) -> Result<Box<str>, BadName> {
    if name.is_empty() {
        return Err(BadName::Empty);
    }
    if name.len() > MAX_NAME {
        return Err(BadName::TooLong);
    }
    let name = name.to_lowercase();
    if name.len() > MAX_NAME {
        return Err(BadName::TooLong);
    }
    let (kind, rest) = name.split_once('.').ok_or(BadName::UnknownType)?;
    let hex = |digits: &str| digits.bytes().all(|b| b.is_ascii_hexdigit());
    match kind {
        "iqn" => iqn(rest)?,
        "eui" if rest.len() == 16 && hex(rest) => {}
        "eui" => return Err(BadName::BadEui),
        "naa" if matches!(rest.len(), 16 | 32) && hex(rest) => {}
        "naa" => return Err(BadName::BadNaa),
        _ => return Err(BadName::UnknownType),
    }
    Ok(name.into_boxed_str())
}

fn iqn(rest: &str) -> Result<(), BadName> {
    // Letters of any script are allowed after stringprep; ASCII has the four groups only. The underscore is not among them, but
    // targets in the field have it and every initiator takes it.
    let allowed = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '-' | '.' | ':' | '_')
            || (!c.is_ascii() && c.is_alphanumeric())
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
        validate(s).map(Self)
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
    use super::*;

    #[test]
    fn the_three_forms_are_taken_and_lowered() {
        for (given, kept) in [
            (
                "iqn.2001-04.com.example:Storage.Disk2",
                "iqn.2001-04.com.example:storage.disk2",
            ),
            ("iqn.1991-05.com.microsoft", "iqn.1991-05.com.microsoft"),
            ("iqn.2003-01.org.example:disk_1", "iqn.2003-01.org.example:disk_1"),
            ("eui.02004567A425678D", "eui.02004567a425678d"),
            ("naa.52004567BA64678D", "naa.52004567ba64678d"),
            (
                "naa.62004567BA64678D0123456789ABCDEF",
                "naa.62004567ba64678d0123456789abcdef",
            ),
        ] {
            assert_eq!(given.parse::<IscsiName>().unwrap().as_str(), kept);
        }
    }

    #[test]
    fn anything_else_is_named_for_what_it_is() {
        let long = format!("iqn.2001-04.com.example:{}", "a".repeat(200));
        for (bad, why) in [
            ("", BadName::Empty),
            (long.as_str(), BadName::TooLong),
            ("iscsi.2001-04.com.example", BadName::UnknownType),
            ("iqn", BadName::UnknownType),
            ("iqn.2001-04.com.example:a b", BadName::BadCharacter),
            ("iqn.2001-04.com.example:a/b", BadName::BadCharacter),
            ("iqn.2001-13.com.example", BadName::BadIqn),
            ("iqn.01-04.com.example", BadName::BadIqn),
            ("iqn.2001-04.", BadName::BadIqn),
            ("iqn.2001-04", BadName::BadIqn),
            ("eui.0200", BadName::BadEui),
            ("naa.5200", BadName::BadNaa),
        ] {
            assert_eq!(bad.parse::<IscsiName>(), Err(why), "{bad}");
        }
    }
}
