//! Header and data digests: CRC32C.
//!
//! Owns the checksum and its byte order on the wire. Source: RFC 7143 section 13.1 and RFC 3720 appendix B.4.

use std::fmt;

/// Bytes that a digest takes on the wire.
pub const DIGEST_LEN: usize = 4;

/// What protects a PDU's header or data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Digest {
    /// No digest.
    #[default]
    None,
    /// CRC32C.
    Crc32c,
}

impl Digest {
    /// The value's name in HeaderDigest= and DataDigest=.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Crc32c => "CRC32C",
        }
    }

    /// The digest of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::None, Self::Crc32c]
            .into_iter()
            .find(|digest| digest.name() == name)
    }

    /// Bytes on the wire: 0 or 4.
    #[must_use]
    pub const fn len(self) -> usize {
        match self {
            Self::None => 0,
            Self::Crc32c => DIGEST_LEN,
        }
    }

    /// True if there is no digest on the wire.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        matches!(self, Self::None)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A running CRC32C.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Crc(u32);

impl Crc {
    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0 = crc32c::crc32c_append(self.0, bytes);
    }

    /// The bytes as they stand on the wire.
    #[must_use]
    pub const fn to_wire(self) -> [u8; DIGEST_LEN] {
        self.0.to_le_bytes()
    }
}

/// The digest of `bytes` as it stands on the wire.
#[must_use]
pub fn crc32c_wire(bytes: &[u8]) -> [u8; DIGEST_LEN] {
    let mut crc = Crc::default();
    crc.update(bytes);
    crc.to_wire()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720 appendix B.4, byte for byte.
    #[test]
    fn vectors_of_the_rfc() {
        let up: Vec<u8> = (0..32).collect();
        let down: Vec<u8> = (0..32).rev().collect();
        #[rustfmt::skip]
        let read10: [u8; 48] = [
            0x01, 0xc0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0,  0, 0, 0, 0,
            0x14, 0, 0, 0,  0, 0, 0x04, 0,  0, 0, 0, 0x14,  0, 0, 0, 0x18,
            0x28, 0, 0, 0,  0, 0, 0, 0,  0x02, 0, 0, 0,  0, 0, 0, 0,
        ];
        assert_eq!(crc32c_wire(&[0; 32]), [0xaa, 0x36, 0x91, 0x8a]);
        assert_eq!(crc32c_wire(&[0xff; 32]), [0x43, 0xab, 0xa8, 0x62]);
        assert_eq!(crc32c_wire(&up), [0x4e, 0x79, 0xdd, 0x46]);
        assert_eq!(crc32c_wire(&down), [0x5c, 0xdb, 0x3f, 0x11]);
        assert_eq!(crc32c_wire(&read10), [0x56, 0x3a, 0x96, 0xd9]);
    }

    #[test]
    fn pieces_give_the_same_as_the_whole() {
        let mut crc = Crc::default();
        crc.update(b"1234");
        crc.update(b"");
        crc.update(b"56789");
        assert_eq!(crc.to_wire(), crc32c_wire(b"123456789"));
    }
}
