//! CHAP secrets: kept in memory that is wiped, never shown. Owns the length rules and how a secret is read; must not know where it is
//! used. What is written is text unless it begins with `0x`: then it is hexadecimal, which is how any bytes can be written, those of a
//! text that begins with `0x` too. Every buffer that it passes on its way has room for the longest one from the beginning: what grows leaves copies behind.
//!
//! Source: qla4xxx `ql4_os.c` (`qla4xxx_set_chap`: C-string copies into `ql4_chap_table.secret[100]`, no minimum enforced),
//! RFC 7143 §12.1.3 (at least 96 bits without IPsec).

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use files::Input;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::deadline::Deadline;
use crate::error::{Error, Kind, Result, Status};

/// The shortest secret, in bytes (96 bits).
pub const SECRET_MIN: usize = 12;
/// The longest secret, in bytes: the table's field has 100, and the driver's copy ends it with a NUL.
pub const SECRET_MAX: usize = 99;
/// What is shown in place of a secret.
pub const REDACTED: &str = "********";

/// A CHAP secret. `Debug`, `Display` and JSON show `********`; memory is wiped on drop.
#[derive(Clone)]
pub struct Secret(driver_sys::Secret);

impl Secret {
    /// A secret for writing: checks length and content.
    ///
    /// # Errors
    /// [`Kind::Invalid`] when shorter than [`SECRET_MIN`], longer than [`SECRET_MAX`] or containing a NUL byte.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Result<Self> {
        Self::checked(driver_sys::Secret::from_vec(bytes.into()))
    }

    fn checked(secret: driver_sys::Secret) -> Result<Self> {
        let bytes = secret.expose();
        let error = |why: String| {
            Error::new(Kind::Invalid, "use this chap secret")
                .answered(why)
                .with_status(Status::BadSecret)
        };
        let refuse = |why: String| Err(error(why));
        if bytes.len() < SECRET_MIN {
            let short = format!("it has {} bytes, at least {SECRET_MIN} are needed", bytes.len());
            return Err(error(short).with_status(Status::ShortSecret));
        }
        if bytes.len() > SECRET_MAX {
            return refuse(format!(
                "it has {} bytes, at most {SECRET_MAX} are stored",
                bytes.len()
            ));
        }
        if bytes.contains(&0) {
            return refuse("it contains a NUL byte, where the driver would cut it".to_owned());
        }
        Ok(Self(secret))
    }

    /// A secret as found on the adapter, whatever its length.
    #[must_use]
    pub fn stored(bytes: impl Into<Vec<u8>>) -> Self {
        Self(driver_sys::Secret::from_vec(bytes.into()))
    }

    /// Reads a secret from a file or a pipe (one trailing newline is dropped), for which it waits until the deadline.
    ///
    /// # Errors
    /// The file cannot be read, nothing came from the pipe in time, or the rules of [`Secret::new`].
    pub fn from_file(path: &Path, deadline: Deadline) -> Result<Self> {
        let tried = || format!("read the chap secret from {}", path.display());
        let input = Input::open(path, Some(deadline.instant())).map_err(|e| Error::file(tried(), &e))?;
        Self::from_reader(input).map_err(|e| e.during(tried()))
    }

    /// Reads a secret from standard input, as [`Secret::from_file`]. Nothing of it stays in a buffer of the standard library.
    ///
    /// # Errors
    /// As [`Secret::from_file`].
    pub fn from_stdin(deadline: Deadline) -> Result<Self> {
        let tried = "read the chap secret from standard input";
        let input = Input::stdin(Some(deadline.instant())).map_err(|e| Error::file(tried, &e))?;
        Self::from_reader(input).map_err(|e| e.during(tried))
    }

    /// Reads a secret from a stream without a buffer of its own (one trailing newline is dropped).
    ///
    /// # Errors
    /// The stream cannot be read, or the rules of [`Secret::new`].
    pub fn from_reader(mut reader: impl Read) -> Result<Self> {
        // `read_to_end` would probe with a buffer on the stack.
        let mut bytes = Zeroizing::new(vec![0; TEXT_MAX]);
        let mut filled = 0;
        while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
            match reader.read(room) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::io("read the chap secret", &e)),
            }
        }
        let text = bytes.get(..filled).unwrap_or_default();
        let text = match text.strip_suffix(b"\n") {
            Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
            None => text,
        };
        Self::written(text)
    }

    /// A secret as an operator wrote it: text, or hexadecimal behind `0x`.
    fn written(text: &[u8]) -> Result<Self> {
        let refuse = |why: &str| {
            Err(Error::new(Kind::Invalid, "use this chap secret")
                .answered(why)
                .hint("if that belongs to the secret, write it in hexadecimal: 0x and two digits a byte")
                .with_status(Status::BadSecret))
        };
        if let Some(digits) = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X")) {
            return match hexadecimal(digits) {
                Some(bytes) => Self::checked(driver_sys::Secret::new(&bytes)),
                None if text.len() >= TEXT_MAX => {
                    refuse("it begins with 0x and is longer than any secret that is stored")
                }
                None => refuse("it begins with 0x, and what follows is not pairs of hexadecimal digits"),
            };
        }
        if text.starts_with(b"\xEF\xBB\xBF") {
            return refuse("it begins with a byte order mark, which an editor has put there");
        }
        let blank =
            |b: Option<&u8>| b.is_some_and(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | 0x0B | 0x0C));
        if blank(text.first()) {
            return refuse("it begins with a blank");
        }
        if blank(text.last()) {
            return refuse("it ends with a blank");
        }
        Self::checked(driver_sys::Secret::new(text))
    }

    /// The bytes themselves, for the codec only.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    /// Whether there is no secret at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }
}

/// The longest secret in hexadecimal with its line's end, and a byte that tells a longer one.
const TEXT_MAX: usize = 2 + 2 * SECRET_MAX + 3;

/// Bytes of pairs of hexadecimal digits.
fn hexadecimal(digits: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return None;
    }
    for [high, low] in pairs {
        let digit = |d: u8| char::from(d).to_digit(16);
        let byte = digit(*high)? << 4 | digit(*low)?;
        bytes.push(u8::try_from(byte).ok()?);
    }
    Some(bytes)
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }
}
impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(Self::stored(String::deserialize(deserializer)?.into_bytes()))
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "const": REDACTED, "description": "a secret, never shown" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_rules_are_enforced_at_both_ends() {
        assert!(Secret::new(vec![b'a'; SECRET_MIN - 1]).is_err());
        assert!(Secret::new(vec![b'a'; SECRET_MIN]).is_ok());
        assert!(Secret::new(vec![b'a'; SECRET_MAX]).is_ok());
        assert!(Secret::new(vec![b'a'; SECRET_MAX + 1]).is_err());
        assert!(Secret::new(b"has a\0nul inside".to_vec()).is_err());
    }

    #[test]
    fn no_rendering_shows_the_secret() {
        let s = Secret::new(b"correct-horse-battery".to_vec()).expect("valid");
        for text in [
            format!("{s:?}"),
            format!("{s}"),
            serde_json::to_string(&s).expect("json"),
        ] {
            assert!(!text.contains("horse"), "{text}");
            assert!(text.contains(REDACTED), "{text}");
        }
    }

    #[test]
    fn refusal_does_not_quote_the_secret() {
        let e = Secret::new(b"short-one".to_vec()).expect_err("too short");
        assert!(!format!("{e} {e:?}").contains("short-one"));
    }

    #[test]
    fn a_trailing_newline_is_not_part_of_the_secret() {
        for text in ["correct-horse", "correct-horse\n", "correct-horse\r\n"] {
            let s = Secret::from_reader(text.as_bytes()).expect("valid");
            assert_eq!(s.expose(), b"correct-horse");
        }
        let long = format!("{}\n", "x".repeat(SECRET_MAX));
        assert_eq!(
            Secret::from_reader(long.as_bytes())
                .expect("valid")
                .expose()
                .len(),
            SECRET_MAX
        );
        assert!(Secret::from_reader(format!("{}\r\n", "x".repeat(SECRET_MAX + 1)).as_bytes()).is_err());
        assert!(Secret::from_reader("x".repeat(TEXT_MAX * 2).as_bytes()).is_err());
    }

    #[test]
    fn a_secret_is_text_unless_it_begins_with_0x() {
        let read = |text: &str| Secret::from_reader(text.as_bytes());
        let bytes = |text: &str| read(text).expect(text).expose().to_vec();
        assert_eq!(bytes("0x636f72726563742d686f727365\n"), b"correct-horse");
        assert_eq!(bytes("0X636F72726563742D686F727365"), b"correct-horse");
        assert_eq!(
            bytes("0x3078636f72726563742d686f727365"),
            b"0xcorrect-horse",
            "the way for such a text"
        );
        let longest = format!("0x{}\r\n", "41".repeat(SECRET_MAX));
        assert_eq!(bytes(&longest).len(), SECRET_MAX);
        assert!(read(&format!("0x{}", "41".repeat(SECRET_MAX + 1))).is_err());
        for wrong in [
            "0xcorrect-horse-battery",
            "0x",
            "0x636f72726563742d686f72736",
            "0x0041424344454647484950",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(read("0x6162").expect_err("short").status(), Status::ShortSecret);
    }

    #[test]
    fn what_an_editor_or_a_paste_left_is_refused_with_the_way_out() {
        for text in [
            "\u{FEFF}correct-horse",
            "correct-horse ",
            " correct-horse",
            "correct-horse\t\n",
            "correct-horse\n\n",
        ] {
            let e = Secret::from_reader(text.as_bytes()).expect_err(text);
            assert!(
                e.next_step()
                    .is_some_and(|h| h.to_string().contains("hexadecimal")),
                "{e}"
            );
            assert!(!format!("{e:?}").contains("horse"));
        }
    }
}
