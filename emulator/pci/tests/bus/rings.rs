//! Request and response rings: SCSI commands against a real target, wrap-around, bad descriptors, resets.

use driver_sys::hw::raw::addr_ctrl_blk;

use crate::driver::{
    COMPLETION_INTR, CTRL_STATUS, DATA, Driver, MEMORY, MEMORY_LEN, REQ_Q_IN, REQUEST_LEN, RSP_Q_OUT, SHADOW,
    set,
};
use crate::scsi::{READ, WRITE, command, logged_in, login, ready, rw, status, target};
use crate::served::Served;

#[test]
fn data_goes_through_many_segments_and_the_rings_wrap() {
    let (served, target) = (Served::start(), target());
    let mut driver = logged_in(&served, &target);
    through_many_segments(&mut driver);
}

#[test]
fn memory_that_may_shrink_works_as_well() {
    let (served, target) = (Served::start(), target());
    let mut driver = Driver::attach_unsealed(&served.sockets[0]);
    driver.start([127, 0, 0, 31]);
    login(&mut driver, &target);
    through_many_segments(&mut driver);
}

fn through_many_segments(driver: &mut Driver) {
    ready(driver);
    // 13 segments of odd lengths make four entries; more rounds than both rings have slots.
    let lens = [512, 100, 1, 4096, 7, 904, 36, 2048, 500, 12, 256, 232, 512];
    let bytes: u32 = lens.iter().sum();
    assert_eq!(bytes % 512, 0);
    for round in 0..u32::from(REQUEST_LEN) {
        let pattern: Vec<u8> = (0..bytes).map(|i| (i * 7 + round) as u8).collect();
        let mut at = DATA;
        let mut segments = Vec::new();
        let mut rest = pattern.as_slice();
        for len in lens {
            let (piece, tail) = rest.split_at(len as usize);
            driver.put(at, piece);
            segments.push((at, len));
            at += u64::from(len) + 64;
            rest = tail;
        }
        let blocks = (bytes / 512) as u16;
        driver.queue(&command(
            round,
            WRITE,
            &rw(true, round * 32, blocks),
            bytes,
            &segments,
        ));
        assert_eq!(status(&driver.response()), (round, 0, 0));
        for (at, len) in &segments {
            driver.put(*at, &vec![0xEE; *len as usize]);
        }
        driver.queue(&command(
            round,
            READ,
            &rw(false, round * 32, blocks),
            bytes,
            &segments,
        ));
        assert_eq!(status(&driver.response()), (round, 0, 0));
        let back: Vec<u8> = segments
            .iter()
            .flat_map(|(at, len)| driver.get(*at, *len as usize))
            .collect();
        assert_eq!(back, pattern, "round {round}");
    }
    assert_eq!(
        driver.read(CTRL_STATUS) & COMPLETION_INTR,
        0,
        "everything is taken"
    );
}

#[test]
fn responses_wait_for_room_in_the_ring() {
    let (served, target) = (Served::start(), target());
    let mut driver = logged_in(&served, &target);
    ready(&mut driver);
    for handle in 0..20 {
        driver.queue(&command(handle, 0, &[0; 6], 0, &[]));
    }
    driver.wait("a full ring", |d| {
        let used = d.word(SHADOW + 4).wrapping_sub(d.word(SHADOW + 4) / 8 * 8);
        (used != 0 && d.read(CTRL_STATUS) & COMPLETION_INTR != 0).then_some(())
    });
    let mut handles: Vec<u32> = (0..20).map(|_| status(&driver.response()).0).collect();
    handles.sort_unstable();
    assert_eq!(handles, (0..20).collect::<Vec<_>>());
}

#[test]
fn bad_descriptors_fail_their_command_only() {
    let (served, target) = (Served::start(), target());
    let mut driver = logged_in(&served, &target);
    ready(&mut driver);
    let end = MEMORY + MEMORY_LEN;
    let bad: [&[(u64, u32)]; 5] = [
        &[(end - 100, 512)],
        &[(u64::MAX - 10, 512)],
        &[(0, 512)],
        &[(DATA, 100)],
        &[],
    ];
    for (handle, segments) in bad.iter().enumerate() {
        for (flags, write) in [(READ, false), (WRITE, true)] {
            driver.queue(&command(handle as u32, flags, &rw(write, 0, 1), 512, segments));
            assert_eq!(status(&driver.response()), (handle as u32, 0, 1), "{segments:x?}");
        }
    }
    // An absurd length, and more segments than entries.
    driver.queue(&command(
        77,
        READ,
        &rw(false, 0, 1),
        u32::MAX,
        &[(DATA, u32::MAX)],
    ));
    assert_eq!(status(&driver.response()), (77, 0, 1));
    let mut entries = command(78, READ, &rw(false, 0, 1), 512, &[(DATA, 512)]);
    entries[0][0x2E] = 200;
    driver.queue(&entries);
    assert_eq!(status(&driver.response()), (78, 0, 1));
    driver.queue(&command(79, READ, &rw(false, 0, 1), 512, &[(DATA, 512)]));
    assert_eq!(status(&driver.response()), (79, 0, 0));
}

#[test]
fn a_broken_ring_is_a_transfer_error_and_a_reset_mends_it() {
    let (served, target) = (Served::start(), target());
    let mut driver = logged_in(&served, &target);
    type Break = fn(&mut Driver);
    let breaks: [(Break, u32); 4] = [
        (|d| d.write(REQ_Q_IN, u32::from(REQUEST_LEN)), 0x8003),
        (|d| d.write(REQ_Q_IN, u32::MAX), 0x8003),
        (|d| d.write(RSP_Q_OUT, 999), 0x8004),
        (|d| d.queue(&[[0x77; 64]]), 0x8003),
    ];
    for (how, code) in breaks {
        how(&mut driver);
        driver.wait_event(code);
        // Deaf until it is reset.
        driver.write(REQ_Q_IN, 1);
        driver.events.clear();
        driver.start([127, 0, 0, 31]);
        login(&mut driver, &target);
        ready(&mut driver);
    }
}

#[test]
fn a_reset_with_commands_under_way_leaves_memory_alone() {
    let (served, target) = (Served::start(), target());
    let mut driver = logged_in(&served, &target);
    ready(&mut driver);
    for round in 0..8 {
        driver.put(DATA, &[0x5A; 4096]);
        for handle in 0..6 {
            driver.queue(&command(handle, READ, &rw(false, 0, 8), 4096, &[(DATA, 4096)]));
        }
        driver.write(CTRL_STATUS, set(0x8000));
        driver.put(DATA, &[0xA5; 4096]);
        driver.events.clear();
        driver.start([127, 0, 0, 31]);
        assert_eq!(
            driver.get(DATA, 4096),
            vec![0xA5; 4096],
            "round {round}: written after the reset"
        );
        login(&mut driver, &target);
        ready(&mut driver);
    }
}

#[test]
fn an_echo_and_a_refused_mailbox_command_come_back_through_the_ring() {
    let served = Served::start();
    let mut driver = Driver::attach(&served.sockets[0]);
    driver.start([127, 0, 0, 31]);
    let mut entry = [0u8; 64];
    entry[0] = 0x38;
    entry[3] = 1;
    entry[4] = 9;
    entry[8] = 0x0B;
    entry[16..20].copy_from_slice(&[127, 0, 0, 1]);
    driver.queue(&[entry]);
    let answer = driver.response();
    assert_eq!((answer[0], answer[4]), (0x39, 9));
    // Done, or (without the privilege to send echoes) refused with a reason.
    let code = u16::from_le_bytes([answer[8], answer[9]]);
    assert!(
        code == 0x4000 || (code == 0x4005 && answer[8 + 24] != 0),
        "{answer:x?}"
    );
    entry[8] = 0x60;
    driver.queue(&[entry]);
    let answer = driver.response();
    assert_eq!(
        (answer[0], answer[4], answer[8], answer[9]),
        (0x39, 9, 0x05, 0x40)
    );
}

#[test]
fn a_driver_that_takes_no_responses_is_told_in_the_end() {
    let served = Served::start();
    let mut driver = Driver::attach(&served.sockets[0]);
    driver.start([127, 0, 0, 31]);
    // Mailbox commands that cannot come through the ring are answered at once, and nobody takes the answers.
    let mut entry = [0u8; 64];
    (entry[0], entry[3], entry[8]) = (0x38, 1, 0x60);
    let many = vec![entry; usize::from(REQUEST_LEN) - 1];
    driver.wait("the transfer error", |d| {
        d.queue(&many);
        d.event().filter(|event| event[0] == 0x8004)
    });
    driver.start([127, 0, 0, 31]);
}

#[test]
fn a_driver_that_queues_too_much_hears_that_the_queue_is_full() {
    let (served, target) = (Served::start(), target());
    let mut driver = Driver::attach(&served.sockets[0]);
    driver.start([127, 0, 0, 31]);
    login(&mut driver, &target);
    ready(&mut driver);
    let segments = [(DATA, 2 << 20), (DATA, 2 << 20), (DATA, 2 << 20)];
    // No data comes before all are queued.
    assert!(served.tell("slow replies 1000").starts_with("ok"));
    for handle in 0..28 {
        driver.queue(&command(handle, READ, &rw(false, 0, 12_288), 6 << 20, &segments));
    }
    assert!(served.tell("slow replies 0").starts_with("ok"));
    let mut full = 0;
    for _ in 0..28 {
        let (_, scsi, completion) = status(&driver.response());
        assert!(
            matches!((scsi, completion), (0, 0) | (0x28, 0x1C)),
            "{scsi:x} {completion:x}"
        );
        full += usize::from(completion == 0x1C);
    }
    assert!((1..28).contains(&full), "{full} of 28 were refused");
}

/// A page on the bus that cannot be reached.
const ROM: u64 = 0x8000_0000;

#[test]
fn rings_outside_memory_and_in_rom_are_transfer_errors() {
    let served = Served::start();
    let mut driver = Driver::attach_with_rom(&served.sockets[0], ROM);
    type Place = fn(&mut addr_ctrl_blk, u64);
    let requests: Place = |block, at| {
        block.rqq_addr_lo.set(at as u32);
        block.rqq_addr_hi.set((at >> 32) as u32);
    };
    let responses: Place = |block, at| {
        block.compq_addr_lo.set(at as u32);
        block.compq_addr_hi.set((at >> 32) as u32);
    };
    let shadow: Place = |block, at| {
        block.shdwreg_addr_lo.set(at as u32);
        block.shdwreg_addr_hi.set((at >> 32) as u32);
    };
    let end = MEMORY + MEMORY_LEN;
    let before = driver.get(MEMORY, MEMORY_LEN as usize);
    for (place, code) in [(requests, 0x8003), (responses, 0x8004), (shadow, 0x8003)] {
        for at in [0, MEMORY - 64, end - 2, end, ROM, u64::MAX - 63, u64::MAX] {
            driver.events.clear();
            driver.start_with([127, 0, 0, 31], |block| place(block, at));
            // A mailbox command that cannot come through the ring is answered through it at once.
            let mut entry = [0u8; 64];
            (entry[0], entry[3], entry[8]) = (0x38, 1, 0x60);
            driver.queue(&[entry]);
            let event = driver.wait("an event", |d| {
                d.event().filter(|event| event[0] & 0xFFF0 == 0x8000)
            });
            assert_eq!(event[0], code, "at {at:x}");
        }
    }
    // Only the rings, the shadow and the buffer of the control block have changed; and the part of an entry that was inside.
    let after = driver.get(MEMORY, MEMORY_LEN as usize);
    let quiet = (DATA - MEMORY) as usize..MEMORY_LEN as usize - 64;
    assert!(
        before[quiet.clone()] == after[quiet],
        "something else was written"
    );
    driver.start([127, 0, 0, 31]);
}

#[test]
fn payload_cannot_go_to_rom_or_come_from_it() {
    let (served, target) = (Served::start(), target());
    let mut driver = Driver::attach_with_rom(&served.sockets[0], ROM);
    driver.start([127, 0, 0, 31]);
    login(&mut driver, &target);
    ready(&mut driver);
    for (flags, write) in [(READ, false), (WRITE, true)] {
        let mixed: &[(u64, u32)] = &[(DATA, 512), (ROM, 512)];
        driver.queue(&command(5, flags, &rw(write, 0, 2), 1024, mixed));
        assert_eq!(status(&driver.response()), (5, 0, 1));
    }
    driver.queue(&command(6, READ, &rw(false, 0, 2), 1024, &[(DATA, 1024)]));
    assert_eq!(status(&driver.response()), (6, 0, 0));
}

#[test]
fn rings_of_absurd_lengths_are_no_rings() {
    let served = Served::start();
    let mut driver = Driver::attach(&served.sockets[0]);
    type Change = fn(&mut addr_ctrl_blk);
    let changes: [Change; 5] = [
        |block| block.rqq_len.set(0),
        |block| block.compq_len.set(0),
        |block| block.compq_len.set(1),
        |block| block.rqq_consumer_idx.set(REQUEST_LEN),
        |block| block.compq_producer_idx.set(u16::MAX),
    ];
    for change in changes {
        driver.start_with([127, 0, 0, 31], change);
        // Nothing is fetched, nothing is answered, mailboxes work.
        driver.write(REQ_Q_IN, 1);
        driver.write(RSP_Q_OUT, 1);
        driver.write(REQ_Q_IN, u32::MAX);
        assert_eq!(driver.mailbox([0x69, 0, 0, 0, 0, 0])[0], 0x4000);
        assert_eq!(driver.read(CTRL_STATUS) & COMPLETION_INTR, 0);
    }
    // Rings as long as they can be, whose end is far outside memory: what lies inside works.
    driver.start_with([127, 0, 0, 31], |block| {
        block.rqq_len.set(u16::MAX);
        block.compq_len.set(u16::MAX);
    });
    let mut entry = [0u8; 64];
    (entry[0], entry[3], entry[8]) = (0x38, 1, 0x60);
    driver.queue(&[entry]);
    assert_eq!(driver.response()[0], 0x39);
    driver.write(REQ_Q_IN, u32::from(u16::MAX) - 1);
    driver.wait_event(0x8003);
}
