//! Binary values in text: hexadecimal and base64.
//!
//! Source: RFC 7143 section 6.1 (hex-constant, base64-constant) and section 12.1.3 (at most 1024 bytes).

/// Longest binary CHAP value in bytes.
pub const MAX_BINARY: usize = 1024;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// No binary constant, or longer than [`MAX_BINARY`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed binary value")]
pub struct BadBinary;

/// Bytes of `0x…` or `0b…`. An odd number of hexadecimal digits gets a leading zero.
///
/// # Errors
/// Neither form, a bad digit, or more than [`MAX_BINARY`] bytes.
pub fn decode(text: &str) -> Result<Vec<u8>, BadBinary> {
    let (prefix, digits) = text.as_bytes().split_at_checked(2).ok_or(BadBinary)?;
    match prefix {
        b"0x" | b"0X" => hex(digits),
        b"0b" | b"0B" => base64(digits),
        _ => Err(BadBinary),
    }
}

fn hex(digits: &[u8]) -> Result<Vec<u8>, BadBinary> {
    if digits.is_empty() || digits.len() > 2 * MAX_BINARY {
        return Err(BadBinary);
    }
    let nibble = |digit: u8| {
        char::from(digit)
            .to_digit(16)
            .and_then(|n| u8::try_from(n).ok())
            .ok_or(BadBinary)
    };
    let (first, pairs) = digits.split_at(digits.len() % 2);
    let mut bytes = Vec::with_capacity(digits.len().div_ceil(2));
    for digit in first {
        bytes.push(nibble(*digit)?);
    }
    for pair in pairs.chunks_exact(2) {
        if let [high, low] = pair {
            bytes.push(nibble(*high)? << 4 | nibble(*low)?);
        }
    }
    Ok(bytes)
}

fn base64(digits: &[u8]) -> Result<Vec<u8>, BadBinary> {
    if digits.is_empty() || digits.len() > MAX_BINARY.div_ceil(3) * 4 {
        return Err(BadBinary);
    }
    let body = digits
        .strip_suffix(b"==")
        .or_else(|| digits.strip_suffix(b"="))
        .unwrap_or(digits);
    if body.len() != digits.len() && !digits.len().is_multiple_of(4) {
        return Err(BadBinary);
    }
    let mut bytes = Vec::with_capacity(body.len() * 3 / 4);
    for group in body.chunks(4) {
        let mut bits = 0u32;
        for digit in group {
            let value = ALPHABET.iter().position(|c| c == digit).ok_or(BadBinary)?;
            bits = bits << 6 | u32::try_from(value).map_err(|_| BadBinary)?;
        }
        let [_, a, b, c] = (bits << (6 * (4 - group.len()))).to_be_bytes();
        match group.len() {
            4 => bytes.extend([a, b, c]),
            3 if c == 0 => bytes.extend([a, b]),
            2 if b == 0 => bytes.push(a),
            _ => return Err(BadBinary),
        }
    }
    if bytes.len() > MAX_BINARY {
        Err(BadBinary)
    } else {
        Ok(bytes)
    }
}

/// `0x…`
#[must_use]
pub fn encode_hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let mut text = String::with_capacity(2 + 2 * bytes.len());
    text.push_str("0x");
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0x0f] {
            text.extend(DIGITS.get(usize::from(nibble)));
        }
    }
    text
}

/// `0b…`
#[must_use]
pub fn encode_base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + bytes.len().div_ceil(3) * 4);
    text.push_str("0b");
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4u32 {
            let digit = ALPHABET
                .get(((bits >> (18 - 6 * at)) & 0x3f) as usize)
                .filter(|_| at as usize <= group.len());
            text.push(digit.map_or('=', |digit| char::from(*digit)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_values() {
        assert_eq!(decode("0x0aFf").unwrap(), [0x0a, 0xff]);
        assert_eq!(decode("0Xfff").unwrap(), [0x0f, 0xff]);
        assert_eq!(decode("0bZm9vYmE=").unwrap(), b"fooba");
        assert_eq!(decode("0bZm9vYg==").unwrap(), b"foob");
        assert_eq!(encode_base64(b"foobar"), "0bZm9vYmFy");
        for bad in [
            "", "0", "0x", "0b", "12", "0xzz", "0bZ", "0bZm9=", "0bZm9v=", "0b====", "0bZh==", "é",
        ] {
            assert_eq!(decode(bad), Err(BadBinary), "{bad}");
        }
        assert!(decode(&format!("0x{}", "00".repeat(1025))).is_err());
        assert!(decode(&format!("0x{}", "00".repeat(1024))).is_ok());
    }

    proptest! {
        #[test]
        fn both_forms_round_trip(bytes in proptest::collection::vec(any::<u8>(), 1..1024)) {
            prop_assert_eq!(&decode(&encode_hex(&bytes)).unwrap(), &bytes);
            prop_assert_eq!(&decode(&encode_base64(&bytes)).unwrap(), &bytes);
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".{0,200}") {
            let _ = decode(&text);
        }
    }
}
