//! What needs no device; the devices themselves are met in the namespaces of `tests/tests/l2_rings.rs`.

use proptest::prelude::*;

use super::filter::{Instruction, program, wanted};
use super::packet::finish_checksum;
use super::sys::VNET;
use super::tag::{TPID, put_back};
use super::tap::named;

const MAC: [u8; 6] = [2, 0x10, 0x18, 0xfe, 0xdc, 0xba];

/// What the kernel does with a program: the loads and jumps that this one is made of.
fn accepts(program: &[Instruction], outgoing: bool, frame: &[u8]) -> bool {
    let (mut at, mut value) = (0_usize, 0_u32);
    for _ in 0..=program.len() {
        let i = program[at];
        at += 1;
        let from = usize::try_from(i.k).unwrap();
        let load = |len: usize| {
            frame.get(from..from + len).map(|bytes| {
                bytes
                    .iter()
                    .fold(0_u32, |value, byte| value << 8 | u32::from(*byte))
            })
        };
        match i.code {
            0x30 if i.k == 0xffff_f004 => value = if outgoing { 4 } else { 3 },
            // A load behind the end refuses the packet.
            0x30 | 0x28 | 0x20 => match load(match i.code {
                0x30 => 1,
                0x28 => 2,
                _ => 4,
            }) {
                Some(loaded) => value = loaded,
                None => return false,
            },
            0x15 => at += usize::from(if value == i.k { i.jt } else { i.jf }),
            0x45 => at += usize::from(if value & i.k != 0 { i.jt } else { i.jf }),
            0x06 => return i.k > 0,
            other => panic!("code {other:#x}"),
        }
    }
    panic!("the program does not end");
}

proptest! {
    #[test]
    fn the_kernels_filter_and_ours_want_the_same_frames(
        to in prop_oneof![Just(MAC), any::<[u8; 6]>(), (0..6_usize, any::<u8>()).prop_map(|(at, byte)| { let mut mac = MAC; mac[at] = byte; mac })],
        len in 0..20_usize,
        outgoing in any::<bool>(),
    ) {
        let mut frame = to.to_vec();
        frame.resize(20, 0);
        frame.truncate(len);
        // Shorter than an address, the kernel can tell a group already; no device gives such a frame.
        prop_assume!(len >= 6);
        prop_assert_eq!(accepts(&program(MAC), outgoing, &frame), !outgoing && wanted(&frame, MAC));
    }

    #[test]
    fn whatever_the_kernel_says_of_a_checksum_stays_inside_of_the_frame(
        mut frame in proptest::collection::vec(any::<u8>(), 0..80),
        head in any::<[u8; VNET]>(),
    ) {
        finish_checksum(&mut frame, &head);
    }

    #[test]
    fn a_tag_put_back_changes_nothing_else(frame in proptest::collection::vec(any::<u8>(), 0..64), room in 0..80_usize, tci in any::<u16>()) {
        let mut bytes = frame.clone();
        bytes.resize(room.max(frame.len()), 0);
        let space = bytes.len();
        let done = put_back(&mut bytes, frame.len(), TPID, tci);
        match done {
            Some(len) => {
                prop_assert_eq!(len, frame.len() + 4);
                prop_assert_eq!(&bytes[..12], &frame[..12]);
                prop_assert_eq!(&bytes[12..14], &[0x81, 0]);
                prop_assert_eq!(&bytes[14..16], &tci.to_be_bytes());
                prop_assert_eq!(&bytes[16..len], &frame[12..]);
            }
            None => prop_assert!(frame.len() < 12 || frame.len() + 4 > space),
        }
    }
}

#[test]
fn a_checksum_that_hardware_was_to_compute_is_computed() {
    // IPv4 UDP 192.0.2.1:67 → 192.0.2.2:68, payload "ok!"; the kernel left the sum of the pseudo header in the place.
    let udp = [0, 67, 0, 68, 0, 11, 0, 0, b'o', b'k', b'!'];
    let sum = |bytes: &[u8]| {
        let mut sum = bytes.chunks(2).fold(0_u32, |sum, pair| {
            sum + (u32::from(pair[0]) << 8) + u32::from(pair.get(1).copied().unwrap_or(0))
        });
        while sum > 0xffff {
            sum = (sum >> 16) + (sum & 0xffff);
        }
        sum
    };
    let pseudo = [192, 0, 2, 1, 192, 0, 2, 2, 0, 17, 0, 11];
    let mut frame = vec![0; 34];
    frame.extend_from_slice(&udp);
    frame[40..42].copy_from_slice(&u16::try_from(sum(&pseudo)).unwrap().to_be_bytes());
    let mut head = [0; VNET];
    head[0] = 1;
    head[6..8].copy_from_slice(&34_u16.to_ne_bytes());
    head[8..10].copy_from_slice(&6_u16.to_ne_bytes());
    finish_checksum(&mut frame, &head);
    let whole = [&pseudo[..], &frame[34..]].concat();
    assert_eq!(sum(&whole), 0xffff, "a receiver finds it right");
}

#[test]
fn names_that_the_kernel_would_read_otherwise_are_refused() {
    for good in ["eth0", "a", "enp1s0f0np0", "123456789012345"] {
        assert_eq!(named(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "1234567890123456",
        "tap%d",
        "a b",
        "a/b",
        ".",
        "..",
        "eth0:1",
        "a\0b",
        "tab\t",
    ] {
        assert!(named(bad).is_err(), "{bad:?}");
    }
}
