//! 802.1Q tags that adapters keep beside the frame.

use driver_sys::netdev::{TPID, put_back};

use super::super::check::TAG;

/// Bytes of both MAC addresses.
const ADDRESSES: usize = 12;

/// The frame's tag control information, and the frame without its tag in two pieces.
pub(super) fn split(frame: &[u8]) -> (Option<u16>, [&[u8]; 2]) {
    let tagged = frame.get(ADDRESSES..ADDRESSES + 2) == Some(&TPID.to_be_bytes());
    match (tagged, frame.get(ADDRESSES + 2..ADDRESSES + TAG)) {
        (true, Some(tci)) => {
            let tci = tci.iter().fold(0, |tci, byte| tci << 8 | u16::from(*byte));
            let (addresses, rest) = frame.split_at(ADDRESSES);
            (Some(tci), [addresses, rest.get(TAG..).unwrap_or_default()])
        }
        _ => (None, [frame, &[]]),
    }
}

/// Puts a tag into the first `len` bytes of the room; the new length, or `None` when there is no room.
pub(super) fn insert(room: &mut [u8], len: usize, tci: u16) -> Option<usize> {
    put_back(room, len, TPID, tci)
}
