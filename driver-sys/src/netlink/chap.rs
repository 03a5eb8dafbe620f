//! CHAP entries as GET_CHAP answers them, page by page.
//!
//! The answer is multicast: every listener of group 1 receives the secrets. Source: `scsi_transport_iscsi.c`,
//! `iscsi_get_chap`; `ql4_os.c`, `qla4xxx_get_chap_list`.

use core::fmt;
use std::borrow::Cow;

use zerocopy::FromBytes;
use zeroize::Zeroizing;

use super::body::{Body, Payload};
use super::error::DecodeError;
use super::params::ChapType;
use super::raw::{iscsi_chap_rec, msg_get_chap};
use crate::secret::Secret;

/// Size of one record, in bytes.
pub const RECORD: usize = size_of::<iscsi_chap_rec>();
/// Records that one answer may carry here to be read; the stock tool asks for 7.
pub const MAX_RECORDS: usize = 128;

/// One CHAP entry. `Debug` hides the password; it is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct ChapRecord {
    /// Index in the table.
    pub index: u16,
    /// Direction.
    pub kind: ChapType,
    /// User name, at most 255 bytes, no NUL.
    pub username: Vec<u8>,
    /// The secret's room as far as it is used, at most 255 bytes.
    pub password: Secret,
    /// How many of them are the secret. A damaged table says whatever it says.
    pub password_length: u8,
}

impl ChapRecord {
    /// The user name for display.
    #[must_use]
    pub fn username_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.username)
    }

    /// The secret.
    #[must_use]
    pub fn secret(&self) -> &[u8] {
        let room = self.password.expose();
        room.get(..self.password_length.into()).unwrap_or(room)
    }

    /// Writes the record where it belongs: one of its own on the stack would leave the secret there.
    fn write(&self, place: &mut iscsi_chap_rec) {
        let text = |room: &mut [u8; 256], bytes: &[u8]| {
            let bytes = &bytes[..bytes.len().min(255)];
            room[..bytes.len()].copy_from_slice(bytes);
        };
        place.chap_tbl_idx.set(self.index);
        place.chap_type.set(self.kind.raw());
        text(&mut place.username, crate::hw::until_nul(&self.username));
        text(&mut place.password, self.password.expose());
        place.password_length = self.password_length;
    }

    /// Reads a record where it is, for the same reason.
    fn read(place: &iscsi_chap_rec) -> Self {
        let text = crate::hw::until_nul(&place.password).len();
        let used = text.max(place.password_length.into()).min(255);
        Self {
            index: place.chap_tbl_idx.get(),
            kind: ChapType::from_raw(place.chap_type.get()),
            username: crate::hw::until_nul(&place.username).to_vec(),
            password: Secret::new(&place.password[..used]),
            password_length: place.password_length,
        }
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
}

impl Payload<msg_get_chap> for ChapPage {
    fn write(&self, layout: &mut msg_get_chap) -> Zeroizing<Vec<u8>> {
        layout.host_no = self.host_no;
        layout.chap_tbl_idx = self.start;
        layout.num_entries = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        let room = usize::try_from(self.room)
            .unwrap_or(MAX_RECORDS)
            .max(self.records.len());
        let mut out = Zeroizing::new(vec![0; room * RECORD]);
        for (record, place) in self.records.iter().zip(out.chunks_exact_mut(RECORD)) {
            if let Ok(place) = iscsi_chap_rec::mut_from_bytes(place) {
                record.write(place);
            }
        }
        out
    }

    fn read(layout: &msg_get_chap, body: &mut Body<'_>) -> Self {
        let payload = body.bytes();
        let room = payload.len() / RECORD;
        let count = usize::try_from(layout.num_entries).unwrap_or(usize::MAX);
        if room > MAX_RECORDS {
            body.odd(DecodeError::TooMany {
                what: "CHAP entries",
                count: room,
                limit: MAX_RECORDS,
            });
        }
        if count > room {
            body.odd(DecodeError::Length {
                what: "CHAP entries",
                claimed: count.saturating_mul(RECORD),
                have: payload.len(),
            });
        }
        let records = payload
            .chunks_exact(RECORD)
            .take(count.min(MAX_RECORDS))
            .filter_map(|place| iscsi_chap_rec::ref_from_bytes(place).ok())
            .map(ChapRecord::read)
            .collect();
        Self {
            host_no: layout.host_no,
            start: layout.chap_tbl_idx,
            records,
            room: u32::try_from(room).unwrap_or(u32::MAX),
        }
    }
}
