//! The header of a PDU: 12 bytes whose fields are the wire itself.
//!
//! Must not know what a message says. Source: RFC 4171 section 5.1.

use zerocopy::byteorder::big_endian::U16;

/// The port that IANA gave to iSNS.
pub const ISNS_PORT: u16 = 3205;
/// Length of a header.
pub const HEADER_LEN: usize = 12;
/// The version of the protocol.
pub const VERSION: u16 = 1;
/// Longest payload of a PDU: 16 bits of length, 4-byte aligned.
pub const MAX_PAYLOAD: usize = 65532;

/// A header.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    zerocopy::FromBytes,
    zerocopy::IntoBytes,
    zerocopy::Immutable,
    zerocopy::KnownLayout,
    zerocopy::Unaligned,
)]
#[repr(C)]
pub struct Header {
    /// [`VERSION`].
    pub version: U16,
    /// [`super::Function`].
    pub function: U16,
    /// Bytes of payload in this PDU.
    pub length: U16,
    /// [`Flags`].
    pub flags: U16,
    /// The same in all PDUs of a request and of its response.
    pub xid: U16,
    /// Counts the PDUs of a message from 0.
    pub sequence: U16,
}

const _: () = assert!(size_of::<Header>() == HEADER_LEN);

bitflags::bitflags! {
    /// Flags of a header; unknown bits are kept.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
    pub struct Flags: u16 {
        /// The sender is a client.
        const CLIENT = 0x8000;
        /// The sender is a server.
        const SERVER = 0x4000;
        /// A block with a signature follows the payload.
        const AUTHENTICATED = 0x2000;
        /// DevAttrReg: what is registered is replaced.
        const REPLACE = 0x1000;
        /// Last PDU of a message.
        const LAST = 0x0800;
        /// First PDU of a message.
        const FIRST = 0x0400;
        const _ = !0;
    }
}
