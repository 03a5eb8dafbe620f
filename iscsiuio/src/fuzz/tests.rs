//! The corpus, replayed, and scripts out of nothing. Each file of the corpus was worth keeping to a fuzzer: it goes where no other goes.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::corpus::replay;

#[test]
fn dhcp4_keeps_its_promises_on_the_corpus() {
    replay("dhcp4", super::dhcp4);
}

#[test]
fn dhcp6_keeps_its_promises_on_the_corpus() {
    replay("dhcp6", super::dhcp6);
}

#[test]
fn frames_keep_their_promises_on_the_corpus() {
    replay("frames", super::frames);
}

#[test]
fn ra_keeps_its_promises_on_the_corpus() {
    replay("ra", super::ra);
}

proptest! {
    #[test]
    fn any_script_keeps_the_promises(input in vec(any::<u8>(), 0..1500)) {
        super::dhcp4(&input);
        super::dhcp6(&input);
        super::ra(&input);
        super::frames(&input);
    }
}
