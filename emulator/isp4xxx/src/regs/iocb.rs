//! The 64-byte entries of the request and response rings.
//!
//! Owns layouts and entry types. Source: `ql4_fw.h`, "IOCB Commands Structures and Definitions".
#![allow(clippy::upper_case_acronyms, reason = "the field's names")]

use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout};

/// Bytes of every entry.
pub(super) const ENTRY: usize = 64;
/// One entry.
pub(super) type Entry = [u8; ENTRY];

pub(super) const ET_STATUS: u8 = 0x03;
pub(super) const ET_MARKER: u8 = 0x04;
pub(super) const ET_CONTINUE: u8 = 0x0A;
pub(super) const ET_STATUS_CONTINUATION: u8 = 0x10;
pub(super) const ET_COMMAND: u8 = 0x19;
pub(super) const ET_MBOX_CMD: u8 = 0x38;
pub(super) const ET_MBOX_STATUS: u8 = 0x39;
pub(super) const ET_PASSTHRU0: u8 = 0x3A;
pub(super) const ET_PASSTHRU_STATUS: u8 = 0x3C;

/// `SD_ISCSI_PDU`.
pub(super) const SD_ISCSI_PDU: u8 = 0x01;
/// `CF_WRITE`, `CF_READ`.
pub(super) const CF_WRITE: u8 = 0x20;
pub(super) const CF_READ: u8 = 0x40;
/// `ISCSI_FLAG_RESIDUAL_UNDER`, `_OVER`.
pub(super) const RESIDUAL_UNDER: u8 = 0x02;
pub(super) const RESIDUAL_OVER: u8 = 0x04;
/// `PASSTHRU_STATUS_COMPLETE`.
pub(super) const PASSTHRU_STATUS_COMPLETE: u8 = 0x01;
/// `IOCB_MAX_SENSEDATA_LEN`, `IOCB_MAX_EXT_SENSEDATA_LEN`.
pub(super) const SENSE: usize = 32;
pub(super) const MORE_SENSE: usize = 60;
/// `RESPONSE_PROCESSED`: what the driver leaves in the last word of an entry it is done with.
pub(super) const RESPONSE_PROCESSED: u32 = 0xDEAD_DEAD;

macro_rules! layout {
    ($($(#[$meta:meta])* struct $name:ident { $($field:ident: $kind:ty),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, FromBytes, IntoBytes, Immutable, KnownLayout)]
        #[repr(C)]
        pub(super) struct $name { $(pub(super) $field: $kind),* }
        impl $name {
            /// Reads the layout from the front of an entry.
            #[allow(dead_code, reason = "some are only written")]
            pub(super) fn of(entry: &Entry) -> Self {
                const { assert!(size_of::<$name>() <= ENTRY) };
                Self::read_from_prefix(entry).map_or_else(|_| Self::new_zeroed(), |(it, _)| it)
            }
            /// The entry, padded with zeros.
            #[allow(dead_code, reason = "some are only read")]
            pub(super) fn entry(&self) -> Entry {
                let mut entry = [0; ENTRY];
                entry[..size_of::<Self>()].copy_from_slice(self.as_bytes());
                entry
            }
        }
    )*};
}

layout! {
    /// `struct qla4_header`.
    struct Header { kind: u8, status: u8, system_defined: u8, count: u8 }
    /// `struct data_seg_a64`.
    struct DataSeg { low: U32, high: U32, count: U32 }
    /// `struct command_t3_entry`.
    struct CommandT3 {
        header: Header,
        handle: U32,
        target: U16,
        connection: U16,
        control_flags: u8,
        state_flags: u8,
        reference: u8,
        reserved: u8,
        cdb: [u8; 16],
        lun: [u8; 8],
        cmd_seq_num: U32,
        timeout: U16,
        segments: U16,
        bytes: U32,
        segment: DataSeg,
    }
    /// `struct continuation_t1_entry`.
    struct ContinuationT1 { header: Header, segments: [DataSeg; 5] }
    /// `struct status_entry`.
    struct Status {
        header: Header,
        handle: U32,
        scsi_status: u8,
        flags: u8,
        response: u8,
        completion: u8,
        reserved: u8,
        state_flags: u8,
        sense_len: U16,
        residual: U32,
        bidi_residual: U32,
        exp_seq_num: U32,
        max_cmd_seq_num: U32,
        sense: [u8; SENSE],
    }
    /// `struct status_cont_entry`.
    struct StatusContinuation { header: Header, sense: [u8; MORE_SENSE] }
    /// `struct passthru0`.
    struct Passthru0 {
        header: Header,
        handle: U32,
        target: U16,
        connection: U16,
        control_flags: U16,
        timeout: U16,
        out: DataSeg,
        reserved: U32,
        input: DataSeg,
    }
    /// `struct passthru_status`.
    struct PassthruStatus {
        header: Header,
        handle: U32,
        target: U16,
        connection: U16,
        completion: u8,
        residual_flags: u8,
        timeout: U16,
        port_number: U16,
        reserved: [u8; 10],
        out_residual: U32,
        reserved2: [u8; 12],
        in_residual: U32,
    }
    /// `struct mbox_cmd_iocb`, `struct mbox_status_iocb`.
    struct Mbox { header: Header, handle: U32, mailboxes: [U32; 8] }
}

impl DataSeg {
    /// Bus address.
    pub(super) fn at(&self) -> u64 {
        u64::from(self.high.get()) << 32 | u64::from(self.low.get())
    }
}

impl Header {
    /// A header of one entry.
    pub(super) fn one(kind: u8) -> Self {
        Self {
            kind,
            status: 0,
            system_defined: 0,
            count: 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts_have_the_drivers_sizes() {
        assert_eq!(size_of::<CommandT3>(), 64);
        assert_eq!(size_of::<ContinuationT1>(), 64);
        assert_eq!(size_of::<Status>(), 64);
        assert_eq!(size_of::<StatusContinuation>(), 64);
        assert_eq!(size_of::<Passthru0>(), 0x2C);
        assert_eq!(size_of::<PassthruStatus>(), 0x30);
        assert_eq!(size_of::<Mbox>(), 40);
    }
}
