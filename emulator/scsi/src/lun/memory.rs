//! Memory as a medium, allocated where it has been written.

use std::collections::BTreeMap;

use super::medium::{Extent, Medium, MediumError};

/// Memory, allocated in pieces where it has been written; a map of grains tells what has been given up again.
#[derive(Debug, Default)]
pub struct MemoryMedium {
    size: u64,
    pieces: BTreeMap<u64, Piece>,
}

#[derive(Debug)]
struct Piece {
    bytes: Box<[u8]>,
    /// One bit a grain: written since it was last discarded.
    used: u64,
}

/// What one bit of a piece's map stands for.
const GRAIN: u64 = super::limits::UNMAP_GRANULARITY as u64;
const PIECE: u64 = 64 * GRAIN;
/// Mapped pieces that [`Medium::extent`] looks at in one go.
const LOOK: usize = 4096;

impl MemoryMedium {
    /// `size` bytes of zeros.
    #[must_use]
    pub const fn new(size: u64) -> Self {
        Self {
            size,
            pieces: BTreeMap::new(),
        }
    }

    /// Bytes of memory in use.
    #[must_use]
    pub fn allocated(&self) -> u64 {
        self.pieces.len() as u64 * PIECE
    }
}

/// The bits of the grains from `from` to `to`, both in a piece and `from` < `to`.
const fn bits(from: u64, to: u64) -> u64 {
    let count = to - from;
    if count >= 64 {
        u64::MAX
    } else {
        ((1 << count) - 1) << from
    }
}

/// Cuts a byte range at piece borders: piece number, offset in the piece, range of the caller's bytes.
fn cut(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0usize;
    std::iter::from_fn(move || {
        if done >= len {
            return None;
        }
        let at = offset + done as u64;
        let within = (at % PIECE) as usize;
        let step = (PIECE as usize - within).min(len - done);
        let range = done..done + step;
        done += step;
        Some((at / PIECE, within, range))
    })
}

impl Medium for MemoryMedium {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<(), MediumError> {
        for (piece, within, range) in cut(offset, into.len()) {
            let into = &mut into[range];
            match self.pieces.get(&piece) {
                Some(piece) => into.copy_from_slice(&piece.bytes[within..within + into.len()]),
                None => into.fill(0),
            }
        }
        Ok(())
    }

    fn write_at(&mut self, offset: u64, from: &[u8]) -> Result<(), MediumError> {
        for (piece, within, range) in cut(offset, from.len()) {
            let from = &from[range];
            let piece = self.pieces.entry(piece).or_insert_with(|| Piece {
                bytes: vec![0; PIECE as usize].into(),
                used: 0,
            });
            let end = within + from.len();
            piece.bytes[within..end].copy_from_slice(from);
            piece.used |= bits(within as u64 / GRAIN, (end as u64).div_ceil(GRAIN));
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), MediumError> {
        Ok(())
    }

    fn discard(&mut self, offset: u64, len: u64) -> Result<(), MediumError> {
        let end = offset.saturating_add(len);
        let touched: Vec<u64> = self
            .pieces
            .range(offset / PIECE..end.div_ceil(PIECE))
            .map(|(number, _)| *number)
            .collect();
        for number in touched {
            let start = number * PIECE;
            let from = offset.max(start) - start;
            let to = end.min(start + PIECE) - start;
            let Some(piece) = self.pieces.get_mut(&number) else {
                continue;
            };
            let (first, last) = (from.div_ceil(GRAIN), to / GRAIN);
            if first < last {
                piece.used &= !bits(first, last);
            }
            if piece.used == 0 {
                self.pieces.remove(&number);
            } else {
                piece.bytes[from as usize..to as usize].fill(0);
            }
        }
        Ok(())
    }

    fn extent(&mut self, offset: u64, len: u64) -> Result<(u64, Extent), MediumError> {
        let end = offset.saturating_add(len);
        let mut at = offset;
        let mut found = None;
        for (number, piece) in self.pieces.range(offset / PIECE..).take(LOOK) {
            let start = number * PIECE;
            if start > at {
                // Nothing at all before this piece.
                if *found.get_or_insert(Extent::Hole) == Extent::Mapped {
                    return Ok((at.min(end) - offset, Extent::Mapped));
                }
                at = start;
            }
            while at < end && at < start + PIECE {
                let grain = (at - start) / GRAIN;
                let used = piece.used >> grain & 1 != 0;
                let kind = if used { Extent::Mapped } else { Extent::Hole };
                if *found.get_or_insert(kind) != kind {
                    return Ok((at - offset, if used { Extent::Hole } else { Extent::Mapped }));
                }
                at = start + (grain + 1) * GRAIN;
            }
            if at >= end {
                return Ok((len, found.unwrap_or(Extent::Hole)));
            }
        }
        match found {
            Some(Extent::Mapped) => Ok((at.min(end) - offset, Extent::Mapped)),
            // Pieces that hold nothing do not exist: what follows the last one is a hole.
            Some(Extent::Hole) if self.pieces.range(at.div_ceil(PIECE)..).next().is_some() => {
                Ok((at.min(end) - offset, Extent::Hole))
            }
            _ => Ok((len, Extent::Hole)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIZE: u64 = 4 * PIECE;

    proptest! {
        /// Against a plain array and a plain list of grains.
        #[test]
        fn behaves_like_an_array_with_a_map(steps in proptest::collection::vec((any::<bool>(), 0..SIZE, 1u64..300_000, 1u8..), 1..24)) {
            let mut medium = MemoryMedium::new(SIZE);
            let mut bytes = vec![0u8; SIZE as usize];
            let mut used = vec![false; (SIZE / GRAIN) as usize];
            for (write, offset, len, value) in steps {
                let len = len.min(SIZE - offset);
                let range = offset as usize..(offset + len) as usize;
                if write {
                    medium.write_at(offset, &vec![value; len as usize]).unwrap();
                    bytes[range].fill(value);
                    used[(offset / GRAIN) as usize..(offset + len).div_ceil(GRAIN) as usize].fill(true);
                } else {
                    medium.discard(offset, len).unwrap();
                    bytes[range].fill(0);
                    let (first, last) = (offset.div_ceil(GRAIN) as usize, ((offset + len) / GRAIN) as usize);
                    if first < last {
                        used[first..last].fill(false);
                    }
                }
            }
            let mut back = vec![1; SIZE as usize];
            medium.read_at(0, &mut back).unwrap();
            prop_assert!(back == bytes);
            let mut at = 0;
            while at < SIZE {
                let (len, kind) = medium.extent(at, SIZE - at).unwrap();
                prop_assert!(len > 0 && at + len <= SIZE);
                let grains = (at / GRAIN) as usize..((at + len) / GRAIN) as usize;
                prop_assert!(used[grains].iter().all(|used| *used == (kind == Extent::Mapped)));
                at += len;
                if at < SIZE {
                    prop_assert_eq!(used[(at / GRAIN) as usize], kind == Extent::Hole, "a run ends where the kind changes");
                }
            }
            let pieces = used.chunks(64).filter(|piece| piece.contains(&true)).count();
            prop_assert_eq!(medium.allocated(), pieces as u64 * PIECE);
        }
    }

    #[test]
    fn a_large_hole_is_told_in_one_go() {
        let mut medium = MemoryMedium::new(1 << 50);
        assert_eq!(medium.extent(0, 1 << 50).unwrap(), (1 << 50, Extent::Hole));
        medium.write_at(1 << 40, &[1]).unwrap();
        assert_eq!(
            medium.extent(4096, 1 << 49).unwrap(),
            ((1 << 40) - 4096, Extent::Hole)
        );
        assert_eq!(medium.extent(1 << 40, 1 << 20).unwrap(), (GRAIN, Extent::Mapped));
    }
}
