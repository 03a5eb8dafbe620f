//! Devices that write anything anywhere at any time: nothing is touched outside of the memory, and nothing goes on for ever.

use proptest::prelude::*;

use super::bnx2::room;
use super::shared::Shared;
use super::{bnx2, bnx2x, qedi};
use crate::nic::uio::{Memory, Ring, RingError, Taken};

/// What a device does between two steps of ours.
#[derive(Debug, Clone)]
struct Mischief {
    memory: usize,
    at: usize,
    value: u32,
}

fn mischief() -> impl Strategy<Value = Vec<Mischief>> {
    // The places that are read matter most.
    let at = prop_oneof![
        0..64_usize,
        4096..4160_usize,
        8192..8260_usize,
        1024..1060_usize,
        any::<usize>()
    ];
    let value = prop_oneof![
        any::<u32>(),
        0..70_u32,
        (0..70_u32).prop_map(|v| v << 16),
        Just(u32::MAX)
    ];
    let one = (0..3_usize, at, value).prop_map(|(memory, at, value)| Mischief { memory, at, value });
    proptest::collection::vec(one, 0..80)
}

fn survives(
    ring: &mut impl Ring,
    memories: [&Shared; 3],
    mischief: &[Mischief],
) -> Result<(), TestCaseError> {
    let mut room = room();
    for step in mischief {
        let memory = memories[step.memory];
        let at = step.at % memory.len() / 4 * 4;
        let _ = memory.write32(at, step.value);
        for _ in 0..3 {
            match ring.take(&mut room) {
                Ok(Taken::Frame(len)) => prop_assert!((14..=room.len()).contains(&len)),
                Ok(_) => {}
                Err(RingError::Outside(outside)) => prop_assert!(false, "{outside}"),
                Err(_) => break,
            }
        }
        if ring.idle().unwrap_or(false) {
            let put = ring.put(&[7; 98]);
            prop_assert!(!matches!(put, Err(RingError::Outside(_))), "{put:?}");
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn bnx2_that_lies(mischief in mischief()) {
        let chip = bnx2::Chip::new(3);
        let mut ring = chip.open().unwrap();
        survives(&mut ring, [&chip.status, &chip.ring, &chip.buffers], &mischief)?;
    }

    #[test]
    fn bnx2x_that_lies(mischief in mischief()) {
        let chip = bnx2x::Chip::e2();
        let mut ring = chip.open().unwrap();
        survives(&mut ring, [&chip.status, &chip.ring, &chip.buffers], &mischief)?;
    }

    #[test]
    fn qedi_that_lies(mischief in mischief()) {
        let driver = qedi::Driver::new();
        let mut ring = driver.open().unwrap();
        survives(&mut ring, [&driver.control, &driver.ring, &driver.buffers], &mischief)?;
    }

    /// Descriptors of any content either are a ring or are refused.
    #[test]
    fn descriptors_of_any_content_do_no_harm(mischief in mischief()) {
        let chip = bnx2::Chip::new(3);
        let other = bnx2x::Chip::e2();
        for step in &mischief {
            for ring in [&chip.ring, &other.ring] {
                let _ = ring.write32((4096 + step.at % 64) / 4 * 4, step.value);
            }
            let _ = other.buffers.write32(step.at % 24 / 4 * 4, step.value);
        }
        if let Ok(mut ring) = chip.open() {
            survives(&mut ring, [&chip.status, &chip.ring, &chip.buffers], &mischief)?;
        }
        if let Ok(mut ring) = other.open() {
            survives(&mut ring, [&other.status, &other.ring, &other.buffers], &mischief)?;
        }
    }
}
