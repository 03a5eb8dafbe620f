//! Additional header segments: long CDBs and the read length of bidirectional commands.
//!
//! Source: RFC 7143 sections 11.2.2 and 11.3.5 to 11.3.6.

/// One additional header segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ahs<'a> {
    /// The bytes of the CDB beyond the first 16.
    ExtendedCdb(&'a [u8]),
    /// Expected read length of a bidirectional command, in bytes.
    BidiReadLength(u32),
    /// Any other type.
    Other {
        /// AHSType.
        kind: u8,
        /// The segment's bytes after AHSType, AHSLength bytes.
        bytes: &'a [u8],
    },
}

/// The segments lie about their length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed additional header segment")]
pub struct AhsError;

/// Walks over the segments of a PDU.
#[derive(Debug, Clone, Copy)]
pub struct AhsList<'a>(&'a [u8]);

impl<'a> AhsList<'a> {
    /// The segments in `bytes` (all AHS bytes of one PDU).
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn split(&mut self) -> Result<Ahs<'a>, AhsError> {
        let (&[high, low, kind], rest) = self.0.split_first_chunk().ok_or(AhsError)?;
        let len = usize::from(u16::from_be_bytes([high, low]));
        let bytes = rest.get(..len).ok_or(AhsError)?;
        let padded = (3 + len).next_multiple_of(4);
        self.0 = self.0.get(padded..).ok_or(AhsError)?;
        Ok(match (kind & 0x3f, bytes) {
            // AHSLength counts one reserved byte that comes before the value.
            (1, [_, cdb @ ..]) => Ahs::ExtendedCdb(cdb),
            (2, &[_, a, b, c, d]) => Ahs::BidiReadLength(u32::from_be_bytes([a, b, c, d])),
            (1 | 2, _) => return Err(AhsError),
            (kind, bytes) => Ahs::Other { kind, bytes },
        })
    }
}

impl<'a> Iterator for AhsList<'a> {
    type Item = Result<Ahs<'a>, AhsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let item = self.split();
        if item.is_err() {
            self.0 = &[];
        }
        Some(item)
    }
}

impl Ahs<'_> {
    /// Appends the segment, padded, to `out`. `None` if it is too long for its length field.
    pub fn encode(&self, out: &mut Vec<u8>) -> Option<()> {
        let read_length;
        let (kind, reserved, bytes): (u8, &[u8], &[u8]) = match self {
            Self::ExtendedCdb(cdb) => (1, &[0], cdb),
            Self::BidiReadLength(length) => {
                read_length = length.to_be_bytes();
                (2, &[0], &read_length)
            }
            Self::Other { kind, bytes } => (*kind, &[], bytes),
        };
        let len = u16::try_from(bytes.len() + reserved.len()).ok()?;
        out.extend_from_slice(&len.to_be_bytes());
        out.push(kind);
        out.extend_from_slice(reserved);
        out.extend_from_slice(bytes);
        out.resize(out.len().next_multiple_of(4), 0);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_cdb_and_a_read_length_round_trip() {
        let cdb = [7u8; 16];
        let mut bytes = Vec::new();
        Ahs::ExtendedCdb(&cdb).encode(&mut bytes).unwrap();
        assert_eq!(&bytes[..4], &[0, 17, 1, 0], "length counts the reserved byte");
        assert_eq!(bytes.len(), 20);
        Ahs::BidiReadLength(0x0102_0304).encode(&mut bytes).unwrap();
        let got: Vec<_> = AhsList::new(&bytes).collect();
        assert_eq!(
            got,
            [
                Ok(Ahs::ExtendedCdb(&cdb[..])),
                Ok(Ahs::BidiReadLength(0x0102_0304))
            ]
        );
    }

    #[test]
    fn a_lying_length_is_an_error_and_ends_the_walk() {
        for bytes in [
            &[0u8, 9, 1, 0][..],
            &[0xff, 0xff, 1, 0, 0, 0, 0, 0],
            &[0, 0, 1, 0],
            &[0, 1, 2, 0],
            &[0, 5],
        ] {
            assert_eq!(
                AhsList::new(bytes).collect::<Vec<_>>(),
                [Err(AhsError)],
                "{bytes:?}"
            );
        }
    }
}
