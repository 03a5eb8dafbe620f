//! Full feature phase, PDU by PDU.

use std::time::Duration;

use super::peer::{Peer, config};
use crate::{
    digest::Digest,
    initiator::{Direction, Event, Outcome, Residual},
    negotiate::{Offer, Params},
    pdu::*,
};

fn data_outs(peer: &Peer) -> Vec<(u32, u32, u32, usize, bool)> {
    let one = |heard: &super::peer::Heard| match &heard.0 {
        InitiatorPdu::DataOut(pdu) => {
            let last = pdu.flags & DataOut::FINAL != 0;
            Some((
                pdu.ttt.get(),
                pdu.data_sn.get(),
                pdu.buffer_offset.get(),
                heard.1.len(),
                last,
            ))
        }
        _ => None,
    };
    peer.heard.iter().filter_map(one).collect()
}

pub(super) fn command(peer: &Peer) -> (ScsiCommand, usize) {
    let command = peer.heard.iter().find_map(|(pdu, data)| match pdu {
        InitiatorPdu::ScsiCommand(pdu) => Some((*pdu, data.len())),
        _ => None,
    });
    command.expect("a command was sent")
}

/// What goes out for a write of 20000 bytes: F, immediate bytes, unsolicited Data-Out (count, bytes).
fn unsolicited(immediate_data: bool, initial_r2t: bool, first_burst: u32) -> (bool, usize, usize, usize) {
    let params = Params {
        immediate_data,
        initial_r2t,
        first_burst,
        ..Params::default()
    };
    let mut config = config();
    config.offer.params = params.clone();
    let mut peer = Peer::logged_in(
        config,
        Offer {
            params,
            ..Offer::default()
        },
    );
    peer.submit(Direction::Write, 20_000);
    let (pdu, immediate) = command(&peer);
    assert_eq!(pdu.expected_length.get(), 20_000);
    let outs = data_outs(&peer);
    assert!(outs.iter().all(|out| out.0 == RESERVED_TAG));
    (
        pdu.flags.contains(CommandFlags::FINAL),
        immediate,
        outs.len(),
        outs.iter().map(|out| out.3).sum(),
    )
}

#[test]
fn unsolicited_data_follows_the_parameters() {
    assert_eq!(
        unsolicited(true, true, 65_536),
        (true, 8192, 0, 0),
        "immediate data is one segment"
    );
    assert_eq!(
        unsolicited(true, true, 1000),
        (true, 1000, 0, 0),
        "and one first burst at most"
    );
    assert_eq!(unsolicited(false, true, 65_536), (true, 0, 0, 0));
    assert_eq!(unsolicited(false, false, 65_536), (false, 0, 3, 20_000));
    assert_eq!(unsolicited(true, false, 65_536), (false, 8192, 2, 11_808));
    assert_eq!(unsolicited(true, false, 8192), (true, 8192, 0, 0));
    assert_eq!(unsolicited(true, false, 9000), (false, 8192, 1, 808));
}

#[test]
fn an_r2t_is_answered_in_segments_with_its_tag() {
    let params = Params {
        immediate_data: false,
        ..Params::default()
    };
    let mut config = config();
    config.offer.params = params;
    let mut peer = Peer::logged_in(config, Offer::default());
    let tag = peer.submit(Direction::Write, 20_000);
    peer.say(Peer::r2t(tag, 0, 0, 10_000).to_bhs(), b"");
    peer.say(Peer::r2t(tag, 1, 10_000, 10_000).to_bhs(), b"");
    assert_eq!(
        data_outs(&peer),
        [
            (0x7700, 0, 0, 8192, false),
            (0x7700, 1, 8192, 1808, true),
            (0x7701, 0, 10_000, 8192, false),
            (0x7701, 1, 18_192, 1808, true),
        ]
    );
    let bytes: Vec<u8> = peer
        .heard
        .iter()
        .skip(1)
        .flat_map(|heard| heard.1.iter().copied())
        .collect();
    assert!(bytes.iter().enumerate().all(|(at, byte)| *byte == at as u8));
    let done = peer.scsi_response(tag);
    peer.say(done.to_bhs(), b"");
    let [
        Event::TaskDone {
            outcome: Outcome::Completed {
                transferred: 20_000, ..
            },
            ..
        },
    ] = peer.events()[..]
    else {
        panic!("not completed")
    };
}

#[test]
fn r2ts_come_in_any_order_where_that_was_negotiated() {
    let params = Params {
        immediate_data: false,
        data_sequence_in_order: false,
        ..Params::default()
    };
    let mut config = config();
    config.offer.params = params.clone();
    let mut peer = Peer::logged_in(
        config,
        Offer {
            params,
            ..Offer::default()
        },
    );
    let tag = peer.submit(Direction::Write, 2000);
    peer.say(Peer::r2t(tag, 0, 1000, 1000).to_bhs(), b"");
    peer.say(Peer::r2t(tag, 1, 0, 1000).to_bhs(), b"");
    assert_eq!(
        data_outs(&peer),
        [(0x7700, 0, 1000, 1000, true), (0x7701, 0, 0, 1000, true)]
    );
}

#[test]
fn a_response_before_all_data_went_out_leaves_the_stream_in_step() {
    let mut config = config();
    config.offer.data_digests = vec![Digest::Crc32c];
    config.offer.params.initial_r2t = false;
    let offer = Offer {
        params: config.offer.params.clone(),
        ..Offer::default()
    };
    let mut peer = Peer::logged_in(config, offer);
    let command = crate::initiator::Command {
        lun: Lun::default(),
        cdb: vec![0x2a; 10],
        direction: Direction::Write,
        expected_length: 50_000,
        attribute: TaskAttribute::SIMPLE,
        buffer: Box::new(vec![0x5a; 50_000]),
    };
    // Not listened to: everything waits in the queue while the target answers.
    let tag = peer.engine.submit(peer.now, command);
    let response = ScsiResponse {
        status: 8,
        ..peer.scsi_response(tag)
    };
    peer.say(response.to_bhs(), b"");
    let events = peer.events();
    let [
        Event::TaskDone {
            outcome: Outcome::Completed { status: 8, .. },
            buffer,
            ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(buffer.len(), 50_000);
    let bytes: Vec<u8> = peer
        .heard
        .iter()
        .flat_map(|heard| heard.1.iter().copied())
        .collect();
    assert!(
        bytes.len() == 50_000 && bytes.iter().all(|byte| *byte == 0x5a),
        "digests hold and nothing is missing"
    );
    let ping = peer.engine.nop(peer.now);
    peer.listen();
    peer.say(Peer::nop_in(ping.0, RESERVED_TAG).to_bhs(), b"");
    assert!(matches!(
        peer.events()[..],
        [Event::NopDone { answered: true, .. }]
    ));
}

#[test]
fn status_may_come_with_the_last_data() {
    let mut peer = Peer::ready();
    let tag = peer.submit(Direction::Read, 1000);
    peer.say(Peer::data_in(tag, 0, 0, 600).to_bhs(), &[1; 600]);
    let flags = DataInFlags::FINAL | DataInFlags::STATUS | DataInFlags::UNDERFLOW;
    let last = DataIn {
        flags,
        residual: 100.into(),
        stat_sn: peer.status(),
        ..Peer::data_in(tag, 1, 600, 300)
    };
    peer.say(last.to_bhs(), &[2; 300]);
    let events = peer.events();
    let [Event::TaskDone { outcome, buffer, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    let residual = Residual::Underflow(100);
    assert_eq!(
        *outcome,
        Outcome::Completed {
            status: 0,
            sense: Vec::new(),
            residual,
            transferred: 900
        }
    );
    assert_eq!(
        (buffer.chunk(0)[0], buffer.chunk(600)[0], buffer.chunk(900)[0]),
        (1, 2, 900u32 as u8)
    );
    assert_eq!(peer.engine.exp_stat_sn(), peer.stat_sn);
}

#[test]
fn missing_data_counts_as_underflow_whatever_the_target_says() {
    let mut peer = Peer::ready();
    let tag = peer.submit(Direction::Read, 1000);
    peer.say(Peer::data_in(tag, 0, 0, 600).to_bhs(), &[1; 600]);
    let done = peer.scsi_response(tag);
    peer.say(done.to_bhs(), b"");
    let [
        Event::TaskDone {
            outcome:
                Outcome::Completed {
                    residual,
                    transferred,
                    ..
                },
            ..
        },
    ] = &peer.events()[..]
    else {
        panic!("not completed")
    };
    assert_eq!((*residual, *transferred), (Residual::Underflow(400), 600));
}

#[test]
fn a_target_failure_is_no_scsi_status() {
    let mut peer = Peer::ready();
    let tag = peer.submit(Direction::None, 0);
    let pdu = ScsiResponse {
        response: ScsiResponseCode::TARGET_FAILURE,
        ..peer.scsi_response(tag)
    };
    peer.say(pdu.to_bhs(), b"");
    let [
        Event::TaskDone {
            outcome: Outcome::TargetFailure(ScsiResponseCode::TARGET_FAILURE),
            ..
        },
    ] = peer.events()[..]
    else {
        panic!("not a target failure")
    };
}

#[test]
fn a_closed_window_holds_commands_back_until_a_nop_in_opens_it() {
    let mut peer = Peer::ready();
    let cmd_sn = peer.exp_cmd_sn;
    peer.max_cmd_sn = peer.exp_cmd_sn.wrapping_add(31);
    for _ in 0..40 {
        peer.submit(Direction::None, 0);
    }
    assert_eq!(peer.heard.len(), 32);
    let sent: Vec<u32> = peer
        .heard
        .iter()
        .map(|(pdu, _)| NopIn::from_bhs(&pdu.encode()).stat_sn.get())
        .collect();
    assert_eq!(sent[0], cmd_sn, "the login did not use its number up");
    assert!(sent.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)));
    peer.exp_cmd_sn = cmd_sn.wrapping_add(32);
    peer.max_cmd_sn = cmd_sn.wrapping_add(36);
    peer.say(Peer::nop_in(RESERVED_TAG, RESERVED_TAG).to_bhs(), b"");
    assert_eq!(peer.heard.len(), 37);
}

#[test]
fn the_time_of_completed_commands_is_counted() {
    let mut peer = Peer::ready();
    for seconds in [1, 3] {
        let tag = peer.submit(Direction::None, 0);
        peer.now += Duration::from_secs(seconds);
        let done = peer.scsi_response(tag);
        peer.say(done.to_bhs(), b"");
    }
    let counters = peer.engine.counters();
    assert_eq!(
        (counters.completed, counters.busy, counters.busy_max),
        (2, Duration::from_secs(4), Duration::from_secs(3))
    );
}

#[test]
fn what_only_two_way_commands_have_is_read_over() {
    let mut peer = Peer::ready();
    let tag = peer.submit(Direction::Read, 0);
    let pdu = ScsiResponse {
        // Both bits of the read direction, which this side never asks for beside a write.
        flags: ScsiResponseFlags::FINAL
            | ScsiResponseFlags::BIDI_OVERFLOW
            | ScsiResponseFlags::BIDI_UNDERFLOW,
        bidi_residual: 99.into(),
        ..peer.scsi_response(tag)
    };
    peer.say(pdu.to_bhs(), b"");
    let events = peer.events();
    let [
        Event::TaskDone {
            outcome: Outcome::Completed { residual, .. },
            ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(*residual, Residual::None);
}

#[test]
fn sense_is_cut_to_what_is_there() {
    for (data, want) in [
        (&b""[..], &b""[..]),
        (b"\x00", b""),
        (b"\x00\x00rest", b""),
        (b"\x00\x03abcdef", b"abc"),
        (b"\xff\xffabc", b"abc"),
    ] {
        let mut peer = Peer::ready();
        let tag = peer.submit(Direction::None, 0);
        let pdu = ScsiResponse {
            status: 2,
            ..peer.scsi_response(tag)
        };
        peer.say(pdu.to_bhs(), data);
        assert!(
            matches!(&peer.events()[..], [Event::TaskDone { outcome: Outcome::Completed { status: 2, sense, .. }, .. }] if sense == want),
            "{data:?}"
        );
    }
}
