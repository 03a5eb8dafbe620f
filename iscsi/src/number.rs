//! Numbers in text: decimal and hexadecimal, and what else stands for one.
//!
//! Owns the only parser of numbers that come over the wire. Must not know what a number is for. Source: RFC 7143 section 6.1
//! (numerical-value: decimal-constant or hex-constant; regular-binary-value: base64-constant too).

use crate::chap::decode;

/// A numerical value: decimal, or hexadecimal after `0x` or `0X`. `None`: neither, or more than the type holds.
#[must_use]
pub fn parse<N: TryFrom<u64>>(text: &str) -> Option<N> {
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    // from_str_radix takes a sign, the RFC does not.
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()?.try_into().ok()
}

/// A portal group tag: a binary value of 16 bits, which base64 may write too.
#[must_use]
pub fn parse_tag(text: &str) -> Option<u16> {
    if !text.starts_with("0b") && !text.starts_with("0B") {
        return parse(text);
    }
    let bytes = decode(text).ok()?;
    let mut value: u16 = 0;
    for byte in bytes {
        value = value.checked_mul(256)? | u16::from(byte);
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn both_forms_are_read_and_nothing_else() {
        for (text, value) in [
            ("0", Some(0u16)),
            ("65535", Some(65535)),
            ("0x0001", Some(1)),
            ("0XfF", Some(255)),
            ("007", Some(7)),
            ("65536", None),
            ("0x10000", None),
            ("", None),
            ("0x", None),
            ("+1", None),
            ("0x+1", None),
            ("-1", None),
            (" 1", None),
            ("1a", None),
            ("0bAAE=", None),
        ] {
            assert_eq!(parse::<u16>(text), value, "{text:?}");
        }
        assert_eq!(parse::<u64>("0xffffffffffffffff"), Some(u64::MAX));
        assert_eq!(parse::<u64>("18446744073709551616"), None);
    }

    #[test]
    fn a_tag_may_be_base64() {
        for (text, value) in [
            ("1", Some(1)),
            ("0x0001", Some(1)),
            ("0bAAE=", Some(1)),
            ("0B//8=", Some(65535)),
            ("0bAQAA", None),
            ("0b", None),
        ] {
            assert_eq!(parse_tag(text), value, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn every_number_is_read_in_both_forms(value in any::<u64>()) {
            prop_assert_eq!(parse::<u64>(&value.to_string()), Some(value));
            prop_assert_eq!(parse::<u64>(&format!("{value:#x}")), Some(value));
            prop_assert_eq!(parse::<u64>(&format!("0X{value:016X}")), Some(value));
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".{0,40}") {
            let _ = parse::<u32>(&text);
            let _ = parse_tag(&text);
        }
    }
}
