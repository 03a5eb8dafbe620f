//! The two halves against each other: arbitrary PDUs, arbitrary splits, arbitrary bytes.

use std::{collections::HashMap, io::IoSlice};

use proptest::prelude::*;

use super::*;
use crate::{
    buffer::{Buffer, Buffers, NoBuffers},
    digest::Digest,
    pdu::{BHS_LEN, Bhs, Opcode, OpcodeByte},
};

/// Scatter/gather memory: segments of three bytes.
struct Scattered(Vec<u8>);

impl Buffer for Scattered {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn chunk(&self, offset: usize) -> &[u8] {
        let end = ((offset / 3 + 1) * 3).min(self.0.len());
        self.0.get(offset..end).unwrap_or_default()
    }
    fn chunk_mut(&mut self, offset: usize) -> &mut [u8] {
        let end = ((offset / 3 + 1) * 3).min(self.0.len());
        self.0.get_mut(offset..end).unwrap_or_default()
    }
    fn into_vec(self: Box<Self>) -> Vec<u8> {
        self.0
    }
}

#[derive(Default)]
struct Pool(HashMap<u32, Box<dyn Buffer>>);

impl Buffers for Pool {
    fn buffer(&self, token: u32) -> Option<&dyn Buffer> {
        self.0.get(&token).map(|b| &**b)
    }
    fn buffer_mut(&mut self, token: u32) -> Option<&mut dyn Buffer> {
        match self.0.get_mut(&token) {
            Some(buffer) => Some(&mut **buffer),
            None => None,
        }
    }
}

fn bhs(opcode: Opcode) -> Bhs {
    let mut bhs = Bhs::from_array([0; BHS_LEN]);
    bhs.opcode = OpcodeByte::queued(opcode);
    bhs
}

/// Takes what the queue lends, `step` bytes at a time.
fn drain(tx: &mut Transmitter, buffers: &dyn Buffers, step: usize) -> Vec<u8> {
    let mut wire = Vec::new();
    while !tx.is_empty() {
        let mut slices: Vec<IoSlice<'_>> = Vec::new();
        tx.write_slices(buffers, &mut slices);
        assert!(!slices.is_empty() && slices.len() <= MAX_SLICES && slices.iter().all(|s| !s.is_empty()));
        let bytes: Vec<u8> = slices.iter().flat_map(|s| s.iter().copied()).take(step).collect();
        tx.sent(bytes.len());
        wire.extend(bytes);
    }
    assert_eq!(tx.queued(), 0);
    wire
}

/// One PDU as the receiver saw it: header, AHS, inline data, digest verdict.
type Seen = (Bhs, Vec<u8>, Vec<u8>, bool);

fn feed(
    rx: &mut Receiver,
    buffers: &mut dyn Buffers,
    wire: &[u8],
    step: usize,
    place: impl Fn(&Bhs) -> Place,
) -> Result<Vec<Seen>, FrameError> {
    let mut seen = Vec::new();
    let mut rest = wire;
    while !rest.is_empty() {
        let slot = rx.slot(buffers);
        assert!(!slot.is_empty(), "a slot is never empty while bytes are wanted");
        let n = slot.len().min(step).min(rest.len());
        slot[..n].copy_from_slice(&rest[..n]);
        rest = &rest[n..];
        rx.received(n, buffers);
        while let Some(step) = rx.poll()? {
            match step {
                Step::Header => rx.place(place(rx.bhs())),
                Step::Pdu => {
                    seen.push((
                        *rx.bhs(),
                        rx.ahs().to_vec(),
                        rx.data().to_vec(),
                        rx.data_digest_ok(),
                    ));
                    rx.next();
                }
            }
        }
    }
    Ok(seen)
}

fn digests() -> impl Strategy<Value = Digest> {
    prop_oneof![Just(Digest::None), Just(Digest::Crc32c)]
}

proptest! {
    #[test]
    fn pdus_survive_any_split(
        pdus in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..40), proptest::collection::vec(any::<u8>(), 0..300), any::<bool>()), 1..6),
        header in digests(), data in digests(), out_step in 1usize..200, in_step in 1usize..200,
    ) {
        let mut tx = Transmitter::new();
        let mut rx = Receiver::new(8192);
        tx.set_digests(header, data);
        rx.set_digests(header, data);
        let (mut from, mut to) = (Pool::default(), Pool::default());
        for (number, (ahs, bytes, by_task)) in pdus.iter().enumerate() {
            let token = u32::try_from(number).unwrap();
            let mut bhs = bhs(Opcode::DATA_IN);
            bhs.itt = token.into();
            if *by_task {
                let mut shifted = vec![0xee; 5];
                shifted.extend_from_slice(bytes);
                from.0.insert(token, Box::new(Scattered(shifted)));
                to.0.insert(token, Box::new(Scattered(vec![0; bytes.len() + 7])));
                tx.push(bhs, ahs, Data::Task { token, offset: 5, len: bytes.len() }, &from);
            } else {
                tx.push(bhs, ahs, Data::Bytes(bytes), &from);
            }
        }
        let wire = drain(&mut tx, &from, out_step);
        prop_assert_eq!(tx.octets(), wire.len() as u64);
        let tasks: Vec<u32> = to.0.keys().copied().collect();
        let seen = feed(&mut rx, &mut to, &wire, in_step, |bhs| {
            let token = bhs.itt.get();
            if tasks.contains(&token) { Place::Task { token, offset: 7 } } else { Place::Inline }
        }).unwrap();
        prop_assert_eq!(seen.len(), pdus.len());
        prop_assert_eq!(rx.octets(), wire.len() as u64);
        for ((bhs, ahs, inline, ok), (want_ahs, want, by_task)) in seen.iter().zip(&pdus) {
            prop_assert!(ok);
            prop_assert_eq!(ahs.get(..want_ahs.len()), Some(&want_ahs[..]));
            if *by_task {
                let got = to.0.remove(&bhs.itt.get()).unwrap().into_vec();
                prop_assert_eq!(&got[7..], &want[..]);
            } else {
                prop_assert_eq!(inline, want);
            }
        }
    }

    #[test]
    fn a_flipped_bit_is_found(bytes in proptest::collection::vec(any::<u8>(), 1..64), at: prop::sample::Index, bit in 0u8..8) {
        let mut tx = Transmitter::new();
        let mut rx = Receiver::new(8192);
        tx.set_digests(Digest::Crc32c, Digest::Crc32c);
        rx.set_digests(Digest::Crc32c, Digest::Crc32c);
        tx.push(bhs(Opcode::NOP_IN), &[], Data::Bytes(&bytes), &NoBuffers);
        let mut wire = drain(&mut tx, &NoBuffers, usize::MAX);
        let at = at.index(wire.len());
        wire[at] ^= 1 << bit;
        match feed(&mut rx, &mut NoBuffers, &wire, 4096, |_| Place::Inline) {
            Err(why) => prop_assert_eq!(why, FrameError::HeaderDigest),
            // A longer AHS length may swallow the rest, then no PDU is complete.
            Ok(seen) => prop_assert!(seen.iter().all(|(.., ok)| !ok)),
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic_nor_grow(wire in proptest::collection::vec(any::<u8>(), 0..4096), step in 1usize..64) {
        let mut rx = Receiver::new(70_000);
        let _ = feed(&mut rx, &mut NoBuffers, &wire, step, |bhs| match bhs.flags & 3 {
            0 => Place::Inline,
            1 => Place::Discard,
            _ => Place::Task { token: 1, offset: usize::MAX },
        });
    }
}

#[test]
fn a_claimed_length_allocates_only_what_arrives() {
    let mut rx = Receiver::new(16 << 20);
    let mut header = [0u8; BHS_LEN];
    header[5..8].copy_from_slice(&[0xff, 0xff, 0xff]);
    feed(&mut rx, &mut NoBuffers, &header, 48, |_| Place::Inline).unwrap();
    assert!(rx.slot(&mut NoBuffers).len() <= 64 * 1024);
}

#[test]
fn a_segment_beyond_the_limit_is_refused_before_it_is_read() {
    let mut rx = Receiver::new(8192);
    let mut header = [0u8; BHS_LEN];
    header[5..8].copy_from_slice(&[0, 0x20, 1]);
    let got = feed(&mut rx, &mut NoBuffers, &header, 48, |_| Place::Inline);
    assert_eq!(
        got,
        Err(FrameError::TooLong {
            len: 8193,
            limit: 8192
        })
    );
}

#[test]
fn a_detached_task_still_sends_its_bytes() {
    let mut pool = Pool::default();
    pool.0.insert(7, Box::new(Scattered((0..200).collect())));
    let mut tx = Transmitter::new();
    tx.push(
        bhs(Opcode::DATA_OUT),
        &[],
        Data::Task {
            token: 7,
            offset: 10,
            len: 100,
        },
        &pool,
    );
    tx.sent(BHS_LEN + 20);
    assert!(tx.refers_to(7));
    tx.detach(7, &pool);
    assert!(!tx.refers_to(7));
    pool.0.clear();
    let expect: Vec<u8> = (30..110).collect();
    assert_eq!(drain(&mut tx, &pool, 9), expect);
}

#[test]
fn a_buffer_that_is_too_short_keeps_the_stream_in_step() {
    let mut pool = Pool::default();
    pool.0.insert(1, Box::new(vec![5u8; 10]));
    let mut tx = Transmitter::new();
    tx.set_digests(Digest::None, Digest::Crc32c);
    tx.push(
        bhs(Opcode::DATA_IN),
        &[],
        Data::Task {
            token: 1,
            offset: 4,
            len: 5000,
        },
        &pool,
    );
    let wire = drain(&mut tx, &pool, 1000);
    let mut rx = Receiver::new(8192);
    rx.set_digests(Digest::None, Digest::Crc32c);
    let seen = feed(&mut rx, &mut pool, &wire, 999, |_| Place::Task {
        token: 1,
        offset: 0,
    })
    .unwrap();
    assert_eq!(
        (seen.len(), seen[0].3),
        (1, true),
        "what does not fit is dropped, the digest still holds"
    );
    assert_eq!(
        pool.0.remove(&1).unwrap().into_vec(),
        [5, 5, 5, 5, 5, 5, 0, 0, 0, 0]
    );
}
