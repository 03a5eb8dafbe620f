//! The hardware semaphores that the functions of a card share.
//!
//! Owns who holds which of the five. A function takes a free one by writing its code (4 and the function's number) and frees it
//! by writing zero; it cannot free another's. Source: `ql4_nvram.c` `ql4xxx_sem_spinlock`, `ql4_fw.h` `QL4022_*_SEM_MASK`.

/// Lowest bit of each field; three bits each.
const FIELDS: [u32; 5] = [1, 4, 7, 10, 13];

/// The semaphore register of a card.
#[derive(Debug, Default)]
pub(super) struct Semaphores {
    /// Code and holder's port by field.
    held: [Option<(u32, usize)>; 5],
}

impl Semaphores {
    /// What any function reads.
    pub(super) fn read(&self) -> u32 {
        let bits = self.held.iter().zip(FIELDS);
        bits.fold(0, |all, (held, at)| all | held.map_or(0, |(code, _)| code << at))
    }

    /// A function writes; the upper half is the mask.
    pub(super) fn write(&mut self, port: usize, value: u32) {
        for (held, at) in self.held.iter_mut().zip(FIELDS) {
            if (value >> 16) >> at & 7 != 7 {
                continue;
            }
            match (*held, value >> at & 7) {
                (None, 0) => {}
                (None, code) => *held = Some((code, port)),
                (Some((_, holder)), 0) if holder == port => *held = None,
                (Some(_), _) => {}
            }
        }
    }

    /// A function was reset: it holds nothing.
    pub(super) fn release(&mut self, port: usize) {
        for held in &mut self.held {
            *held = held.filter(|(_, holder)| *holder != port);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semaphore_belongs_to_who_took_it() {
        let mut semaphores = Semaphores::default();
        let nvram = 7 << (10 + 16);
        semaphores.write(0, nvram | 5 << 10);
        assert_eq!(semaphores.read(), 5 << 10);
        semaphores.write(1, nvram | 7 << 10);
        assert_eq!(semaphores.read(), 5 << 10, "taken already");
        semaphores.write(1, nvram);
        assert_eq!(semaphores.read(), 5 << 10, "not the holder");
        semaphores.write(1, 7 << (1 + 16) | 7 << 1);
        assert_eq!(semaphores.read(), 5 << 10 | 7 << 1);
        semaphores.write(0, 5 << 13);
        assert_eq!(semaphores.read() >> 13, 0, "without its mask a field stays");
        semaphores.write(0, nvram);
        assert_eq!(semaphores.read(), 7 << 1);
        semaphores.release(1);
        assert_eq!(semaphores.read(), 0);
    }
}
