//! 802.1Q tags that were taken out of a frame.

/// Bytes of both MAC addresses.
const ADDRESSES: usize = 12;
/// Bytes of a tag.
const TAG: usize = 4;

/// The EtherType of an 802.1Q tag.
pub const TPID: u16 = 0x8100;

/// Puts a tag behind the addresses of the frame in the first `len` bytes of the room. The new length; `None` when the frame has no
/// addresses or there is no room.
#[must_use]
pub fn put_back(room: &mut [u8], len: usize, tpid: u16, tci: u16) -> Option<usize> {
    let longer = len.checked_add(TAG)?;
    if len < ADDRESSES || longer > room.len() {
        return None;
    }
    room.copy_within(ADDRESSES..len, ADDRESSES + TAG);
    let place = room.get_mut(ADDRESSES..ADDRESSES + TAG)?;
    place[..2].copy_from_slice(&tpid.to_be_bytes());
    place[2..].copy_from_slice(&tci.to_be_bytes());
    Some(longer)
}
