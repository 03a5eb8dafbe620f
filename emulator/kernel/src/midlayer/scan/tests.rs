//! Scans of scripted targets.

use super::*;

fn run(job: &mut ScanJob, mut target: impl FnMut(u64, &[u8]) -> Result<Vec<u8>, Option<u8>>) -> Vec<Found> {
    let mut found = Vec::new();
    for _ in 0..1000 {
        match job.next() {
            ScanNext::Command { lun, cdb, len } => {
                let answer = target(lun, &cdb);
                if let Ok(d) = &answer {
                    assert!(d.len() <= len);
                }
                job.answer(answer.as_deref().map_err(|e| *e));
            }
            ScanNext::Found(f) => found.push(*f),
            ScanNext::Again(f) => found.push(*f),
            ScanNext::Done => return found,
        }
    }
    panic!("the scan does not end");
}

fn target(lun: u64, cdb: &[u8]) -> Result<Vec<u8>, Option<u8>> {
    let mut inq = vec![0u8; 36];
    inq[2] = 5;
    inq[4] = 31;
    match (cdb[0], cdb[1] & 1) {
        (0x12, 0) if lun <= 2 => Ok(inq),
        (0x12, 1) if cdb[2] == 0 => Ok(vec![0, 0, 0, 2, 0, 0x83]),
        (0x12, 1) => Ok(vec![0, cdb[2], 0, 0]),
        (0xa0, _) => {
            let mut d = vec![0, 0, 0, 16, 0, 0, 0, 0];
            d.extend(lun_bytes(0));
            d.extend(lun_bytes(2));
            Ok(d)
        }
        (0x25, _) => Ok(vec![0, 0, 0, 99, 0, 0, 2, 0]),
        (0x00, _) => Ok(vec![]),
        _ => Err(Some(5)),
    }
}

#[test]
fn every_reported_unit_is_found_with_its_pages_and_capacity() {
    let found = run(&mut ScanJob::new(vec![], None), target);
    assert_eq!(found.iter().map(|f| f.lun).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(found[0].capacity, Some(Capacity::new(100, 512, 512)));
    assert_eq!(found[1].vpd.iter().map(|v| v.0).collect::<Vec<_>>(), [0, 0x83]);
}

#[test]
fn known_units_are_left_alone() {
    let found = run(&mut ScanJob::new(vec![0], None), target);
    assert_eq!(found.iter().map(|f| f.lun).collect::<Vec<_>>(), [2]);
}

#[test]
fn unit_attentions_are_retried_but_not_for_ever() {
    let mut left = 3;
    let found = run(&mut ScanJob::new(vec![], None), |lun, cdb| {
        if left > 0 {
            left -= 1;
            return Err(Some(6));
        }
        target(lun, cdb)
    });
    assert_eq!(found.len(), 2);
    assert!(run(&mut ScanJob::new(vec![], None), |_, _| Err(Some(6))).is_empty());
}

#[test]
fn garbage_ends_the_scan() {
    for byte in [0u8, 0x1f, 0x7f, 0xff] {
        run(&mut ScanJob::new(vec![], None), |_, cdb| {
            Ok(if cdb[0] == 0x00 { vec![] } else { vec![byte; 8] })
        });
        run(&mut ScanJob::new(vec![], None), |_, _| Ok(vec![]));
    }
}

#[test]
fn a_lun_goes_to_eight_bytes_and_back() {
    for lun in [0, 5, 255, 0x4100, 0x0001_0002] {
        assert_eq!(scsilun_to_int(lun_bytes(lun)), lun);
    }
    assert_eq!(lun_bytes(5), [0, 5, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_large_disk_is_asked_with_sixteen_bytes() {
    let found = run(&mut ScanJob::new(vec![], Some(0)), |lun, cdb| match cdb[0] {
        0x25 => Ok(vec![0xff, 0xff, 0xff, 0xff, 0, 0, 2, 0]),
        0x9e => Ok([
            &0x2_0000_0000u64.to_be_bytes()[..],
            &512u32.to_be_bytes(),
            &[0; 20],
        ]
        .concat()),
        _ => target(lun, cdb),
    });
    assert_eq!(found[0].capacity, Some(Capacity::new(0x2_0000_0001, 512, 512)));
}

/// READ CAPACITY(16): last block, size of a block, exponent of the physical one.
fn sixteen(last: u64, size: u32, exponent: u8) -> Vec<u8> {
    let mut d = [&last.to_be_bytes()[..], &size.to_be_bytes(), &[0; 20]].concat();
    d[13] = exponent;
    d
}

#[test]
fn a_unit_of_spc_3_is_asked_with_sixteen_bytes_first_and_an_older_one_with_ten() {
    let asked = |version: u8, refuses: bool| {
        let mut opcodes = Vec::new();
        let found = run(&mut ScanJob::new(vec![], Some(0)), |lun, cdb| {
            opcodes.push(cdb[0]);
            match cdb[0] {
                0x9e if !refuses => Ok(sixteen(99, 512, 3)),
                0x12 if cdb[1] & 1 == 0 => target(lun, cdb).map(|mut d| {
                    d[2] = version;
                    d
                }),
                _ => target(lun, cdb),
            }
        });
        opcodes.retain(|o| matches!(o, 0x25 | 0x9e));
        (opcodes, found[0].capacity.unwrap())
    };
    assert_eq!(asked(5, false), (vec![0x9e], Capacity::new(100, 512, 4096)));
    assert_eq!(asked(5, true), (vec![0x9e, 0x25], Capacity::new(100, 512, 512)));
    assert_eq!(asked(4, false), (vec![0x25], Capacity::new(100, 512, 512)));
}

#[test]
fn a_known_unit_is_looked_at_again_for_its_pages_and_its_size() {
    let mut inquiry = target(0, &[0x12, 0]).unwrap();
    let again = |inquiry: &[u8]| run(&mut ScanJob::again(7, Some(inquiry.to_vec())), target);
    let found = again(&inquiry);
    assert_eq!(
        (found.len(), found[0].lun, found[0].capacity),
        (1, 7, Some(Capacity::new(100, 512, 512)))
    );
    assert_eq!(found[0].vpd.len(), 2);
    inquiry[0] = 8;
    assert_eq!(again(&inquiry)[0].capacity, None, "it has no blocks");
    assert_eq!(run(&mut ScanJob::again(7, None), target), []);
    let gone = run(
        &mut ScanJob::again(7, Some(target(0, &[0x12, 0]).unwrap())),
        |_, _| Err(Some(5)),
    );
    assert_eq!(gone[0].capacity, Some(Capacity::default()), "nobody can tell");
}
