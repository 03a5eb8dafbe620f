//! Nexuses, LUN maps and attentions.

use super::*;
use crate::lun::{LunConfig, MemoryMedium};
use crate::sense::SenseKey;

const ME: NexusId = NexusId(1);
const OTHER: NexusId = NexusId(2);
const TUR: [u8; 6] = [0; 6];
const REPORT_LUNS: [u8; 12] = [0xa0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0];

fn unit() -> LogicalUnit {
    LogicalUnit::new(LunConfig::new("test"), Box::new(MemoryMedium::new(1 << 20)))
}

fn lun(number: u16) -> Lun {
    Lun::from_number(number).unwrap()
}

fn device(numbers: &[u16]) -> Device {
    let mut device = Device::new();
    for number in numbers {
        device.add(*number, unit()).unwrap();
    }
    device.attach(ME);
    device
}

fn run(device: &mut Device, nexus: NexusId, number: u16, cdb: &[u8]) -> (Response, Vec<u8>) {
    let mut data = vec![0xee; 7];
    let request = Request {
        nexus,
        lun: lun(number),
        cdb,
        data_out: &[],
        data_in_max: 1 << 20,
    };
    let response = device.execute(&request, &mut data);
    (response, data)
}

fn attention(device: &mut Device, nexus: NexusId, number: u16) -> Option<AdditionalSense> {
    let sense = run(device, nexus, number, &TUR).0.sense?;
    assert_eq!(sense.key, SenseKey::UnitAttention);
    Some(sense.additional)
}

#[test]
fn a_new_nexus_hears_of_power_on_once_per_unit() {
    let mut device = device(&[0, 5]);
    for number in [0, 5] {
        assert_eq!(
            attention(&mut device, ME, number),
            Some(AdditionalSense::POWER_ON_RESET)
        );
        assert_eq!(attention(&mut device, ME, number), None);
    }
    device.attach(OTHER);
    assert_eq!(
        attention(&mut device, ME, 0),
        None,
        "another nexus is its own affair"
    );
    assert_eq!(
        attention(&mut device, OTHER, 0),
        Some(AdditionalSense::POWER_ON_RESET)
    );
}

#[test]
fn inquiry_and_report_luns_do_not_consume_attentions() {
    let mut device = device(&[0]);
    assert_eq!(
        run(&mut device, ME, 0, &[0x12, 0, 0, 0, 96, 0]).0.status,
        Status::Good
    );
    assert_eq!(run(&mut device, ME, 0, &REPORT_LUNS).0.status, Status::Good);
    let (response, data) = run(&mut device, ME, 0, &[0x03, 0, 0, 0, 252, 0]);
    assert_eq!(response.status, Status::Good);
    let sense = Sense::parse(&data).unwrap();
    assert_eq!(
        (sense.key, sense.additional),
        (SenseKey::UnitAttention, AdditionalSense::POWER_ON_RESET)
    );
    assert_eq!(attention(&mut device, ME, 0), None, "REQUEST SENSE took it");
}

#[test]
fn a_changed_lun_map_is_announced_and_report_luns_settles_it() {
    let mut device = device(&[0, 1]);
    attention(&mut device, ME, 0);
    attention(&mut device, ME, 1);
    device.add(300, unit()).unwrap();
    assert_eq!(
        attention(&mut device, ME, 0),
        Some(AdditionalSense::REPORTED_LUNS_CHANGED)
    );
    let (_, data) = run(&mut device, ME, 0, &REPORT_LUNS);
    assert_eq!(data[..8], [0, 0, 0, 24, 0, 0, 0, 0]);
    assert_eq!(
        data[8..],
        [[0; 8], [0, 1, 0, 0, 0, 0, 0, 0], [0x41, 0x2c, 0, 0, 0, 0, 0, 0]].concat()
    );
    assert_eq!(
        attention(&mut device, ME, 1),
        None,
        "REPORT LUNS cleared it everywhere"
    );
    device.remove(1).unwrap();
    assert_eq!(
        attention(&mut device, ME, 0),
        Some(AdditionalSense::REPORTED_LUNS_CHANGED)
    );
}

#[test]
fn a_missing_unit_answers_what_spc_says() {
    let mut device = device(&[1]);
    let (response, data) = run(&mut device, ME, 0, &[0x12, 0, 0, 0, 96, 0]);
    assert_eq!((response.status, data[0]), (Status::Good, 0x7f));
    let (response, data) = run(&mut device, ME, 0, &[0x03, 0, 0, 0, 18, 0]);
    assert_eq!(response.status, Status::Good);
    assert_eq!(
        Sense::parse(&data).unwrap().additional,
        AdditionalSense::LUN_NOT_SUPPORTED
    );
    assert_eq!(
        run(&mut device, ME, 0, &REPORT_LUNS).1.len(),
        16,
        "any number reports the list"
    );
    for cdb in [
        &TUR[..],
        &[0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0],
        &[0xff; 16],
        &[0x12, 1, 0x80, 0, 96, 0],
    ] {
        let sense = run(&mut device, ME, 0, cdb).0.sense.unwrap();
        assert_eq!(
            sense,
            Sense::illegal(AdditionalSense::LUN_NOT_SUPPORTED),
            "{cdb:02x?}"
        );
    }
}

#[test]
fn resets_restart_units_and_reach_every_nexus() {
    let mut device = device(&[0, 1]);
    device.attach(OTHER);
    for nexus in [ME, OTHER] {
        attention(&mut device, nexus, 0);
        attention(&mut device, nexus, 1);
    }
    assert_eq!(
        run(&mut device, ME, 0, &[0x1b, 0, 0, 0, 0, 0]).0.status,
        Status::Good
    );
    let stopped = run(&mut device, ME, 0, &TUR).0.sense.unwrap();
    assert_eq!(stopped.additional, AdditionalSense::INITIALIZING_COMMAND_REQUIRED);
    assert!(device.reset_unit(lun(0)));
    assert!(!device.reset_unit(lun(9)));
    for nexus in [ME, OTHER] {
        assert_eq!(
            attention(&mut device, nexus, 0),
            Some(AdditionalSense::DEVICE_RESET)
        );
        assert_eq!(attention(&mut device, nexus, 0), None, "started again");
        assert_eq!(
            attention(&mut device, nexus, 1),
            None,
            "the other unit was not meant"
        );
    }
    assert!(device.task_set_cleared(lun(1), ME));
    assert_eq!(attention(&mut device, ME, 1), None);
    assert_eq!(
        attention(&mut device, OTHER, 1),
        Some(AdditionalSense::COMMANDS_CLEARED)
    );
    device.reset_all();
    assert_eq!(
        attention(&mut device, OTHER, 1),
        Some(AdditionalSense::POWER_ON_RESET)
    );
}

#[test]
fn report_luns_refuses_nonsense() {
    let mut device = device(&[0]);
    let mut short = REPORT_LUNS;
    short[8] = 0;
    short[9] = 15;
    assert!(run(&mut device, ME, 0, &short).0.sense.is_some());
    let mut select = REPORT_LUNS;
    select[2] = 0x77;
    assert!(run(&mut device, ME, 0, &select).0.sense.is_some());
    select[2] = 1;
    assert_eq!(run(&mut device, ME, 0, &select).1, [0; 8], "no well-known units");
}

proptest::proptest! {
    #[test]
    fn execute_survives_any_cdb(
        cdb in proptest::collection::vec(proptest::num::u8::ANY, 0..17),
        op in 0..crate::opcode::TABLE.len(),
        known in proptest::bool::ANY,
        out in proptest::collection::vec(proptest::num::u8::ANY, 0..1100),
        max in 0usize..5000,
    ) {
        let mut device = device(&[0]);
        attention(&mut device, ME, 0);
        let mut cdb = cdb;
        if known && !cdb.is_empty() {
            let entry = crate::opcode::TABLE[op];
            cdb[0] = entry.code;
            cdb.resize(16, 0);
            if let Some(action) = entry.service_action { cdb[1] = action as u8; }
        }
        let mut data = Vec::new();
        let request = Request { nexus: ME, lun: lun(0), cdb: &cdb, data_out: &out, data_in_max: max };
        let response = device.execute(&request, &mut data);
        proptest::prop_assert_eq!(response.sense.is_some(), response.status == Status::CheckCondition);
        proptest::prop_assert!(response.sense.is_none() || data.is_empty());
    }
}

mod anything;
mod nexuses;
