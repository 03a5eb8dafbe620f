use std::io::IoSlice;
use std::net::SocketAddr;

use super::*;

/// Records of a capture: (frame length, frame).
fn records(bytes: &[u8]) -> Vec<Vec<u8>> {
    assert_eq!(bytes[..4], 0xa1b2_3c4du32.to_le_bytes());
    let mut rest = &bytes[24..];
    let mut records = Vec::new();
    while !rest.is_empty() {
        let len = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
        assert_eq!(rest[8..12], rest[12..16]);
        records.push(rest[16..16 + len].to_vec());
        rest = &rest[16 + len..];
    }
    records
}

/// Folded sum of 16-bit words; 0xffff means that a checksum among them fits.
fn folded(parts: &[&[u8]]) -> u32 {
    let bytes: Vec<u8> = parts.concat();
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum
}

fn captured(here: &str, there: &str, act: impl FnOnce(&mut Conversation)) -> Vec<Vec<u8>> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let capture = Capture::create(file.path()).unwrap();
    let (here, there): (SocketAddr, SocketAddr) = (here.parse().unwrap(), there.parse().unwrap());
    let mut conversation = Conversation::open(&capture, here, there, Opened::There);
    act(&mut conversation);
    drop(conversation);
    records(&std::fs::read(file.path()).unwrap())
}

#[test]
fn frames_carry_the_bytes_with_right_numbers_and_checksums() {
    let big = vec![7u8; 100_001];
    let frames = captured("10.0.0.1:3260", "10.0.0.2:999", |conversation| {
        conversation.received(b"hello");
        // Of the second slice only a part went out.
        conversation.sent(&[IoSlice::new(b"abc"), IoSlice::new(&big)], 3 + 100_000);
        conversation.received(b"x");
        conversation.peer_closed();
    });
    let word = |frame: &[u8], at: usize| u32::from_be_bytes(frame[at..at + 4].try_into().unwrap());
    let (mut sent, mut taken) = (Vec::new(), Vec::new());
    let (mut next_here, mut next_there) = (0u32, 0u32);
    for frame in &frames {
        assert_eq!(frame[12..14], [0x08, 0x00]);
        let (ip, tcp) = (&frame[14..34], &frame[34..]);
        assert_eq!(u16::from_be_bytes([ip[2], ip[3]]) as usize, frame.len() - 14);
        assert_eq!(folded(&[ip]), 0xffff, "IP checksum");
        let length = (tcp.len() as u32).to_be_bytes();
        assert_eq!(
            folded(&[&ip[12..20], &length, &[0, 6], tcp]),
            0xffff,
            "TCP checksum"
        );
        let head = usize::from(tcp[12] >> 4) * 4;
        let payload = &tcp[head..];
        let ours = ip[12..16] == [10, 0, 0, 1];
        let (mine, other) = if ours {
            (&mut next_here, &mut next_there)
        } else {
            (&mut next_there, &mut next_here)
        };
        assert_eq!(word(tcp, 4), *mine, "sequence number");
        if tcp[13] & 0x10 != 0 {
            assert_eq!(word(tcp, 8), *other, "acknowledgement");
        }
        *mine += payload.len() as u32 + u32::from(tcp[13] & 0x03 != 0);
        if ours {
            sent.extend_from_slice(payload);
        } else {
            taken.extend_from_slice(payload);
        }
    }
    assert_eq!(taken, b"hellox");
    assert_eq!(sent[..3], *b"abc");
    assert!(sent.len() == 100_003 && sent[3..].iter().all(|byte| *byte == 7));
    let flags: Vec<u8> = frames.iter().map(|frame| frame[34 + 13]).collect();
    assert_eq!(
        flags,
        [0x02, 0x12, 0x10, 0x18, 0x18, 0x18, 0x18, 0x11, 0x10, 0x11, 0x10]
    );
}

#[test]
fn version_six_frames_have_a_checksum_too_and_a_broken_connection_ends_with_reset() {
    let frames = captured("[fd00::1]:3260", "[fd00::2]:999", |conversation| {
        conversation.received(b"odd");
        conversation.failed();
    });
    for frame in &frames {
        assert_eq!(frame[12..14], [0x86, 0xdd]);
        let (ip, tcp) = (&frame[14..54], &frame[54..]);
        assert_eq!(u16::from_be_bytes([ip[4], ip[5]]) as usize, tcp.len());
        let length = (tcp.len() as u32).to_be_bytes();
        assert_eq!(folded(&[&ip[8..40], &length, &[0, 6], tcp]), 0xffff);
    }
    assert_eq!(frames.last().unwrap()[54 + 13], 0x14);
}

#[test]
fn a_full_disk_ends_the_capture_and_nothing_else() {
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let capture = Capture::into_file(full);
    // The header does not fit already.
    assert_eq!(capture.unwrap_err().raw_os_error(), Some(28));
}

#[test]
fn only_a_capture_is_overwritten() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    drop(Capture::create(&at("new")).unwrap());
    drop(Capture::create(&at("new")).unwrap());
    let mode = std::fs::metadata(at("new")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for text in ["precious", "x"] {
        std::fs::write(at("file"), text).unwrap();
        Capture::create(&at("file")).unwrap_err();
        assert_eq!(std::fs::read_to_string(at("file")).unwrap(), text);
    }
    symlink(at("new"), at("link")).unwrap();
    symlink(at("nowhere"), at("dangling")).unwrap();
    nix::unistd::mkfifo(&at("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for name in ["link", "dangling", "fifo"] {
        Capture::create(&at(name)).unwrap_err();
    }
    assert!(!at("nowhere").exists());
}
