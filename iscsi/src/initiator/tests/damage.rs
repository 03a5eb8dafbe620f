//! Data digest errors, PDU by PDU: the task ends, the session stays where it can.

use super::peer::{Peer, config};
use crate::{
    digest::Digest,
    initiator::{Direction, DropReason, Event, Outcome, TaskTag},
    negotiate::Offer,
    pdu::*,
};

fn with_digests() -> Peer {
    let mut config = config();
    config.offer.data_digests = vec![Digest::Crc32c];
    Peer::logged_in(config, Offer::default())
}

impl Peer {
    /// Says it with a bit of its data wrong.
    fn say_damaged(&mut self, bhs: Bhs, data: &[u8]) {
        let mut common = NopIn::from_bhs(&bhs);
        common.exp_cmd_sn = self.exp_cmd_sn.into();
        common.max_cmd_sn = self.max_cmd_sn.into();
        let mut wire = self.bytes_of(common.to_bhs(), data);
        wire[BHS_LEN] ^= 1;
        self.feed(&wire);
        self.listen();
    }

    /// The task and tag of the abort that was heard last.
    fn abort(&self) -> Option<(TaskTag, TaskTag)> {
        match self.heard.last() {
            Some((InitiatorPdu::TmfRequest(pdu), _)) if pdu.function() == TmfFunction::ABORT_TASK => {
                Some((TaskTag(pdu.referenced_task_tag.get()), TaskTag(pdu.itt.get())))
            }
            _ => None,
        }
    }

    fn answer_abort(&mut self, response: TmfResponseCode) {
        let (_, tag) = self.abort().expect("an abort");
        let pdu = TmfResponse {
            opcode: Opcode::TMF_RESPONSE.into(),
            flags: 0x80,
            response,
            itt: tag.0.into(),
            ..TmfResponse::default()
        };
        self.say(pdu.to_bhs(), b"");
    }

    /// A read whose first data comes damaged.
    fn damaged_read(&mut self) -> TaskTag {
        let read = self.submit(Direction::Read, 1024);
        self.exp_cmd_sn = self.exp_cmd_sn.wrapping_add(1);
        self.say_damaged(Self::data_in(read, 0, 0, 512).to_bhs(), &[5; 512]);
        read
    }
}

fn ended(events: &[Event]) -> Option<(TaskTag, &Outcome)> {
    match events {
        [Event::TaskDone { tag, outcome, .. }] => Some((*tag, outcome)),
        _ => None,
    }
}

#[test]
fn damaged_read_data_aborts_its_task_and_nothing_else() {
    let mut peer = with_digests();
    let read = peer.damaged_read();
    assert_eq!(peer.abort().unwrap().0, read);
    // More of it is on its way, good and bad; it is asked for one abort only.
    peer.say_damaged(Peer::data_in(read, 1, 512, 256).to_bhs(), &[5; 256]);
    peer.say(Peer::data_in(read, 2, 768, 256).to_bhs(), &[5; 256]);
    assert!(peer.events().is_empty());
    peer.answer_abort(TmfResponseCode::COMPLETE);
    assert_eq!(ended(&peer.events()), Some((read, &Outcome::Damaged)));
    assert_eq!(peer.engine.counters().digest_errors, 2);
    // The session goes on.
    let next = peer.submit(Direction::None, 0);
    let response = peer.scsi_response(next);
    peer.say(response.to_bhs(), b"");
    assert!(matches!(
        ended(&peer.events()),
        Some((tag, Outcome::Completed { status: 0, .. })) if tag == next
    ));
    let aborts = |(pdu, _): &&(InitiatorPdu, Vec<u8>)| matches!(pdu, InitiatorPdu::TmfRequest(_));
    assert_eq!(peer.heard.iter().filter(aborts).count(), 1);
}

#[test]
fn a_status_that_overtakes_the_abort_does_not_make_damaged_data_good() {
    let mut peer = with_digests();
    let read = peer.damaged_read();
    peer.say(Peer::data_in(read, 1, 512, 512).to_bhs(), &[5; 512]);
    let response = peer.scsi_response(read);
    peer.say(response.to_bhs(), b"");
    assert_eq!(ended(&peer.events()), Some((read, &Outcome::Damaged)));
    peer.answer_abort(TmfResponseCode::NO_TASK);
    assert!(peer.events().is_empty() && peer.engine.is_open());
}

#[test]
fn damaged_data_with_status_ends_the_task_at_once() {
    let mut peer = with_digests();
    let read = peer.submit(Direction::Read, 512);
    let mut pdu = Peer::data_in(read, 0, 0, 512);
    pdu.flags = DataInFlags::FINAL | DataInFlags::STATUS;
    pdu.stat_sn = peer.status();
    peer.say_damaged(pdu.to_bhs(), &[5; 512]);
    assert_eq!(ended(&peer.events()), Some((read, &Outcome::Damaged)));
    assert!(peer.abort().is_none() && peer.engine.is_open());
    // The status counts: the next one is taken.
    let next = peer.submit(Direction::None, 0);
    let response = peer.scsi_response(next);
    peer.say(response.to_bhs(), b"");
    assert!(ended(&peer.events()).is_some() && peer.engine.is_open());
}

#[test]
fn an_abort_of_damaged_data_that_fails_ends_the_session() {
    let lost = |events: &[Event]| {
        assert!(
            matches!(
                events,
                [
                    Event::TaskDone {
                        outcome: Outcome::Lost,
                        ..
                    },
                    Event::Dropped(DropReason::DataDigest)
                ]
            ),
            "{events:?}"
        );
    };
    let mut peer = with_digests();
    peer.damaged_read();
    peer.answer_abort(TmfResponseCode::REJECTED);
    lost(&peer.events());
    let mut peer = with_digests();
    peer.damaged_read();
    // Nothing is heard of the abort; pings are answered.
    while peer.engine.is_open() {
        peer.wait();
        if let Some((InitiatorPdu::NopOut(ping), _)) = peer.heard.pop() {
            peer.say(Peer::nop_in(ping.itt.get(), RESERVED_TAG).to_bhs(), b"");
        }
    }
    lost(&peer.events());
    assert_eq!(peer.engine.counters().digest_errors, 1);
}

#[test]
fn any_other_damaged_pdu_logs_the_session_out() {
    let mut peer = with_digests();
    let task = peer.submit(Direction::None, 0);
    let response = peer.scsi_response(task);
    peer.say_damaged(response.to_bhs(), &[0, 18, 0x70]);
    let Some((InitiatorPdu::LogoutRequest(logout), _)) = peer.heard.last() else {
        panic!("{:?}", peer.heard.last());
    };
    assert_eq!(
        logout.exp_stat_sn.get(),
        peer.stat_sn,
        "its status is acknowledged"
    );
    let answer = LogoutResponse {
        opcode: Opcode::LOGOUT_RESPONSE.into(),
        flags: 0x80,
        itt: logout.itt,
        ..LogoutResponse::default()
    };
    // What else is damaged meanwhile changes nothing.
    peer.say_damaged(Peer::nop_in(RESERVED_TAG, 9).to_bhs(), b"a ping");
    assert!(peer.events().is_empty());
    peer.say(answer.to_bhs(), b"");
    assert!(matches!(
        peer.events()[..],
        [
            Event::TaskDone {
                outcome: Outcome::Lost,
                ..
            },
            Event::Dropped(DropReason::DataDigest)
        ]
    ));
    assert_eq!(peer.engine.counters().digest_errors, 2);
}

#[test]
fn a_target_that_does_not_know_a_damaged_command_must_count_it() {
    for counted in [true, false] {
        let mut peer = with_digests();
        peer.submit(Direction::Write, 512);
        let Some((command, _)) = peer.heard.last() else {
            panic!("no command");
        };
        let header = command.encode();
        let stat_sn = peer.status();
        let reject = Reject {
            opcode: Opcode::REJECT.into(),
            flags: 0x80,
            reason: RejectReason::DATA_DIGEST_ERROR,
            itt: RESERVED_TAG.into(),
            stat_sn,
            ..Reject::default()
        };
        peer.say(reject.to_bhs(), zerocopy::IntoBytes::as_bytes(&header));
        peer.exp_cmd_sn = peer.exp_cmd_sn.wrapping_add(u32::from(counted));
        peer.answer_abort(TmfResponseCode::NO_TASK);
        assert_eq!(peer.engine.is_open(), counted);
    }
}
