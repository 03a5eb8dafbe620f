//! Numbers as people type them: decimal, or hexadecimal with `0x`.

/// Reads a number from `MIN` to `MAX` for an argument.
pub(crate) fn number<const MIN: u32, const MAX: u32>(text: &str) -> Result<u32, String> {
    let read = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok(),
        Some(_) => None,
        None if text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
        None => None,
    };
    match read {
        Some(number) if (MIN..=MAX).contains(&number) => Ok(number),
        _ => Err(format!(
            "expected a number from {MIN} to {MAX}, decimal or hexadecimal with 0x"
        )),
    }
}

/// The same for what has 16 bits.
pub(crate) fn number16<const MIN: u16, const MAX: u16>(text: &str) -> Result<u16, String> {
    let number = number::<0, { u32::MAX }>(text)
        .ok()
        .and_then(|n| u16::try_from(n).ok());
    match number {
        Some(number) if (MIN..=MAX).contains(&number) => Ok(number),
        _ => Err(format!(
            "expected a number from {MIN} to {MAX}, decimal or hexadecimal with 0x"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_unless_they_begin_with_0x() {
        assert_eq!(number::<0, 300>("0x10"), Ok(16));
        assert_eq!(number::<0, 300>("10"), Ok(10));
        assert_eq!(number16::<1, 500>("0X1f4"), Ok(500));
        for wrong in ["", "0x", "x10", "-1", "+1", "0x+1", "1e2", " 1"] {
            assert!(number::<0, 300>(wrong).is_err(), "{wrong:?}");
        }
        assert!(number::<1, 300>("0").is_err() && number::<1, 300>("301").is_err());
        assert!(number16::<0, 0xFFFF>("65536").is_err());
    }
}
