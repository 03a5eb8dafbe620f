//! `key=value` text of login and text PDUs.
//!
//! Owns syntax, order and the C bit (text that goes on in the next PDU). Must not know what keys mean. Linear in its input, bounded by
//! the caller's limit. Source: RFC 7143 section 6.1 and 6.2.

/// Longest key name (RFC 7143 section 6.1).
pub const MAX_KEY: usize = 63;
/// Text of one exchange in the login phase: the RFC asks for 8192 bytes at least in total, CHAP's large values fit too.
pub const LOGIN_TEXT_LIMIT: usize = 64 * 1024;

/// Why a text is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TextError {
    /// A pair without `=`.
    #[error("text without an equals sign")]
    NoEquals,
    /// A key name with a character that the RFC does not allow, empty, or longer than 63 bytes.
    #[error("malformed key name")]
    BadKey,
    /// A value that is no UTF-8.
    #[error("value is not UTF-8")]
    BadValue,
    /// More text than this side takes.
    #[error("text is longer than {limit} bytes")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// The last pair is not ended by a NUL.
    #[error("text is cut off")]
    Unterminated,
}

/// One pair.
pub type Pair<'a> = (&'a str, &'a str);

/// The pairs of a complete text, in order. Empty pairs (padding NULs) are passed over.
pub fn pairs(text: &[u8]) -> impl Iterator<Item = Result<Pair<'_>, TextError>> {
    text.split(|byte| *byte == 0)
        .filter(|pair| !pair.is_empty())
        .map(pair)
}

/// As [`pairs`], with values as they came: one that is no UTF-8 spoils its own pair only.
pub fn raw_pairs(text: &[u8]) -> impl Iterator<Item = Result<(&str, &[u8]), TextError>> {
    text.split(|byte| *byte == 0)
        .filter(|pair| !pair.is_empty())
        .map(raw_pair)
}

fn pair(bytes: &[u8]) -> Result<Pair<'_>, TextError> {
    let (key, value) = raw_pair(bytes)?;
    Ok((key, str::from_utf8(value).map_err(|_| TextError::BadValue)?))
}

fn raw_pair(bytes: &[u8]) -> Result<(&str, &[u8]), TextError> {
    let equals = bytes
        .iter()
        .position(|byte| *byte == b'=')
        .ok_or(TextError::NoEquals)?;
    let (key, value) = (
        bytes.get(..equals).unwrap_or_default(),
        bytes.get(equals + 1..).unwrap_or_default(),
    );
    let allowed =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'@' | b'_' | b'#');
    if key.is_empty() || key.len() > MAX_KEY || !key.iter().all(allowed) {
        return Err(TextError::BadKey);
    }
    let key = str::from_utf8(key).map_err(|_| TextError::BadKey)?;
    Ok((key, value))
}

/// Gathers text over PDUs with the C bit.
#[derive(Debug)]
pub struct TextReader {
    text: Vec<u8>,
    limit: usize,
}

impl TextReader {
    /// Takes at most `limit` bytes over all PDUs of one text.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            text: Vec::new(),
            limit,
        }
    }

    /// Adds a data segment.
    ///
    /// # Errors
    /// [`TextError::TooLong`].
    pub fn add(&mut self, segment: &[u8]) -> Result<(), TextError> {
        if segment.len() > self.limit.saturating_sub(self.text.len()) {
            return Err(TextError::TooLong { limit: self.limit });
        }
        self.text.extend_from_slice(segment);
        Ok(())
    }

    /// The text is complete (no C bit): takes it out, the reader is empty again.
    ///
    /// # Errors
    /// [`TextError::Unterminated`] if the last pair has no NUL.
    pub fn finish(&mut self) -> Result<Vec<u8>, TextError> {
        let text = std::mem::take(&mut self.text);
        if text.last().is_some_and(|byte| *byte != 0) {
            Err(TextError::Unterminated)
        } else {
            Ok(text)
        }
    }

    /// True if nothing has been gathered.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

/// Writes pairs, and hands them out in data segments.
#[derive(Clone, Default)]
pub struct TextWriter {
    text: Vec<u8>,
    taken: usize,
}

impl std::fmt::Debug for TextWriter {
    /// Lengths only: values may be CHAP material.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextWriter")
            .field("len", &self.text.len())
            .field("taken", &self.taken)
            .finish()
    }
}

impl TextWriter {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `key=value` and its NUL.
    pub fn push(&mut self, key: &str, value: &str) {
        self.text.extend_from_slice(key.as_bytes());
        self.text.push(b'=');
        self.text.extend_from_slice(value.as_bytes());
        self.text.push(0);
    }

    /// Everything written so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// True if everything has been taken.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.taken >= self.text.len()
    }

    /// The next data segment of at most `max` bytes, and whether more follows (the C bit).
    pub fn take(&mut self, max: usize) -> (&[u8], bool) {
        let start = self.taken.min(self.text.len());
        let end = start.saturating_add(max.max(1)).min(self.text.len());
        self.taken = end;
        (
            self.text.get(start..end).unwrap_or_default(),
            end < self.text.len(),
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_come_in_order_and_values_may_hold_equals() {
        let got: Result<Vec<_>, _> = pairs(b"A=1\0X-com.a#b@c=\0\0K=a=b\0\0").collect();
        assert_eq!(got.unwrap(), [("A", "1"), ("X-com.a#b@c", ""), ("K", "a=b")]);
    }

    #[test]
    fn broken_pairs_are_named() {
        let long = format!("{}=1", "k".repeat(64));
        for (text, why) in [
            (&b"Alpha"[..], TextError::NoEquals),
            (b"=1", TextError::BadKey),
            (b"a b=1", TextError::BadKey),
            (long.as_bytes(), TextError::BadKey),
            (b"k=\xff", TextError::BadValue),
        ] {
            assert_eq!(pairs(text).next(), Some(Err(why)));
        }
    }

    #[test]
    fn a_reader_is_bounded_and_wants_a_nul_at_the_end() {
        let mut reader = TextReader::new(8);
        reader.add(b"a=1\0b").unwrap();
        assert_eq!(reader.add(b"=345"), Err(TextError::TooLong { limit: 8 }));
        assert_eq!(reader.finish(), Err(TextError::Unterminated));
        assert!(reader.is_empty());
        reader.add(b"a=1\0").unwrap();
        assert_eq!(reader.finish().unwrap(), b"a=1\0");
    }

    #[test]
    fn debug_shows_no_values() {
        let mut writer = TextWriter::new();
        writer.push("CHAP_R", "0xsecret");
        assert!(!format!("{writer:?}").contains("secret"));
    }

    proptest! {
        #[test]
        fn text_survives_any_segment_length(
            pairs_in in proptest::collection::vec(("[A-Z][a-zA-Z0-9.#-]{0,20}", "[ -~]{0,40}"), 0..10), max in 1usize..50,
        ) {
            let mut writer = TextWriter::new();
            for (key, value) in &pairs_in {
                writer.push(key, value);
            }
            let mut reader = TextReader::new(usize::MAX);
            loop {
                let (segment, more) = writer.take(max);
                prop_assert!(segment.len() <= max);
                reader.add(segment).unwrap();
                if !more { break }
            }
            let text = reader.finish().unwrap();
            let got: Vec<(String, String)> = pairs(&text).map(|p| p.unwrap()).map(|(k, v)| (k.into(), v.into())).collect();
            prop_assert_eq!(got, pairs_in);
        }

        #[test]
        fn arbitrary_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert!(pairs(&text).count() <= text.len());
        }
    }
}
