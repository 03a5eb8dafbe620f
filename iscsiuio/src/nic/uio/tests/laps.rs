//! Indices against counting by hand.

use proptest::prelude::*;

use crate::nic::uio::lap::Lap;

const LAPS: [Lap; 3] = [Lap::new(256, 255), Lap::new(512, 510), Lap::new(64, 63)];

#[test]
fn an_index_goes_over_pointers_and_over_its_own_end() {
    let bnx2 = LAPS[0];
    assert_eq!((bnx2.next(253), bnx2.next(254), bnx2.next(256)), (254, 256, 257));
    assert_eq!(bnx2.next(65534), 0, "65535 is a pointer");
    let bnx2x = LAPS[1];
    assert_eq!((bnx2x.next(508), bnx2x.next(509)), (509, 512));
    assert_eq!(bnx2x.settle(510), 512);
}

proptest! {
    #[test]
    fn so_many_steps_are_so_far(which in 0..3_usize, from in any::<u16>(), steps in 0..600_u32) {
        let lap = LAPS[which];
        let from = lap.settle(from);
        let to = (0..steps).fold(from, |index, _| lap.next(index));
        prop_assert_eq!(lap.ahead(from, to), steps);
    }

    #[test]
    fn no_index_is_on_a_pointer_once_settled(which in 0..3_usize, index in any::<u16>(), to in any::<u16>()) {
        let (lap, used) = (LAPS[which], [255, 510, 63][which]);
        prop_assert!(lap.entry(lap.settle(index)) < used);
        prop_assert!(lap.entry(lap.next(index)) < used);
        prop_assert!(lap.ahead(index, to) < 65536);
    }
}
