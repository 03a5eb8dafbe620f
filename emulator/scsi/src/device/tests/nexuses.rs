//! What one nexus does and another feels: reservations, mode changes, copies between units.

use super::*;
use crate::status::Status;

fn port(number: u8) -> PortId {
    PortId::new(
        &format!("iqn.2026-01.net.example:h,i,0x00023d0000{number:02x}"),
        1,
    )
}

fn two() -> Device {
    let mut device = device(&[0, 1]);
    device.attach_port(ME, port(1));
    device.attach_port(OTHER, port(2));
    for nexus in [ME, OTHER] {
        for number in [0, 1] {
            attention(&mut device, nexus, number);
        }
    }
    device
}

fn send(device: &mut Device, nexus: NexusId, number: u16, cdb: &[u8], data: &[u8]) -> Response {
    let request = Request {
        nexus,
        lun: lun(number),
        cdb,
        data_out: data,
        data_in_max: 1 << 20,
    };
    device.execute(&request, &mut Vec::new())
}

fn prout(action: u8, kind: u8) -> [u8; 10] {
    [0x5f, action, kind, 0, 0, 0, 0, 0, 24, 0]
}

fn keys(key: u8, action_key: u8) -> [u8; 24] {
    let mut list = [0; 24];
    list[7] = key;
    list[15] = action_key;
    list
}

const WRITE: [u8; 10] = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];

#[test]
fn preempt_and_abort_names_the_nexuses_and_tells_them() {
    let mut device = two();
    for (nexus, key) in [(ME, 1), (OTHER, 2)] {
        assert_eq!(
            send(&mut device, nexus, 0, &prout(0, 0), &keys(0, key)).status,
            Status::Good
        );
    }
    send(&mut device, ME, 0, &prout(1, 1), &keys(1, 0));
    assert_eq!(
        send(&mut device, OTHER, 0, &WRITE, &[0; 512]).status,
        Status::ReservationConflict
    );
    assert_eq!(
        send(&mut device, OTHER, 1, &WRITE, &[0; 512]).status,
        Status::Good,
        "the other unit"
    );
    assert_eq!(
        send(&mut device, OTHER, 0, &prout(5, 1), &keys(2, 1)).status,
        Status::Good
    );
    assert_eq!(device.take_aborted(), [(lun(0), ME)]);
    assert_eq!(device.take_aborted(), []);
    assert_eq!(
        attention(&mut device, ME, 0),
        Some(AdditionalSense::REGISTRATIONS_PREEMPTED)
    );
    assert_eq!(
        send(&mut device, ME, 0, &WRITE, &[0; 512]).status,
        Status::ReservationConflict
    );
}

#[test]
fn a_registration_outlives_its_session_and_a_reservation_of_spc_2_does_not() {
    let mut device = two();
    send(&mut device, ME, 0, &prout(6, 0), &keys(0, 1));
    send(&mut device, ME, 0, &prout(1, 3), &keys(1, 0));
    assert_eq!(
        send(&mut device, ME, 1, &[0x16, 0, 0, 0, 0, 0], &[]).status,
        Status::Good
    );
    assert_eq!(
        send(&mut device, OTHER, 1, &TUR, &[]).status,
        Status::ReservationConflict
    );
    device.reset_unit(lun(0));
    device.detach(ME);
    for number in [0, 1] {
        attention(&mut device, OTHER, number);
    }
    assert_eq!(
        send(&mut device, OTHER, 0, &WRITE, &[0; 512]).status,
        Status::ReservationConflict
    );
    assert_eq!(send(&mut device, OTHER, 1, &TUR, &[]).status, Status::Good);
    let again = NexusId(9);
    device.attach_port(again, port(1));
    attention(&mut device, again, 0);
    assert_eq!(
        send(&mut device, again, 0, &WRITE, &[0; 512]).status,
        Status::Good,
        "the same port"
    );
}

#[test]
fn a_mode_change_is_told_to_the_others_and_shapes_sense_data() {
    let mut device = two();
    let select = [0x15, 0x10, 0, 0, 16, 0];
    let list = [0, 0, 0, 0, 0x0a, 10, 0x04, 0x10, 0, 0, 0, 0, 0xff, 0xff, 0, 0];
    assert_eq!(send(&mut device, ME, 0, &select, &list).status, Status::Good);
    assert_eq!(attention(&mut device, ME, 0), None);
    let told = send(&mut device, OTHER, 0, &TUR, &[]);
    assert_eq!(
        told.sense.map(|s| s.additional),
        Some(AdditionalSense::MODE_PARAMETERS_CHANGED)
    );
    assert_eq!(told.sense_bytes()[0], 0x72, "descriptor format");
    assert_eq!(
        send(&mut device, ME, 1, &[0xff], &[]).sense_bytes()[0],
        0x70,
        "the other unit"
    );
}

/// An EXTENDED COPY list with the NAA names of these units and one segment between them.
fn copy_list(device: &Device, units: [u16; 2], from: u64, to: u64, blocks: u16) -> Vec<u8> {
    let mut list = vec![7, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 28, 0, 0, 0, 0];
    for number in units {
        let mut target = vec![0xe4, 0, 0, 0, 1, 3, 0, 8];
        target.extend_from_slice(&device.unit(number).unwrap().config().naa.to_bytes());
        target.resize(32, 0);
        list.extend_from_slice(&target);
    }
    list.extend_from_slice(&[2, 0, 0, 24, 0, 0, 0, 1, 0, 0]);
    list.extend_from_slice(&blocks.to_be_bytes());
    list.extend_from_slice(&from.to_be_bytes());
    list.extend_from_slice(&to.to_be_bytes());
    list
}

fn copy(device: &mut Device, nexus: NexusId, list: &[u8]) -> Response {
    let cdb = [0x83, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, list.len() as u8, 0, 0];
    send(device, nexus, 0, &cdb, list)
}

/// Two units that do not share a name.
fn pair() -> Device {
    let mut device = two();
    let unit = LogicalUnit::new(LunConfig::new("test-1"), Box::new(MemoryMedium::new(4 << 20)));
    device.add(1, unit).unwrap();
    for nexus in [ME, OTHER] {
        for number in [0, 1] {
            while attention(&mut device, nexus, number).is_some() {}
        }
    }
    device
}

#[test]
fn blocks_are_copied_between_units_and_within_one() {
    let mut device = pair();
    let data: Vec<u8> = (0..8 * 512).map(|i| (i / 512 + 1) as u8).collect();
    send(&mut device, ME, 0, &[0x2a, 0, 0, 0, 0, 0, 0, 0, 8, 0], &data);
    let list = copy_list(&device, [0, 1], 0, 100, 8);
    assert_eq!(copy(&mut device, ME, &list).status, Status::Good);
    let (_, there) = run(&mut device, ME, 1, &[0x28, 0, 0, 0, 0, 100, 0, 0, 8, 0]);
    assert!(there == data);
    // Overlapping, both ways.
    for (from, to) in [(0u64, 2u64), (2, 1)] {
        let list = copy_list(&device, [0, 0], from, to, 8);
        assert_eq!(copy(&mut device, ME, &list).status, Status::Good);
        let (_, there) = run(&mut device, ME, 0, &[0x28, 0, 0, 0, 0, to as u8, 0, 0, 8, 0]);
        assert!(there == data, "from {from} to {to}");
    }
    let (status, results) = run(
        &mut device,
        ME,
        0,
        &[0x84, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0],
    );
    assert_eq!(status.status, Status::Good);
    assert_eq!(results, [0, 0, 0, 8, 1, 0, 1, 0xf1, 0, 0, 0, 8]);
    let others = run(
        &mut device,
        OTHER,
        0,
        &[0x84, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0],
    );
    assert!(others.0.sense.is_some(), "a list identifier belongs to its nexus");
}

#[test]
fn a_copy_that_cannot_be_moves_nothing() {
    let mut device = pair();
    let good = copy_list(&device, [0, 1], 0, 0, 8);
    for cut in 1..good.len() {
        assert_eq!(
            copy(&mut device, ME, &good[..cut]).status,
            Status::CheckCondition,
            "{cut}"
        );
    }
    let key = |device: &mut Device, list: &[u8]| copy(device, ME, list).sense.map(|s| (s.key, s.additional));
    let beyond = copy_list(&device, [0, 1], 0, 8190, 8);
    assert_eq!(
        key(&mut device, &beyond),
        Some((SenseKey::CopyAborted, AdditionalSense::NONE))
    );
    let mut unknown = good.clone();
    unknown[16 + 32 + 8] ^= 1;
    assert_eq!(
        key(&mut device, &unknown),
        Some((SenseKey::CopyAborted, AdditionalSense::COPY_TARGET_UNREACHABLE))
    );
    // Reserved by somebody else at the far end.
    send(&mut device, OTHER, 1, &prout(6, 0), &keys(0, 2));
    send(&mut device, OTHER, 1, &prout(1, 1), &keys(2, 0));
    assert_eq!(copy(&mut device, ME, &good).status, Status::ReservationConflict);
}

#[test]
fn reservations_are_saved_before_they_count_and_are_there_after_a_restart() {
    use crate::reservation::{ReservationStore, StoreError};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<(String, bool)>>);
    impl ReservationStore for Kept {
        fn save(&mut self, text: &str) -> Result<(), StoreError> {
            let mut kept = self.0.lock().unwrap();
            if kept.1 {
                return Err(StoreError);
            }
            kept.0 = text.to_owned();
            Ok(())
        }
    }
    let kept = Kept::default();
    let start = |kept: &Kept| {
        let mut unit = unit();
        let saved = kept.0.lock().unwrap().0.clone();
        unit.keep_reservations(Box::new(kept.clone()), &saved).unwrap();
        let mut device = Device::new();
        device.add(0, unit).unwrap();
        for (nexus, number) in [(ME, 1), (OTHER, 2)] {
            device.attach_port(nexus, port(number));
            attention(&mut device, nexus, 0);
        }
        device
    };
    let mut device = start(&kept);
    let mut list = keys(0, 1);
    list[20] = 1; // APTPL
    assert_eq!(send(&mut device, ME, 0, &prout(0, 0), &list).status, Status::Good);
    assert_eq!(
        send(&mut device, ME, 0, &prout(1, 3), &keys(1, 0)).status,
        Status::Good
    );
    let mut device = start(&kept);
    assert_eq!(
        send(&mut device, OTHER, 0, &WRITE, &[0; 512]).status,
        Status::ReservationConflict
    );
    assert_eq!(send(&mut device, ME, 0, &WRITE, &[0; 512]).status, Status::Good);
    kept.0.lock().unwrap().1 = true;
    let failed = send(&mut device, ME, 0, &prout(2, 3), &keys(1, 0));
    assert_eq!(failed.sense.map(|s| s.key), Some(SenseKey::HardwareError));
    assert_eq!(
        send(&mut device, OTHER, 0, &WRITE, &[0; 512]).status,
        Status::ReservationConflict,
        "what could not be saved did not happen"
    );
}
