//! What a port with a MAC address of its own hears: the frames to it and to groups, none that this machine sends.
//!
//! As a program for the kernel (classic BPF), so that a busy device wakes nobody else.

/// An instruction of classic BPF (`struct sock_filter`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Instruction {
    pub(super) code: u16,
    pub(super) jt: u8,
    pub(super) jf: u8,
    pub(super) k: u32,
}

/// `BPF_LD | BPF_B | BPF_ABS`, `_H_`, `_W_`.
const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const LOAD_WORD: u16 = 0x20;
/// `BPF_JMP | BPF_JEQ | BPF_K`, `BPF_JMP | BPF_JSET | BPF_K`.
const JUMP_EQUAL: u16 = 0x15;
const JUMP_ANY_BIT: u16 = 0x45;
/// `BPF_RET | BPF_K`.
const RETURN: u16 = 0x06;
/// `SKF_AD_OFF + SKF_AD_PKTTYPE`.
const PACKET_TYPE: u32 = 0xffff_f000 + 4;
/// `PACKET_OUTGOING`.
const OUTGOING: u32 = 4;

/// The program for a MAC address.
pub(super) fn program(mac: [u8; 6]) -> [Instruction; 10] {
    let load = |code, k| Instruction {
        code,
        jt: 0,
        jf: 0,
        k,
    };
    let jump = |code, k, jt, jf| Instruction { code, jt, jf, k };
    let [a, b, c, d, e, f] = mac;
    [
        load(LOAD_BYTE, PACKET_TYPE),
        jump(JUMP_EQUAL, OUTGOING, 7, 0),
        load(LOAD_BYTE, 0),
        jump(JUMP_ANY_BIT, 1, 4, 0),
        load(LOAD_WORD, 0),
        jump(JUMP_EQUAL, u32::from_be_bytes([a, b, c, d]), 0, 3),
        load(LOAD_HALF, 4),
        jump(JUMP_EQUAL, u32::from(u16::from_be_bytes([e, f])), 0, 1),
        load(RETURN, u32::MAX),
        load(RETURN, 0),
    ]
}

/// The same for a device that takes no program.
pub(super) fn wanted(frame: &[u8], mac: [u8; 6]) -> bool {
    frame
        .first_chunk::<6>()
        .is_some_and(|to| to[0] & 1 == 1 || *to == mac)
}
