//! Whether the target of such a session is still there.

use super::*;

#[test]
fn liveness_counts_from_what_was_heard_last() {
    let mut peer = started(|_| {});
    assert_eq!(peer.wait(), Duration::from_secs(5));
    assert!(peer.engine.is_pinging());
    peer.engine.ping(peer.now);
    assert_eq!(peer.heard.len(), 1, "one question at a time");
    // Something else is heard: interval and timeout begin again.
    peer.now += Duration::from_secs(3);
    peer.say(Peer::nop_in(RESERVED_TAG, RESERVED_TAG).to_bhs(), &[]);
    assert_eq!(peer.wait(), Duration::from_secs(12));
    assert_eq!(dropped(&mut peer), Some(DropReason::NopTimeout));
}

#[test]
fn a_ping_that_is_rejected_as_one_too_many_is_a_sign_of_life() {
    let mut peer = started(|_| {});
    peer.engine.ping(peer.now);
    peer.listen();
    let Some((InitiatorPdu::NopOut(ping), _)) = peer.heard.last().cloned() else {
        panic!("{:?}", peer.heard)
    };
    let reject = Reject {
        opcode: Opcode::REJECT.into(),
        reason: RejectReason::TOO_MANY_IMMEDIATE,
        itt: RESERVED_TAG.into(),
        ..Reject::default()
    };
    let header: [u8; BHS_LEN] = zerocopy::transmute!(ping.to_bhs());
    peer.say(reject.to_bhs(), &header);
    assert!(!peer.engine.is_pinging() && peer.engine.is_open());
    peer.say(reject.to_bhs(), &header[..40]);
    assert_eq!(
        dropped(&mut peer),
        Some(DropReason::Protocol(Breach::RejectHeader))
    );
}
