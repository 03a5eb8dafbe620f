//! A byte stream cut anywhere, digests on or off: the receiver never asks for room it has not, keeps its limit, and what it takes
//! apart is what the PDU types put together again.

use super::script::Script;
use crate::{
    buffer::{Buffer, Buffers},
    digest::Digest,
    framer::{Place, Receiver, Step},
    pdu::{InitiatorPdu, TargetPdu},
};

/// Longest data segment that the receiver takes.
const LIMIT: usize = 9000;

struct One(Vec<u8>);

impl Buffers for One {
    fn buffer(&self, token: u32) -> Option<&dyn Buffer> {
        (token == 1).then_some(&self.0)
    }

    fn buffer_mut(&mut self, token: u32) -> Option<&mut dyn Buffer> {
        (token == 1).then_some(&mut self.0)
    }
}

/// The body.
pub fn framing(input: &[u8]) {
    let mut script = Script::new(input);
    let digest = |on| if on { Digest::Crc32c } else { Digest::None };
    let mut rx = Receiver::new(LIMIT);
    rx.set_digests(digest(script.flag()), digest(script.flag()));
    let cut = usize::from(script.byte()) + 1;
    let mut buffers = One(vec![0; usize::from(script.byte()) * 32]);
    let wire = script.take(usize::MAX);
    let mut taken = 0;
    for mut piece in wire.chunks(cut) {
        while !piece.is_empty() {
            let slot = rx.slot(&mut buffers);
            assert!(!slot.is_empty(), "no room for {} bytes", piece.len());
            let n = slot.len().min(piece.len());
            slot.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
            rx.received(n, &buffers);
            piece = piece.get(n..).unwrap_or_default();
            taken += n as u64;
            assert_eq!(rx.octets(), taken);
            loop {
                match rx.poll() {
                    Err(_) => return,
                    Ok(None) => break,
                    Ok(Some(Step::Header)) => {
                        let bhs = *rx.bhs();
                        assert!(bhs.data_len() <= LIMIT);
                        rx.place(match bhs.flags % 4 {
                            0 => Place::Discard,
                            1 => Place::Task {
                                token: bhs.itt.get() % 3,
                                offset: bhs.itt.get() as usize,
                            },
                            2 => Place::Task {
                                token: 1,
                                offset: usize::from(bhs.total_ahs_length),
                            },
                            _ => Place::Inline,
                        });
                    }
                    Ok(Some(Step::Pdu)) => {
                        let bhs = *rx.bhs();
                        assert_eq!(rx.ahs().len(), bhs.ahs_len());
                        if rx.placed() == Place::Inline && bhs.data_len() > 0 {
                            assert_eq!(rx.data().len(), bhs.data_len());
                        }
                        assert_eq!(InitiatorPdu::decode(&bhs).encode(), bhs);
                        assert_eq!(TargetPdu::decode(&bhs).encode(), bhs);
                        rx.next();
                    }
                }
            }
        }
    }
}
