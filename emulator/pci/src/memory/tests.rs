//! The map without a client.

use std::fs::File;

use nix::sys::memfd::{MFdFlags, memfd_create};

use super::*;

fn file(bytes: u64) -> File {
    let file = File::from(memfd_create("guest", MFdFlags::MFD_CLOEXEC).unwrap());
    file.set_len(bytes).unwrap();
    file
}

fn memory(bytes: u64) -> Foreign {
    Foreign::new(file(bytes).into(), crate::descriptor::Waiting::default())
}

#[test]
fn accesses_cross_ranges_and_stop_where_memory_ends() {
    let mut map = DmaMap::default();
    map.map(0x1000, 0x1000, 0, (true, true), Some(memory(0x1000)))
        .unwrap();
    map.map(0x2000, 0x1000, 0x800, (true, true), Some(memory(0x1800)))
        .unwrap();
    map.map(0x3000, 0x1000, 0, (true, false), Some(memory(0x1000)))
        .unwrap();
    map.map(0x4000, 0x1000, 0, (true, true), None).unwrap();
    map.write(0x1FFE, &[1, 2, 3, 4]).unwrap();
    let mut back = [0; 4];
    map.read(0x1FFE, &mut back).unwrap();
    assert_eq!(back, [1, 2, 3, 4]);
    assert!(
        map.write(0x2FFE, &[0; 4]).is_err(),
        "the last two bytes are read-only"
    );
    assert!(map.read(0x3FFE, &mut back).is_err(), "ROM without a descriptor");
    assert!(map.read(0x5000, &mut back).is_err());
    assert!(map.read(u64::MAX - 1, &mut back).is_err());
    assert!(map.check(0x1000, 0x2000, true).is_ok());
    assert!(map.check(0x1000, u64::MAX, false).is_err());
}

#[test]
fn ranges_may_not_overlap_and_go_as_they_came() {
    let mut map = DmaMap::default();
    map.map(0x1000, 0x1000, 0, (true, true), None).unwrap();
    for (address, size) in [(0x1000, 1), (0xFFF, 2), (0x1FFF, 0x1000), (0, 0x4000)] {
        assert_eq!(
            map.map(address, size, 0, (true, true), None),
            Err(libc::EEXIST),
            "{address:#x}"
        );
    }
    assert_eq!(map.map(0, 0, 0, (true, true), None), Err(libc::EINVAL));
    assert_eq!(map.map(2, u64::MAX, 0, (true, true), None), Err(libc::EINVAL));
    assert_eq!(
        map.map(0, 0x1000, u64::MAX, (true, true), None),
        Err(libc::EINVAL)
    );
    assert_eq!(map.unmap(0x1000, 0x800), Err(libc::ENOENT));
    assert_eq!(map.unmap(0x1000, 0x1000), Ok(()));
    assert!(map.is_empty());
}

#[test]
fn a_file_that_is_too_short_is_no_memory() {
    let mut map = DmaMap::default();
    let short = map.map(0, 0x2000, 0, (true, true), Some(memory(0x1000)));
    assert_eq!(short, Err(libc::EINVAL));
    assert!(map.is_empty() && map.stores.is_empty());
}

#[test]
fn a_file_is_one_descriptor_and_there_are_so_many() {
    let mut map = DmaMap::default();
    let one = file(0x10_0000);
    let same = || {
        Some(Foreign::new(
            one.try_clone().unwrap().into(),
            crate::descriptor::Waiting::default(),
        ))
    };
    for page in 0..256 {
        map.map(page << 12, 0x1000, page << 12, (true, true), same())
            .unwrap();
    }
    assert_eq!(map.stores.len(), 1);
    let others = (1u64..)
        .take_while(|other| {
            let other = map.map(other << 32, 0x1000, 0, (true, true), Some(memory(0x1000)));
            other.map_err(|errno| assert_eq!(errno, libc::ENOSPC)).is_ok()
        })
        .count();
    assert_eq!(others + 1, MAX_STORES);
    map.unmap(1 << 32, 0x1000).unwrap();
    assert_eq!(map.stores.len(), MAX_STORES - 1, "its file is closed");
}

/// A read of a page that was under way when something happened to the bus: what reached the memory it had been given.
fn late(happens: impl FnOnce(&mut DmaMap)) -> (Result<(), BadAddress>, DmaMap) {
    let mut map = DmaMap::default();
    map.map(0x1000, 0x1000, 0, (true, true), Some(memory(0x1000)))
        .unwrap();
    let segments = [Segment { at: 0x1000, len: 8 }];
    let era = map.era();
    let mut buffer = map.lend(&segments, Direction::Read).unwrap();
    buffer.chunk_mut(0).fill(7);
    happens(&mut map);
    let given = map.give_back(&segments, era, &*buffer, 8);
    (given, map)
}

#[test]
fn what_a_command_was_given_ends_with_the_unmap() {
    assert!(late(|_| {}).0.is_ok());
    assert!(late(|map| map.unmap(0x1000, 0x1000).unwrap()).0.is_err());
    assert!(late(DmaMap::clear).0.is_err());
    // The address is somebody else's now.
    let (given, map) = late(|map| {
        map.unmap(0x1000, 0x1000).unwrap();
        map.map(0x1000, 0x1000, 0, (true, true), Some(memory(0x1000)))
            .unwrap();
    });
    assert!(given.is_err());
    let mut back = [9; 8];
    map.read(0x1000, &mut back).unwrap();
    assert_eq!(back, [0; 8]);
    // Another range is none of its business.
    let other = late(|map| {
        map.map(0x8000, 0x1000, 0, (true, true), Some(memory(0x1000)))
            .unwrap();
    });
    assert!(other.0.is_ok());
}

#[test]
fn nothing_is_reached_while_the_function_is_no_master_nor_by_older_commands_later() {
    let (given, mut map) = late(|map| map.set_master(false));
    assert!(given.is_err());
    assert!(map.read(0x1000, &mut [0]).is_err() && map.write(0x1000, &[0]).is_err());
    map.set_master(true);
    assert!(map.read(0x1000, &mut [0]).is_ok());
    let again = late(|map| {
        map.set_master(false);
        map.set_master(true);
    });
    assert!(again.0.is_err());
}

#[test]
fn a_scattered_payload_goes_out_and_comes_back() {
    let mut map = DmaMap::default();
    map.map(0x1000, 0x1000, 0, (true, true), Some(memory(0x1000)))
        .unwrap();
    map.write(0x1000, &[1, 2, 3, 4, 5]).unwrap();
    let segments = [(0x1003, 2), (0x1000, 3)].map(|(at, len)| Segment { at, len });
    let buffer = map.lend(&segments, Direction::Write).unwrap();
    assert_eq!(buffer.into_vec(), [4, 5, 1, 2, 3]);
    let mut buffer = map.lend(&segments, Direction::Read).unwrap();
    buffer.chunk_mut(0).copy_from_slice(&[9, 8, 7, 6, 5]);
    map.give_back(&segments, map.era(), &*buffer, 4).unwrap();
    let mut back = [0; 5];
    map.read(0x1000, &mut back).unwrap();
    assert_eq!(back, [7, 6, 3, 9, 8]);
    let beyond = [Segment { at: 0x1FFF, len: 2 }];
    assert!(map.lend(&beyond, Direction::Read).is_err());
    assert!(map.lend(&beyond, Direction::Write).is_err());
}
