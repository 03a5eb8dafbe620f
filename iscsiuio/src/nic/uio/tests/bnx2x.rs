//! bnx2x: a chip that follows `cnic.c` and `bnx2x_hsi.h`, on the other side of the ring.

use super::bnx2::room;
use super::shared::Shared;
use super::{frames, tagged};
use crate::nic::uio::{Bnx2x, Memory, Ring, RingError, Taken};

const BUS: u64 = 0x1_2340_0000;
const BUFFER: usize = 0x400;
const COUNT: usize = 15;
const DOORBELL: usize = 0x88;

/// The chip and its memory, as `cnic_init_rings` leaves it.
pub(super) struct Chip {
    pub(super) registers: Shared,
    pub(super) doorbells: Option<Shared>,
    pub(super) status: Shared,
    pub(super) ring: Shared,
    pub(super) buffers: Shared,
    producers: usize,
    function: u8,
    cqe: u16,
    bd: u16,
    tx_bd: u16,
    tx: u16,
}

impl Chip {
    pub(super) fn new(chip: u32, function: u8, producers: usize) -> Self {
        let mut this = Self {
            registers: Shared::new(0x50_0000),
            doorbells: Some(Shared::new(0x1000)),
            status: Shared::new(56),
            ring: Shared::new(4 * 4096),
            buffers: Shared::new((COUNT + 1) * BUFFER),
            producers,
            function,
            cqe: 0,
            bd: 0,
            tx_bd: 0,
            tx: 0,
        };
        this.registers.write32(0xa408, chip).unwrap();
        this.buffers.write8(0, 17).unwrap();
        this.buffers.write32(12, 0x11).unwrap();
        this.buffers.write32(16, DOORBELL as u32).unwrap();
        this.buffers.write32(20, 0x0178_55db).unwrap();
        for entry in (0..255).step_by(3) {
            let at = entry * 16;
            this.address(at, BUS);
            this.ring.write16(at + 8, 3).unwrap();
            this.ring.write16(at + 10, 16).unwrap();
            this.ring.write8(at + 14, 1 << 4).unwrap();
            this.address(at + 32, BUS + 16);
        }
        for entry in 0..510 {
            this.address(4096 + entry * 8, BUS + ((entry % COUNT + 1) * BUFFER) as u64);
        }
        // The completion of the command that set the client up.
        this.complete(1, 0, 0, 0);
        this
    }

    pub(super) fn e2() -> Self {
        Self::new(0x168e, 0, 0x40_6000 + 17 * 0x20)
    }

    fn address(&self, at: usize, address: u64) {
        self.ring.write32(at, address as u32).unwrap();
        self.ring.write32(at + 4, (address >> 32) as u32).unwrap();
    }

    fn at(&self, descriptor: usize) -> usize {
        let low = u64::from(self.ring.read32(descriptor).unwrap());
        let high = u64::from(self.ring.read32(descriptor + 4).unwrap());
        usize::try_from((high << 32 | low) - BUS).unwrap()
    }

    pub(super) fn open(&self) -> Result<Bnx2x<Shared>, RingError> {
        Bnx2x::new(
            self.registers.clone(),
            self.doorbells.clone(),
            self.status.clone(),
            self.ring.clone(),
            self.buffers.clone(),
            self.function,
        )
    }

    fn complete(&mut self, kind: u8, offset: u8, tci: u16, len: usize) {
        let at = 8192 + usize::from(self.cqe & 63) * 64;
        self.ring.write8(at, kind).unwrap();
        self.ring.write8(at + 3, offset).unwrap();
        self.ring.write16(at + 8, tci).unwrap();
        self.ring.write16(at + 10, len as u16).unwrap();
        self.ring.write16(at + 14, if tci == 0 { 0 } else { 2 }).unwrap();
        self.cqe = self.cqe.wrapping_add(if self.cqe & 63 == 62 { 2 } else { 1 });
        self.status.write16(18, self.cqe).unwrap();
    }

    /// A frame from the wire; `false` when there is no buffer or no completion for it.
    pub(super) fn receive(&mut self, frame: &[u8], tci: u16, kind: u8) -> bool {
        let producers = self.registers.read32(self.producers).unwrap();
        let (bd, cqe) = ((producers >> 16) as u16, producers as u16);
        if bd == self.bd || cqe == self.cqe {
            return false;
        }
        let offset = 2;
        let at = self.at(4096 + usize::from(self.bd & 511) * 8);
        self.buffers.write(at + usize::from(offset), frame).unwrap();
        self.bd = self.bd.wrapping_add(if self.bd & 511 == 509 { 3 } else { 1 });
        self.complete(kind, offset, tci, frame.len());
        true
    }

    /// Sends what the doorbell tells of.
    pub(super) fn transmit(&mut self) -> Vec<(Vec<u8>, Option<u16>)> {
        let told = self.doorbells.as_ref().unwrap().read32(DOORBELL).unwrap();
        let mut sent = Vec::new();
        while (told >> 16) as u16 != self.tx_bd {
            assert_eq!(told & 0xffff, 2);
            let descriptor = |index: u16| usize::from(index & 255) * 16;
            let start = descriptor(self.tx_bd);
            let rest = descriptor(self.tx_bd + 2);
            let total = self.ring.read16(rest + 8).unwrap();
            assert_eq!(self.ring.read16(rest + 10), Ok(total - 16));
            let mut frame = vec![0; usize::from(total)];
            self.buffers.read(self.at(start), &mut frame[..16]).unwrap();
            self.buffers.read(self.at(rest), &mut frame[16..]).unwrap();
            let flags = self.ring.read8(start + 14).unwrap();
            assert_eq!(flags & 1 << 4, 1 << 4, "still a start");
            let word = self.ring.read16(start + 12).unwrap();
            let tci = (flags & 1 << 2 != 0).then_some(word);
            assert!(
                tci.is_some() || word == self.tx,
                "without a tag the number of the frame"
            );
            sent.push((frame, tci));
            self.tx = self.tx.wrapping_add(1);
            self.tx_bd += 3;
            if self.tx_bd & 255 == 255 {
                self.tx_bd = self.tx_bd.wrapping_add(1);
            }
        }
        self.status.write16(26, self.tx).unwrap();
        sent
    }
}

#[test]
fn frames_come_and_go_for_many_laps() {
    let mut chip = Chip::e2();
    let mut ring = chip.open().unwrap();
    let mut room = room();
    assert_eq!(
        ring.take(&mut room).unwrap(),
        Taken::NoFrame,
        "a command's completion"
    );
    for (number, frame) in frames(3000, 1000).enumerate() {
        assert!(chip.receive(&frame, 0, 0), "a buffer is free at {number}");
        assert_eq!(ring.take(&mut room).unwrap(), Taken::Frame(frame.len()));
        assert_eq!(room[..frame.len()], frame, "{number}");
        assert!(ring.idle().unwrap());
        ring.put(&frame).unwrap();
        assert!(!ring.idle().unwrap());
        assert_eq!(chip.transmit(), [(frame, None)]);
    }
    assert_eq!(ring.take(&mut room).unwrap(), Taken::Nothing);
}

#[test]
fn a_full_ring_gives_its_frames_in_order_and_takes_new_ones() {
    let mut chip = Chip::e2();
    let mut ring = chip.open().unwrap();
    let mut room = room();
    ring.take(&mut room).unwrap();
    let all: Vec<_> = frames(900, 900).collect();
    for some in all.chunks(COUNT) {
        assert!(some.iter().all(|frame| chip.receive(frame, 0, 0)));
        assert!(!chip.receive(&some[0], 0, 0), "15 buffers are 15");
        for frame in some {
            assert_eq!(ring.take(&mut room).unwrap(), Taken::Frame(frame.len()));
            assert_eq!(room[..frame.len()], *frame);
        }
        assert_eq!(ring.take(&mut room).unwrap(), Taken::Nothing);
    }
}

#[test]
fn a_tag_beside_the_frame_comes_into_it_and_out_of_it() {
    let mut chip = Chip::e2();
    let mut ring = chip.open().unwrap();
    let mut room = room();
    ring.take(&mut room).unwrap();
    let frame = frames(1, 100).next().unwrap();
    let whole = tagged(&frame, 0x6064);
    assert!(chip.receive(&frame, 0x6064, 0));
    assert_eq!(ring.take(&mut room).unwrap(), Taken::Frame(whole.len()));
    assert_eq!(room[..whole.len()], whole);
    for sent in [&whole, &frame] {
        ring.put(sent).unwrap();
        let tci = (sent == &whole).then_some(0x6064);
        assert_eq!(chip.transmit(), [(frame.clone(), tci)]);
    }
}

#[test]
fn what_the_chip_finds_bad_is_no_frame_and_gives_its_buffer_back() {
    let mut chip = Chip::e2();
    let mut ring = chip.open().unwrap();
    let mut room = room();
    ring.take(&mut room).unwrap();
    let frame = frames(1, 100).next().unwrap();
    for _ in 0..40 {
        assert!(chip.receive(&frame, 0, 1 << 3));
        assert_eq!(ring.take(&mut room).unwrap(), Taken::NoFrame);
    }
    assert!(chip.receive(&frame, 0, 0));
    assert_eq!(ring.take(&mut room).unwrap(), Taken::Frame(frame.len()));
}

#[test]
fn a_length_that_lies_is_no_frame() {
    for (offset, len, good) in [
        (2, 13, false),
        (2, 14, true),
        (2, 1022, true),
        (2, 1023, false),
        (255, 770, false),
        (0, 1024, true),
        (0, 0xffff, false),
    ] {
        let mut chip = Chip::e2();
        let mut ring = chip.open().unwrap();
        let mut room = room();
        ring.take(&mut room).unwrap();
        assert!(chip.receive(&[1; 60], 0, 0));
        chip.ring.write8(8192 + 64 + 3, offset).unwrap();
        chip.ring.write16(8192 + 64 + 10, len).unwrap();
        let frame = Taken::Frame(usize::from(len));
        let taken = ring.take(&mut room).unwrap();
        assert_eq!(taken, if good { frame } else { Taken::NoFrame }, "{offset} {len}");
        assert_eq!(ring.take(&mut room).unwrap(), Taken::Nothing, "and it is over");
    }
}

#[test]
fn every_generation_has_its_producers_where_its_firmware_looks() {
    for (chip, function, producers) in [
        (0x164e, 0, 0x50c8 + 17 * 8),
        (0x164e, 1, 0x50c8 + 0x90 + 17 * 8),
        (0x164f, 1, 0x1e00 + 0xe0 + 17 * 8),
        (0x1650, 2, 0x1e00 + 17 * 8),
        (0x1662, 3, 0x6000 + 17 * 0x20),
        (0x16a1, 0, 0x6000 + 17 * 0x20),
    ] {
        let mut chip = Chip::new(chip, function, 0x40_0000 + producers);
        let mut ring = chip.open().unwrap();
        let mut room = room();
        ring.take(&mut room).unwrap();
        assert!(chip.receive(&[1; 60], 0, 0), "{producers:#x}");
        assert_eq!(ring.take(&mut room).unwrap(), Taken::Frame(60));
    }
    let error = Chip::new(0x1234, 0, 0).open().unwrap_err();
    assert!(matches!(error, RingError::Chip { chip: 0x1234 }), "{error}");
}

#[test]
fn without_doorbells_there_is_no_ring_and_it_is_said_why() {
    let chip = Chip {
        doorbells: None,
        ..Chip::e2()
    };
    let error = chip.open().unwrap_err();
    assert!(error.to_string().contains("BAR 2"), "{error}");
    let chip = Chip::e2();
    chip.buffers.write32(20, 0).unwrap();
    assert!(matches!(chip.open(), Err(RingError::Layout { .. })));
    chip.buffers.write32(20, 0x0178_55db).unwrap();
    chip.buffers.write32(16, 0x1000).unwrap();
    assert!(
        matches!(chip.open(), Err(RingError::Outside(_))),
        "a doorbell behind the end"
    );
}

#[test]
fn a_driver_that_took_the_ring_back_ends_it() {
    let chip = Chip::e2();
    let mut ring = chip.open().unwrap();
    chip.ring.write(4096, &[0; 4096]).unwrap();
    assert!(matches!(ring.take(&mut room()), Err(RingError::Closed)));
    assert!(matches!(ring.idle(), Err(RingError::Closed)));
}

#[test]
fn an_index_that_no_chip_can_have_ends_it() {
    let chip = Chip::e2();
    let mut ring = chip.open().unwrap();
    chip.status.write16(18, 65).unwrap();
    let error = ring.take(&mut room()).unwrap_err();
    assert!(
        matches!(error, RingError::Index { ahead: 64, most: 63 }),
        "{error}"
    );
}
