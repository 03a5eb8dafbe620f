//! Data-in of commands with an allocation length: one place that truncates (SPC-4 §4.2.5.6).

use crate::data_in::DataIn;

/// Writes parameter data into the command's data-in buffer and cuts it at the allocation length.
///
/// The lengths inside the data stay those of the complete data, as SPC-4 wants.
pub(crate) fn answer(data_in: &mut dyn DataIn, complete: &[u8], allocation: usize) -> u64 {
    let kept = complete.get(..allocation).unwrap_or(complete);
    data_in.room(kept.len()).copy_from_slice(kept);
    kept.len() as u64
}

/// Appends `text` as ASCII, left-aligned and padded with blanks to `width` bytes.
pub(crate) fn push_ascii(out: &mut Vec<u8>, text: &str, width: usize) {
    let start = out.len();
    out.extend(
        text.bytes()
            .map(|b| if (0x20..0x7f).contains(&b) { b } else { b' ' })
            .take(width),
    );
    out.resize(start + width, b' ');
}

/// Big-endian integer of up to eight bytes at `at..at + len`; missing bytes read as zero.
pub(crate) fn be(bytes: &[u8], at: usize, len: usize) -> u64 {
    (at..at + len).fold(0, |value, i| {
        (value << 8) | u64::from(bytes.get(i).copied().unwrap_or(0))
    })
}
