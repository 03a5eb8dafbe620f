//! One logical unit, command by command: here what moves data; the rest has rooms of its own.

mod medium;
mod provisioning;
mod tells;

use super::*;
use crate::cdb::Cdb;
use crate::port::PortId;
use crate::sense::{AdditionalSense, Sense, SenseKey};
use crate::status::Status;
use crate::target_port::{TargetPort, TargetPorts};
use crate::unit_attention::NexusId;

fn unit_with(size: u64, change: impl FnOnce(&mut LunConfig)) -> LogicalUnit {
    let mut config = LunConfig::new("iqn.2026-01.net.example:disk,0");
    change(&mut config);
    LogicalUnit::new(config, Box::new(MemoryMedium::new(size)))
}

fn unit() -> LogicalUnit {
    unit_with(1 << 20, |_| {})
}

fn run_max(unit: &mut LogicalUnit, cdb: &[u8], out: &[u8], max: usize) -> Result<(u64, Vec<u8>), Sense> {
    let mut data_in = Vec::new();
    let cdb = Cdb::parse(cdb).map_err(|e| e.sense())?;
    let port = PortId::new("tester", 1);
    let ports = TargetPorts::new(vec![TargetPort {
        relative: 1,
        group: 1,
        device: "iqn.2026-01.net.example:disk".into(),
        name: "iqn.2026-01.net.example:disk,t,0x0001".into(),
    }]);
    let mut call = Call {
        nexus: NexusId(1),
        port: &port,
        ports: &ports,
        data_out: out,
        data_in: &mut data_in,
        data_in_max: max,
        status: Status::Good,
        attentions: Vec::new(),
        aborted: Vec::new(),
    };
    match unit.execute(&cdb, &mut call) {
        Ok(transfer) => Ok((transfer, data_in)),
        Err(Failure::Sense(sense)) => Err(sense),
        Err(Failure::Conflict) => panic!("nobody else is here"),
    }
}

fn run(unit: &mut LogicalUnit, cdb: &[u8], out: &[u8]) -> Result<Vec<u8>, Sense> {
    run_max(unit, cdb, out, 1 << 24).map(|(_, data)| data)
}

fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 7 % 251) as u8).collect()
}

#[test]
fn what_is_written_is_read_by_every_cdb_length() {
    let mut unit = unit();
    let data = pattern(1024);
    for write in [
        &[0x0a, 0, 0, 8, 2, 0][..],
        &[0x2a, 0, 0, 0, 0, 8, 0, 0, 2, 0],
        &[0xaa, 0, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0],
        &[0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0],
    ] {
        let mut unit = self::unit();
        run(&mut unit, write, &data).unwrap();
        for read in [
            &[0x08, 0, 0, 8, 2, 0][..],
            &[0x28, 0, 0, 0, 0, 8, 0, 0, 2, 0],
            &[0xa8, 0, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0],
            &[0x88, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 2, 0, 0],
        ] {
            assert_eq!(run(&mut unit, read, &[]).unwrap(), data);
        }
    }
    assert_eq!(
        run(&mut unit, &[0x08, 0, 0, 0, 0, 0], &[]).unwrap().len(),
        256 * 512,
        "READ(6) of 0 blocks"
    );
    assert_eq!(
        run(&mut unit, &[0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0], &[]).unwrap(),
        [],
        "READ(10) of 0 blocks"
    );
}

#[test]
fn the_initiators_length_bounds_the_data_and_not_the_count() {
    let mut unit = unit();
    let (transfer, data) = run_max(&mut unit, &[0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0], &[], 512).unwrap();
    assert_eq!((transfer, data.len()), (1024, 512));
    let (transfer, _) = run_max(&mut unit, &[0x2a, 0, 0, 0, 0, 0, 0, 0, 2, 0], &[7; 700], 0).unwrap();
    assert_eq!(transfer, 1024);
    let read = run(&mut unit, &[0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0], &[]).unwrap();
    assert_eq!(
        (&read[..512], &read[512..]),
        (&[7u8; 512][..], &[0u8; 512][..]),
        "only whole blocks are written"
    );
}

#[test]
fn addresses_beyond_the_end_are_refused_everywhere() {
    let mut unit = unit();
    for cdb in [
        &[0x28, 0, 0, 0, 8, 0, 0, 0, 1, 0][..],
        &[0x28, 0, 0, 0, 7, 0xff, 0, 0, 2, 0],
        &[
            0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0,
        ],
        &[0x2a, 0, 0, 0, 8, 0, 0, 0, 1, 0],
        &[0x2f, 0, 0, 0, 8, 0, 0, 0, 1, 0],
        &[0x35, 0, 0, 0, 8, 1, 0, 0, 0, 0],
        &[0x41, 0, 0, 0, 7, 0xff, 0, 0, 2, 0],
    ] {
        let sense = run(&mut unit, cdb, &[0; 1024]).unwrap_err();
        assert_eq!(sense.additional, AdditionalSense::LBA_OUT_OF_RANGE, "{cdb:02x?}");
    }
    assert!(
        run(&mut unit, &[0x28, 0, 0, 0, 7, 0xff, 0, 0, 1, 0], &[]).is_ok(),
        "the last block"
    );
}

#[test]
fn verify_finds_the_first_differing_byte() {
    let mut unit = unit();
    let mut data = pattern(1024);
    run(&mut unit, &[0x2a, 0, 0, 0, 0, 4, 0, 0, 2, 0], &data).unwrap();
    let verify = [0x2f, 2, 0, 0, 0, 4, 0, 0, 2, 0];
    run(&mut unit, &verify, &data).unwrap();
    data[700] ^= 1;
    let sense = run(&mut unit, &verify, &data).unwrap_err();
    assert_eq!((sense.key, sense.information), (SenseKey::Miscompare, Some(700)));
    assert!(
        run(&mut unit, &verify, &data[..100]).is_err(),
        "too little to compare"
    );
    run(&mut unit, &[0x2f, 0, 0, 0, 0, 4, 0, 0, 2, 0], &[]).unwrap();
}

#[test]
fn compare_and_write_swaps_only_what_matches() {
    let mut unit = unit();
    let caw = |blocks| [0x89, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, blocks, 0, 0];
    let mut data = [vec![0; 512], pattern(512)].concat();
    run(&mut unit, &caw(1), &data).unwrap();
    let read = [0x28, 0, 0, 0, 0, 4, 0, 0, 1, 0];
    assert_eq!(run(&mut unit, &read, &[]).unwrap(), pattern(512));
    let sense = run(&mut unit, &caw(1), &data).unwrap_err();
    assert_eq!((sense.key, sense.information), (SenseKey::Miscompare, Some(1)));
    assert_eq!(
        run(&mut unit, &read, &[]).unwrap(),
        pattern(512),
        "nothing was written"
    );
    data.push(0);
    assert!(run(&mut unit, &caw(1), &data).is_err(), "a byte too many");
    assert!(run(&mut unit, &caw(2), &data[..1024]).is_err(), "too little");
}

#[test]
fn or_write_sets_bits_and_write_and_verify_reads_back() {
    let mut unit = unit();
    run(&mut unit, &[0x2a, 0, 0, 0, 0, 4, 0, 0, 1, 0], &[0x0f; 512]).unwrap();
    let or = [0x8b, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0];
    run(&mut unit, &or, &[0x30; 1024]).unwrap();
    let read = run(&mut unit, &[0x28, 0, 0, 0, 0, 4, 0, 0, 2, 0], &[]).unwrap();
    assert_eq!((&read[..512], &read[512..]), (&[0x3f; 512][..], &[0x30; 512][..]));
    for cdb in [
        &[0x2e, 2, 0, 0, 0, 9, 0, 0, 1, 0][..],
        &[0xae, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0],
        &[0x8e, 2, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0],
    ] {
        assert_eq!(run_max(&mut unit, cdb, &[cdb[0]; 512], 0).unwrap().0, 512);
        let read = run(&mut unit, &[0x28, 0, 0, 0, 0, 9, 0, 0, 1, 0], &[]).unwrap();
        assert_eq!(read, [cdb[0]; 512]);
    }
    assert!(run(&mut unit, &[0x2e, 6, 0, 0, 0, 9, 0, 0, 1, 0], &[0; 512]).is_err());
}

#[test]
fn atomic_writes_have_a_limit_of_their_own() {
    let mut unit = unit();
    let write = |blocks: u16, boundary| {
        let [high, low] = blocks.to_be_bytes();
        [0x9c, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, boundary, high, low, 0, 0]
    };
    run(&mut unit, &write(512, 0), &[1; 512 * 512]).unwrap();
    assert!(run(&mut unit, &write(513, 0), &[1; 513 * 512]).is_err());
    assert!(run(&mut unit, &write(8, 8), &[1; 4096]).is_err(), "no boundaries");
}
