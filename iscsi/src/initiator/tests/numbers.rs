//! CmdSN, StatSN and ExpDataSN: where they wrap, and what a wrong one does.

use super::peer::{Peer, config};
use crate::{
    initiator::{Breach, Direction, DropReason, Event, Outcome},
    negotiate::Offer,
    pdu::*,
};

#[test]
fn both_numbers_wrap() {
    let mut config = config();
    config.first_cmd_sn = Some(0xffff_fffd);
    let mut peer = Peer::new(config);
    peer.stat_sn = 0xffff_fffc;
    peer.log_in(crate::negotiate::SessionType::Normal, Offer::default());
    for round in 0..8u32 {
        let tag = peer.submit(Direction::None, 0);
        let Some((InitiatorPdu::ScsiCommand(pdu), _)) = peer.heard.last() else {
            panic!("{:?}", peer.heard)
        };
        assert_eq!(pdu.cmd_sn.get(), 0xffff_fffdu32.wrapping_add(round));
        assert_eq!(pdu.exp_stat_sn.get(), peer.stat_sn);
        peer.exp_cmd_sn = peer.exp_cmd_sn.wrapping_add(1);
        peer.max_cmd_sn = peer.exp_cmd_sn;
        let done = peer.scsi_response(tag);
        peer.say(done.to_bhs(), b"");
        assert!(matches!(
            peer.events()[..],
            [Event::TaskDone {
                outcome: Outcome::Completed { .. },
                ..
            }]
        ));
    }
    assert_eq!(peer.engine.exp_stat_sn(), 0xffff_fffcu32.wrapping_add(10));
}

#[test]
fn a_window_that_wraps_holds_back_what_is_beyond() {
    let mut config = config();
    config.first_cmd_sn = Some(0xffff_fffe);
    let mut peer = Peer::logged_in(config, Offer::default());
    peer.heard.clear();
    // ExpCmdSN 0xfffffffe, MaxCmdSN 1: four commands.
    for _ in 0..40 {
        peer.submit(Direction::None, 0);
    }
    assert_eq!(peer.heard.len(), 32);
    peer.exp_cmd_sn = peer.exp_cmd_sn.wrapping_add(32);
    peer.max_cmd_sn = peer.exp_cmd_sn.wrapping_add(3);
    peer.say(Peer::nop_in(RESERVED_TAG, RESERVED_TAG).to_bhs(), b"");
    assert_eq!(peer.heard.len(), 36);
    // A window from before the wrap is stale.
    (peer.exp_cmd_sn, peer.max_cmd_sn) = (0xffff_fffe, 0xffff_ffff);
    peer.say(Peer::nop_in(RESERVED_TAG, RESERVED_TAG).to_bhs(), b"");
    assert_eq!(peer.heard.len(), 36);
}

#[test]
fn a_lost_or_repeated_status_ends_the_connection() {
    for wrong in [-1i32, 1, 2, i32::MIN] {
        let mut peer = Peer::ready();
        let tag = peer.submit(Direction::None, 0);
        let mut pdu = peer.scsi_response(tag);
        pdu.stat_sn = pdu.stat_sn.get().wrapping_add_signed(wrong).into();
        peer.say(pdu.to_bhs(), b"");
        assert!(matches!(
            peer.events()[..],
            [
                Event::TaskDone {
                    outcome: Outcome::Lost,
                    ..
                },
                Event::Dropped(DropReason::Protocol(Breach::StatSn))
            ]
        ));
    }
}

#[test]
fn a_read_that_missed_data_is_not_completed() {
    let respond = |exp_data_sn: u32| {
        let mut peer = Peer::ready();
        let tag = peer.submit(Direction::Read, 1024);
        peer.say(Peer::data_in(tag, 0, 0, 512).to_bhs(), &[1; 512]);
        let pdu = ScsiResponse {
            exp_data_sn: exp_data_sn.into(),
            ..peer.scsi_response(tag)
        };
        peer.say(pdu.to_bhs(), b"");
        peer.engine.is_open()
    };
    assert!(respond(1), "all that was sent arrived");
    assert!(respond(0), "a target that does not count");
    assert!(!respond(2));
}
