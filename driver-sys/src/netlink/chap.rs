//! CHAP entries as GET_CHAP answers them, page by page.
//!
//! The answer is multicast: every listener of group 1 receives the secrets. Source: `scsi_transport_iscsi.c`,
//! `iscsi_get_chap`; `ql4_os.c`, `qla4xxx_get_chap_list`.

use core::fmt;
use core::mem::offset_of;
use std::borrow::Cow;

use zeroize::Zeroizing;

use super::error::{DecodeError, index};
use super::params::ChapType;
use super::raw::iscsi_chap_rec;
use crate::secret::Secret;

/// Size of one record, in bytes.
pub const RECORD: usize = size_of::<iscsi_chap_rec>();
/// Records that one answer may carry here; the stock tool asks for 7.
pub const MAX_RECORDS: usize = 128;
/// Records that fit into a page of memory, which is what the stock tool asks for.
pub const RECORDS_PER_PAGE: u32 = 7;

/// One CHAP entry. `Debug` hides the password; it is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct ChapRecord {
    /// Index in the table.
    pub index: u16,
    /// Direction.
    pub kind: ChapType,
    /// User name, at most 255 bytes, no NUL.
    pub username: Vec<u8>,
    /// Secret, at most 255 bytes.
    pub password: Secret,
}

impl ChapRecord {
    /// The user name for display.
    #[must_use]
    pub fn username_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.username)
    }

    /// Writes the record, field by field into its place: a record of its own on the stack would leave the secret there.
    fn write(&self, place: &mut [u8]) {
        let name = crate::hw::until_nul(&self.username);
        let name = &name[..name.len().min(255)];
        let secret = self.password.expose();
        let secret = &secret[..secret.len().min(255)];
        let length = u8::try_from(secret.len()).unwrap_or(u8::MAX);
        put(
            place,
            offset_of!(iscsi_chap_rec, chap_tbl_idx),
            &self.index.to_ne_bytes(),
        );
        put(
            place,
            offset_of!(iscsi_chap_rec, chap_type),
            &self.kind.raw().to_ne_bytes(),
        );
        put(place, offset_of!(iscsi_chap_rec, username), name);
        put(place, offset_of!(iscsi_chap_rec, password), secret);
        put(place, offset_of!(iscsi_chap_rec, password_length), &[length]);
    }

    /// Reads a record where it is, for the same reason.
    fn read(place: &[u8]) -> Option<Self> {
        let from = |offset: usize| place.get(offset..);
        let index = from(offset_of!(iscsi_chap_rec, chap_tbl_idx))?.first_chunk()?;
        let kind = from(offset_of!(iscsi_chap_rec, chap_type))?.first_chunk()?;
        let username = from(offset_of!(iscsi_chap_rec, username))?.first_chunk::<256>()?;
        let length = *from(offset_of!(iscsi_chap_rec, password_length))?.first()?;
        let password = from(offset_of!(iscsi_chap_rec, password))?.get(..usize::from(length))?;
        Some(Self {
            index: u16::from_ne_bytes(*index),
            kind: ChapType::from_raw(u32::from_ne_bytes(*kind)),
            username: crate::hw::until_nul(username).to_vec(),
            password: Secret::new(password),
        })
    }
}

fn put(place: &mut [u8], offset: usize, bytes: &[u8]) {
    if let Some(to) = place.get_mut(offset..offset + bytes.len()) {
        to.copy_from_slice(bytes);
    }
}

impl fmt::Debug for ChapRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChapRecord")
            .field("index", &self.index)
            .field("kind", &self.kind)
            .field("username", &self.username_lossy())
            .field("password", &"[redacted]")
            .finish()
    }
}

/// One answer to GET_CHAP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChapPage {
    /// Host.
    pub host_no: u32,
    /// Where the search began.
    pub start: u16,
    /// The valid entries found, in index order.
    pub records: Vec<ChapRecord>,
    /// Room in the answer: the number of records that was asked for.
    pub room: u32,
}

impl ChapPage {
    /// Where to go on asking; `None` when this page was not full.
    #[must_use]
    pub fn next(&self) -> Option<u16> {
        let full = u32::try_from(self.records.len()).unwrap_or(u32::MAX) >= self.room && self.room > 0;
        if full {
            self.records.last().and_then(|r| r.index.checked_add(1))
        } else {
            None
        }
    }

    pub(crate) fn encode_payload(&self) -> Zeroizing<Vec<u8>> {
        let room = usize::try_from(self.room)
            .unwrap_or(MAX_RECORDS)
            .clamp(self.records.len(), MAX_RECORDS);
        let mut out = Zeroizing::new(vec![0; room * RECORD]);
        for (record, place) in self.records.iter().zip(out.chunks_exact_mut(RECORD)) {
            record.write(place);
        }
        out
    }

    pub(crate) fn decode_payload(
        host_no: u32,
        start: u16,
        valid: u32,
        payload: &[u8],
    ) -> Result<Self, DecodeError> {
        let room = payload.len() / RECORD;
        if room > MAX_RECORDS {
            return Err(DecodeError::TooMany {
                what: "CHAP entries",
                count: room,
                limit: MAX_RECORDS,
            });
        }
        let count = index("CHAP entries", valid)?;
        if count > room {
            return Err(DecodeError::Length {
                what: "CHAP entries",
                claimed: count.saturating_mul(RECORD),
                have: payload.len(),
            });
        }
        let records = payload
            .chunks_exact(RECORD)
            .take(count)
            .filter_map(ChapRecord::read)
            .collect();
        Ok(Self {
            host_no,
            start,
            records,
            room: u32::try_from(room).unwrap_or(u32::MAX),
        })
    }
}
