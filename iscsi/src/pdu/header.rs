//! What all basic header segments share.
//!
//! Source: RFC 7143 section 11.2.1.

use std::fmt;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned, byteorder::big_endian::U32};

use super::Opcode;

/// Length of a basic header segment.
pub const BHS_LEN: usize = 48;
/// Longest additional header segments: TotalAHSLength counts 4-byte words in one byte.
pub const MAX_AHS_LEN: usize = 255 * 4;
/// Longest data segment: DataSegmentLength has 24 bits.
pub const MAX_DATA_SEGMENT: usize = 0x00ff_ffff;
/// The reserved value of task tags.
pub const RESERVED_TAG: u32 = 0xffff_ffff;

/// A 24-bit big-endian number.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(transparent)]
pub struct U24(pub [u8; 3]);

impl U24 {
    /// The number.
    #[must_use]
    pub const fn get(self) -> usize {
        let [a, b, c] = self.0;
        u32::from_be_bytes([0, a, b, c]) as usize
    }

    /// `value` as 24 bits; `None` if it does not fit.
    #[must_use]
    pub fn new(value: usize) -> Option<Self> {
        let [top, bytes @ ..] = u32::try_from(value).ok()?.to_be_bytes();
        (top == 0).then_some(Self(bytes))
    }
}

impl fmt::Debug for U24 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().fmt(f)
    }
}

/// First byte of a PDU: the immediate bit and the opcode.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, Default, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned,
)]
#[repr(transparent)]
pub struct OpcodeByte(pub u8);

impl OpcodeByte {
    const IMMEDIATE: u8 = 0x40;

    /// A PDU that takes part in the command window.
    #[must_use]
    pub const fn queued(opcode: Opcode) -> Self {
        Self(opcode.0 & 0x3f)
    }

    /// A PDU for immediate delivery.
    #[must_use]
    pub const fn immediate(opcode: Opcode) -> Self {
        Self(opcode.0 & 0x3f | Self::IMMEDIATE)
    }

    /// Bits 0..=5.
    #[must_use]
    pub const fn opcode(self) -> Opcode {
        Opcode(self.0 & 0x3f)
    }

    /// The I bit.
    #[must_use]
    pub const fn is_immediate(self) -> bool {
        self.0 & Self::IMMEDIATE != 0
    }
}

impl From<Opcode> for OpcodeByte {
    fn from(opcode: Opcode) -> Self {
        Self::queued(opcode)
    }
}

impl fmt::Debug for OpcodeByte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?}{}",
            self.opcode(),
            if self.is_immediate() { "|I" } else { "" }
        )
    }
}

/// A logical unit number as it stands on the wire (SAM, eight bytes).
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Default,
    FromBytes,
    IntoBytes,
    Immutable,
    KnownLayout,
    Unaligned,
)]
#[repr(transparent)]
pub struct Lun(pub [u8; 8]);

impl Lun {
    /// Single-level LUN: peripheral addressing below 256, flat addressing below 16384; higher bits are cut off.
    #[must_use]
    pub const fn flat(number: u16) -> Self {
        let [high, low] = number.to_be_bytes();
        let high = if number < 256 { 0 } else { 0x40 | (high & 0x3f) };
        Self([high, low, 0, 0, 0, 0, 0, 0])
    }

    /// The number of a single-level LUN in peripheral (bus 0) or flat addressing.
    #[must_use]
    pub const fn number(self) -> Option<u16> {
        match self.0 {
            [0, low, 0, 0, 0, 0, 0, 0] => Some(low as u16),
            [high @ 0x40..=0x7f, low, 0, 0, 0, 0, 0, 0] => Some(u16::from_be_bytes([high & 0x3f, low])),
            _ => None,
        }
    }
}

impl fmt::Debug for Lun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Lun({:#018x})", u64::from_be_bytes(self.0))
    }
}

/// A basic header segment whose opcode has not been looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
pub struct Bhs {
    /// I bit and opcode.
    pub opcode: OpcodeByte,
    /// Opcode-specific flags; bit 7 is F, or T in login.
    pub flags: u8,
    /// Opcode-specific.
    pub specific: [u8; 2],
    /// Length of all additional headers in 4-byte words.
    pub total_ahs_length: u8,
    /// Length of the data segment in bytes, without padding.
    pub data_segment_length: U24,
    /// LUN, or opcode-specific.
    pub lun: Lun,
    /// Initiator task tag.
    pub itt: U32,
    /// Opcode-specific.
    pub rest: [u8; 28],
}

const _: () = assert!(size_of::<Bhs>() == BHS_LEN);

impl Bhs {
    /// The bytes of a header.
    #[must_use]
    pub fn from_array(bytes: [u8; BHS_LEN]) -> Self {
        zerocopy::transmute!(bytes)
    }

    /// Length of the additional headers in bytes.
    #[must_use]
    pub const fn ahs_len(&self) -> usize {
        self.total_ahs_length as usize * 4
    }

    /// Length of the data segment in bytes, without padding.
    #[must_use]
    pub const fn data_len(&self) -> usize {
        self.data_segment_length.get()
    }
}
