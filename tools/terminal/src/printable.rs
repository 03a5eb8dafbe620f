//! Text of others made printable: names out of flash, targets, sysfs and device models, messages of kernels, errors of libraries.
//!
//! Owns which characters a terminal must not get: those that command it, and those that make a line look like another one. It must
//! not know where a text comes from. What is shown escaped here is exact in JSON, which escapes it in its own way.
//!
//! Source: ECMA-48 (C0, C1), UAX #9 (bidirectional controls), UTR #36 §3 (invisible characters).

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character may change how what stands around it looks.
#[must_use]
pub const fn is_hazard(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}'
        | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A value on one line: every hazard is escaped, line ends and tabs too (`\n`, `\x1b`, `\u{202e}`).
#[must_use]
pub fn text(text: &str) -> Cow<'_, str> {
    escape(text, is_hazard, name)
}

/// Lines and columns that are laid out already: as [`text()`], but line ends and tabs stay.
#[must_use]
pub fn lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| is_hazard(c) && !matches!(c, '\n' | '\t'), name)
}

/// Bytes that should be UTF-8: as [`text()`]; what is not is shown byte by byte (`\xff`).
#[must_use]
pub fn bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(&text(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// Finished JSON: hazards inside of its strings become JSON's escapes, so that the document means the same.
#[must_use]
pub fn json(document: &str) -> Cow<'_, str> {
    // Outside of strings there are line ends and blanks only, inside of them none are raw.
    escape(
        document,
        |c| is_hazard(c) && c != '\n',
        |out, c| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        },
    )
}

fn name(out: &mut String, c: char) {
    let _ = match c {
        '\n' => write!(out, "\\n"),
        '\t' => write!(out, "\\t"),
        '\r' => write!(out, "\\r"),
        '\0'..='\u{ff}' => write!(out, "\\x{:02x}", u32::from(c)),
        _ => write!(out, "\\u{{{:x}}}", u32::from(c)),
    };
}

fn escape(text: &str, hazard: impl Fn(char) -> bool, name: impl Fn(&mut String, char)) -> Cow<'_, str> {
    let harmless = |byte: u8| matches!(byte, b' '..=b'~');
    if text.bytes().all(harmless) || !text.contains(&hazard) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if hazard(c) {
            name(&mut out, c);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_commands_a_terminal_is_shown_escaped() {
        for (given, shown) in [
            ("plain name", "plain name"),
            ("größe 東京 🦀", "größe 東京 🦀"),
            ("\x1b[31mred\x1b]0;title\x07", "\\x1b[31mred\\x1b]0;title\\x07"),
            ("two\nlines\r\tand", "two\\nlines\\r\\tand"),
            ("\u{9b}31m\u{85}\x7f", "\\x9b31m\\x85\\x7f"),
            ("safe\u{202e}cod.exe\u{2066}", "safe\\u{202e}cod.exe\\u{2066}"),
            ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
        ] {
            assert_eq!(text(given), shown);
        }
        assert_eq!(lines("a\tb\n\x1b"), "a\tb\n\\x1b");
        assert_eq!(bytes(b"iqn.\xff\xfe:\x1bx\xc3\xa4"), "iqn.\\xff\\xfe:\\x1bxä");
    }

    proptest! {
        #[test]
        fn nothing_hazardous_is_left(given in any::<String>(), raw in any::<Vec<u8>>()) {
            prop_assert!(!text(&given).contains(is_hazard));
            prop_assert!(!bytes(&raw).contains(is_hazard));
            prop_assert!(!lines(&given).contains(|c| is_hazard(c) && c != '\n' && c != '\t'));
        }

        #[test]
        fn json_means_the_same_and_has_no_hazard(given in any::<String>(), planted in 0x7fu32..0xa0) {
            let planted = char::from_u32(planted).map_or(given.clone(), |c| format!("{given}{c}\u{202e}\x1b\u{e0041}"));
            for document in [serde_json::to_string(&planted)?, serde_json::to_string_pretty(&[&planted])?] {
                let shown = json(&document);
                prop_assert!(!shown.contains(|c| is_hazard(c) && c != '\n'));
                let (meant, means): (serde_json::Value, serde_json::Value) =
                    (serde_json::from_str(&document)?, serde_json::from_str(&shown)?);
                prop_assert_eq!(meant, means);
            }
        }
    }
}
