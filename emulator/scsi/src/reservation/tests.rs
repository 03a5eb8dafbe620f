//! Registrations, reservations and what is kept of them.

use super::*;
use crate::cdb::{OutAction, PersistentOut};
use crate::lun::Failure;
use crate::opcode::code;
use crate::sense::AdditionalSense;
use proptest::prelude::*;

fn port(number: u8) -> PortId {
    PortId::new(
        &format!("iqn.2026-01.net.example:h,i,0x00023d0000{number:02x}"),
        1,
    )
}

fn list(key: u64, action_key: u64, flags: u8) -> Vec<u8> {
    let mut list = key.to_be_bytes().to_vec();
    list.extend_from_slice(&action_key.to_be_bytes());
    list.extend_from_slice(&[0, 0, 0, 0, flags, 0, 0, 0]);
    list
}

fn out(
    state: &mut Reservations,
    who: u8,
    action: OutAction,
    kind: u8,
    data: &[u8],
) -> Result<Vec<(PortId, AdditionalSense)>, Failure> {
    let request = PersistentOut {
        action,
        scope: 0,
        kind,
        list_len: data.len(),
    };
    state
        .change(&request, data, &port(who), true)
        .map(|news| news.attentions)
}

/// A state with these ports registered, each with its number as its key.
fn registered(ports: &[u8]) -> Reservations {
    let mut state = Reservations::default();
    for who in ports {
        let added = out(
            &mut state,
            *who,
            OutAction::Register(false),
            0,
            &list(0, u64::from(*who), 0),
        );
        assert_eq!(added, Ok(Vec::new()));
    }
    state
}

fn may(state: &Reservations, who: u8) -> (bool, bool) {
    let allowed = |access| !state.conflicts(access, NexusId(who.into()), &port(who));
    (allowed(Access::Read), allowed(Access::Write))
}

#[test]
fn every_type_keeps_out_whom_it_should() {
    // Type; a registrant reads, writes; a stranger reads, writes.
    for (kind, registrant, stranger) in [
        (1, (true, false), (true, false)),
        (3, (false, false), (false, false)),
        (5, (true, true), (true, false)),
        (6, (true, true), (false, false)),
        (7, (true, true), (true, false)),
        (8, (true, true), (false, false)),
    ] {
        let mut state = registered(&[1, 2]);
        out(&mut state, 1, OutAction::Reserve, kind, &list(1, 0, 0)).unwrap();
        assert_eq!(may(&state, 1), (true, true), "holder of type {kind}");
        assert_eq!(may(&state, 2), registrant, "registrant under type {kind}");
        assert_eq!(may(&state, 3), stranger, "stranger under type {kind}");
        assert!(!state.conflicts(Access::Status, NexusId(3), &port(3)));
        let second = out(&mut state, 2, OutAction::Reserve, kind, &list(2, 0, 0));
        let everybody_holds = kind >= 7;
        assert_eq!(second.is_ok(), everybody_holds, "type {kind} taken twice");
    }
}

#[test]
fn a_key_must_be_right_and_an_unknown_port_registers_with_none() {
    let mut state = registered(&[1]);
    let conflict = Err(Failure::Conflict);
    assert_eq!(
        out(&mut state, 1, OutAction::Register(false), 0, &list(9, 5, 0)),
        conflict
    );
    assert_eq!(
        out(&mut state, 2, OutAction::Register(false), 0, &list(9, 5, 0)),
        conflict
    );
    assert_eq!(
        out(&mut state, 2, OutAction::Reserve, 1, &list(0, 0, 0)),
        conflict
    );
    assert_eq!(out(&mut state, 1, OutAction::Clear, 0, &list(9, 0, 0)), conflict);
    out(&mut state, 1, OutAction::Register(true), 0, &list(9, 5, 0)).unwrap();
    assert_eq!(
        state.key_of(&port(1)),
        Some(5),
        "the existing key was to be ignored"
    );
    out(&mut state, 1, OutAction::Register(false), 0, &list(5, 0, 0)).unwrap();
    assert_eq!(state.key_of(&port(1)), None);
}

#[test]
fn release_and_unregistering_the_holder_tell_the_registrants() {
    let mut state = registered(&[1, 2]);
    out(&mut state, 1, OutAction::Reserve, 5, &list(1, 0, 0)).unwrap();
    let wrong = out(&mut state, 1, OutAction::Release, 6, &list(1, 0, 0));
    assert!(matches!(wrong, Err(Failure::Sense(sense))
        if sense.additional == AdditionalSense::INVALID_RELEASE_OF_PERSISTENT_RESERVATION));
    assert_eq!(
        out(&mut state, 2, OutAction::Release, 5, &list(2, 0, 0)),
        Ok(Vec::new())
    );
    assert!(state.holder.is_some(), "only the holder releases");
    let released = vec![(port(2), AdditionalSense::RESERVATIONS_RELEASED)];
    assert_eq!(
        out(&mut state, 1, OutAction::Release, 5, &list(1, 0, 0)),
        Ok(released.clone())
    );
    out(&mut state, 1, OutAction::Reserve, 6, &list(1, 0, 0)).unwrap();
    let gone = out(&mut state, 1, OutAction::Register(false), 0, &list(1, 0, 0));
    assert_eq!(gone, Ok(released));
    assert_eq!(state.holder, None);
}

#[test]
fn the_last_registrant_takes_the_reservation_of_all_with_it() {
    let mut state = registered(&[1, 2]);
    out(&mut state, 1, OutAction::Reserve, 8, &list(1, 0, 0)).unwrap();
    out(&mut state, 1, OutAction::Register(false), 0, &list(1, 0, 0)).unwrap();
    assert_eq!(may(&state, 3), (false, false));
    out(&mut state, 2, OutAction::Register(false), 0, &list(2, 0, 0)).unwrap();
    assert_eq!(may(&state, 3), (true, true));
}

#[test]
fn preempting_takes_registrations_and_the_reservation() {
    let mut state = registered(&[1, 2, 3]);
    out(&mut state, 1, OutAction::Reserve, 1, &list(1, 0, 0)).unwrap();
    // Not the holder: only the registration goes.
    let news = out(&mut state, 2, OutAction::Preempt(false), 3, &list(2, 3, 0)).unwrap();
    assert_eq!(news, [(port(3), AdditionalSense::REGISTRATIONS_PREEMPTED)]);
    assert!(state.holds(&port(1)) && state.key_of(&port(3)).is_none());
    // The holder: the reservation changes hands and type.
    let news = out(&mut state, 2, OutAction::Preempt(false), 3, &list(2, 1, 0)).unwrap();
    assert_eq!(news, [(port(1), AdditionalSense::REGISTRATIONS_PREEMPTED)]);
    assert!(state.holds(&port(2)) && state.key_of(&port(1)).is_none());
    assert_eq!(may(&state, 1), (false, false));
    let nobody = out(&mut state, 2, OutAction::Preempt(false), 3, &list(2, 77, 0));
    assert_eq!(nobody, Err(Failure::Conflict));
    let zero = out(&mut state, 2, OutAction::Preempt(false), 3, &list(2, 0, 0));
    assert!(matches!(zero, Err(Failure::Sense(_))));
}

#[test]
fn a_reservation_of_all_is_preempted_with_key_zero() {
    let mut state = registered(&[1, 2, 3]);
    out(&mut state, 1, OutAction::Reserve, 7, &list(1, 0, 0)).unwrap();
    let request = PersistentOut {
        action: OutAction::Preempt(true),
        scope: 0,
        kind: 3,
        list_len: 24,
    };
    let news = state.change(&request, &list(2, 0, 0), &port(2), true).unwrap();
    assert_eq!(news.aborted, [port(1), port(3)]);
    assert_eq!(state.registered.len(), 1);
    assert!(state.holds(&port(2)));
    let cleared = registered(&[1, 2]).change(
        &PersistentOut {
            action: OutAction::Clear,
            ..request
        },
        &list(1, 0, 0),
        &port(1),
        true,
    );
    assert_eq!(
        cleared.unwrap().attentions,
        [(port(2), AdditionalSense::RESERVATIONS_PREEMPTED)]
    );
}

#[test]
fn the_reservation_moves_to_a_port_that_is_named() {
    let mut state = registered(&[1]);
    out(&mut state, 1, OutAction::Reserve, 3, &list(1, 0, 0)).unwrap();
    let id = port(2).transport_id();
    let mut data = list(1, 22, 0);
    data[16..20].copy_from_slice(&[0, 2, 0, 1]); // UNREG, relative target port 1
    data[20..24].copy_from_slice(&(id.len() as u32).to_be_bytes());
    data.extend_from_slice(&id);
    assert!(out(&mut state, 1, OutAction::Move, 0, &data[..30]).is_err());
    out(&mut state, 1, OutAction::Move, 0, &data).unwrap();
    assert_eq!((state.key_of(&port(1)), state.key_of(&port(2))), (None, Some(22)));
    assert!(state.holds(&port(2)));
}

#[test]
fn other_ports_are_registered_by_name() {
    let mut state = Reservations::default();
    let ids = [port(2).transport_id(), port(3).transport_id()].concat();
    let mut data = list(0, 5, 0x08);
    data.extend_from_slice(&(ids.len() as u32).to_be_bytes());
    data.extend_from_slice(&ids);
    out(&mut state, 1, OutAction::Register(false), 0, &data).unwrap();
    assert_eq!(state.registered.len(), 3);
    let full = state.report(code::SA_READ_FULL_STATUS, true);
    assert_eq!(full.len(), 8 + 3 * (24 + port(1).transport_id().len()));
    let again = out(
        &mut Reservations::default(),
        1,
        OutAction::Register(true),
        0,
        &data,
    );
    assert!(again.is_err(), "not with an existing key ignored");
}

#[test]
fn reserve_and_release_exclude_persistent_reservations() {
    let mut state = Reservations::default();
    assert!(state.reserve_legacy(NexusId(1)) && !state.reserve_legacy(NexusId(2)));
    assert!(state.conflicts(Access::Status, NexusId(2), &port(2)));
    assert!(!state.conflicts(Access::Always, NexusId(2), &port(2)));
    let register = out(&mut state, 1, OutAction::Register(false), 0, &list(0, 1, 0));
    assert_eq!(register, Err(Failure::Conflict));
    assert!(state.release_legacy(NexusId(2)));
    assert!(state.legacy.is_some(), "not the owner");
    state.nexus_lost(NexusId(1));
    assert_eq!(state.legacy, None);
    assert!(!registered(&[1]).reserve_legacy(NexusId(1)));
}

#[test]
fn reports_byte_by_byte() {
    let mut state = registered(&[1]);
    out(&mut state, 1, OutAction::Reserve, 5, &list(1, 0, 0)).unwrap();
    assert_eq!(
        state.report(code::SA_READ_KEYS, false),
        [0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1]
    );
    assert_eq!(
        state.report(code::SA_READ_RESERVATION, false),
        [
            0, 0, 0, 1, 0, 0, 0, 16, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 5, 0, 0
        ]
    );
    assert_eq!(
        state.report(code::SA_REPORT_CAPABILITIES, true),
        [0, 8, 0x0d, 0x80, 0xea, 0x01, 0, 0]
    );
}

#[test]
fn what_is_not_to_be_kept_is_not_written_down() {
    let mut state = registered(&[1]);
    assert_eq!(state.to_text(), "");
    out(&mut state, 1, OutAction::Register(false), 0, &list(1, 1, 0x01)).unwrap();
    assert_ne!(state.to_text(), "");
    out(&mut state, 1, OutAction::Register(true), 0, &list(0, 1, 0)).unwrap();
    assert_eq!(state.to_text(), "", "APTPL of the last registration counts");
    let refused = state.change(
        &PersistentOut {
            action: OutAction::Register(true),
            scope: 0,
            kind: 0,
            list_len: 24,
        },
        &list(0, 1, 1),
        &port(1),
        false,
    );
    assert!(refused.is_err(), "there is nowhere to keep it");
}

#[test]
fn broken_saved_texts_name_the_line() {
    for (text, line) in [
        ("nonsense", 1),
        ("reservations 2\n", 1),
        ("reservations 1\nregistered 0000000000000000 1 a", 2),
        ("reservations 1\nregistered 01 1 a\nregistered 02 1 a", 3),
        ("reservations 1\nregistered 01 0 a", 2),
        ("reservations 1\nholder 5 1 a", 2),
        ("reservations 1\nregistered 01 1 a\nholder 5 *", 3),
        ("reservations 1\nregistered 01 1 a\nholder 2 1 a", 3),
    ] {
        assert_eq!(
            Reservations::from_text(text),
            Err(SavedError { line }),
            "{text:?}"
        );
    }
}

proptest! {
    /// Whatever is asked: no panic, a holder is registered, and what is written down is read again.
    #[test]
    fn any_sequence_leaves_a_sound_state(steps in proptest::collection::vec(
        (1u8..5, 0u8..8, 0u8..10, 0u64..5, 0u64..5, prop_oneof![Just(0u8), Just(1), Just(8), any::<u8>()], 20usize..60), 0..40,
    )) {
        let mut state = Reservations::default();
        for (who, action, kind, key, action_key, flags, len) in steps {
            let action = match action {
                0 => OutAction::Register(false),
                1 => OutAction::Register(true),
                2 => OutAction::Reserve,
                3 => OutAction::Release,
                4 => OutAction::Clear,
                5 => OutAction::Preempt(false),
                6 => OutAction::Preempt(true),
                _ => OutAction::Move,
            };
            let mut data = list(key, action_key, flags);
            if len > 30 {
                data.resize(len, flags);
            }
            let before = state.clone();
            if out(&mut state, who, action, kind, &data).is_err() {
                prop_assert_eq!(&state, &before, "a refusal changes nothing");
            }
            match &state.holder {
                Some(Holder { port: Some(port), kind }) => {
                    prop_assert!(state.key_of(port).is_some() && !kind.all());
                }
                Some(Holder { port: None, kind }) => prop_assert!(kind.all() && !state.registered.is_empty()),
                None => {}
            }
            prop_assert!(state.registered.iter().all(|r| r.key != 0));
            state.keep = true;
            let again = Reservations::from_text(&state.to_text()).unwrap();
            prop_assert_eq!(again.registered, state.registered.clone());
            if !state.registered.is_empty() {
                prop_assert_eq!(again.holder, state.holder.clone());
            }
            for action in 0..4 {
                state.report(action, true);
            }
        }
    }
}
