//! What happens to bytes on their way: where the stream is cut, and which byte goes wrong.

use std::collections::VecDeque;

/// Where the stream is cut: piece lengths, used round and round.
pub(crate) struct Cuts(VecDeque<usize>);

impl Cuts {
    pub(crate) fn new(lengths: impl IntoIterator<Item = usize>) -> Self {
        Self(lengths.into_iter().map(|length| length.max(1)).collect())
    }

    pub(crate) fn next(&mut self) -> usize {
        let length = self.0.pop_front().unwrap_or(usize::MAX);
        self.0.push_back(length);
        length
    }
}

/// Flips a bit of the byte asked for, if it is among these.
pub(crate) fn damage(flip: &mut Option<usize>, bytes: &mut [u8]) {
    let Some(at) = *flip else { return };
    match bytes.get_mut(at) {
        Some(byte) => {
            *byte ^= 0x04;
            *flip = None;
        }
        None => *flip = Some(at - bytes.len()),
    }
}
