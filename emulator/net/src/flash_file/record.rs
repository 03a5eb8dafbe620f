//! One commit in the journal: which bytes were where, and which replace them.
//!
//! Owns the record's bytes: `HBAr`, CRC32C, number, length of the body, then for each change region, offset, length, the old
//! bytes and the new ones; integers little-endian. The checksum begins with the journal's salt, so that nothing but this journal's
//! own writes reads as a record. It must not know files.

use isp4xxx::flash::Region;
use zeroize::Zeroize;

const MAGIC: [u8; 4] = *b"HBAr";
/// Magic, checksum, number, length of the body.
const HEAD: usize = 4 + 4 + 8 + 4;
/// Region, offset, length.
const ENTRY: usize = 1 + 8 + 4;

/// Bytes that take the place of others. `Debug` is left out: they may be secrets.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) region: Region,
    pub(super) offset: u64,
    pub(super) old: Vec<u8>,
    pub(super) new: Vec<u8>,
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.old.zeroize();
        self.new.zeroize();
    }
}

/// One commit.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) number: u64,
    pub(super) entries: Vec<Entry>,
}

/// The bytes of a record; every entry's old and new bytes are equally many.
pub(super) fn encode(salt: u64, number: u64, entries: &[Entry]) -> Vec<u8> {
    let body: usize = entries.iter().map(|entry| ENTRY + 2 * entry.new.len()).sum();
    let mut out = Vec::with_capacity(HEAD + body);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&number.to_le_bytes());
    out.extend_from_slice(&(body as u32).to_le_bytes());
    for entry in entries {
        out.push(match entry.region {
            Region::Flash => 0,
            Region::Nvram => 1,
        });
        out.extend_from_slice(&entry.offset.to_le_bytes());
        out.extend_from_slice(&(entry.new.len() as u32).to_le_bytes());
        out.extend_from_slice(&entry.old);
        out.extend_from_slice(&entry.new);
    }
    let sum = checksum(salt, &out[8..]);
    out[4..8].copy_from_slice(&sum.to_le_bytes());
    out
}

/// The record that begins here, and its length; `None` when there is no whole one.
pub(super) fn decode(salt: u64, bytes: &[u8]) -> Option<(Record, usize)> {
    let mut head = Reader(bytes);
    if head.take(4)? != MAGIC {
        return None;
    }
    let sum = head.u32()?;
    let number = head.u64()?;
    let body = head.u32()? as usize;
    let len = HEAD.checked_add(body)?;
    let checked = bytes.get(8..len)?;
    if checksum(salt, checked) != sum {
        return None;
    }
    let mut body = Reader(bytes.get(HEAD..len)?);
    let mut entries = Vec::new();
    while !body.0.is_empty() {
        let region = match body.take(1)? {
            [0] => Region::Flash,
            [1] => Region::Nvram,
            _ => return None,
        };
        let offset = body.u64()?;
        let count = body.u32()? as usize;
        let old = body.take(count)?.to_vec();
        let new = body.take(count)?.to_vec();
        entries.push(Entry {
            region,
            offset,
            old,
            new,
        });
    }
    Some((Record { number, entries }, len))
}

fn checksum(salt: u64, bytes: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&salt.to_le_bytes()), bytes)
}

/// Bytes from the front, never beyond the end.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries() -> Vec<Entry> {
        let entry = |region, offset, byte: u8, len| Entry {
            region,
            offset,
            old: vec![byte; len],
            new: vec![!byte; len],
        };
        vec![
            entry(Region::Flash, 0x0D00_0200, 1, 512),
            entry(Region::Nvram, 0, 2, 7),
        ]
    }

    #[test]
    fn a_record_reads_back_and_tells_its_length() {
        let entries = entries();
        let mut bytes = encode(7, 42, &entries);
        let len = bytes.len();
        bytes.extend_from_slice(&[0xAA; 100]);
        let (record, found) = decode(7, &bytes).unwrap();
        assert_eq!((record.number, found), (42, len));
        assert!(record.entries == entries);
    }

    #[test]
    fn a_torn_or_foreign_record_is_none() {
        let bytes = encode(7, 42, &entries());
        assert!(decode(8, &bytes).is_none(), "another journal's record");
        for cut in 0..bytes.len() {
            assert!(decode(7, &bytes[..cut]).is_none(), "cut at {cut}");
        }
        for at in 0..bytes.len() {
            let mut torn = bytes.clone();
            torn[at] ^= 1;
            assert!(decode(7, &torn).is_none(), "byte {at} differs");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_are_no_panic(bytes: Vec<u8>) {
            proptest::prop_assert!(decode(0, &bytes).is_none());
            let mut named = MAGIC.to_vec();
            named.extend_from_slice(&checksum(0, bytes.get(4..).unwrap_or_default()).to_le_bytes());
            named.extend_from_slice(bytes.get(4..).unwrap_or_default());
            if let Some((_, len)) = decode(0, &named) {
                proptest::prop_assert!(len <= named.len());
            }
        }
    }
}
