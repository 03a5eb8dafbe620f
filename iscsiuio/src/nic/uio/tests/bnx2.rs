//! bnx2: a chip that follows `cnic.c` and `bnx2.h`, on the other side of the ring.

use proptest::prelude::*;

use super::shared::Shared;
use super::{frames, tagged};
use crate::nic::FRAME_ROOM;
use crate::nic::uio::{Bnx2, Memory, Ring, RingError, Taken};

const BUS: u64 = 0x7_4000_0000;
const BUFFER: usize = 0x400;

/// The chip and its memory, as `cnic_init_bnx2_tx_ring` and `cnic_init_bnx2_rx_ring` leave it.
pub(super) struct Chip {
    pub(super) registers: Shared,
    pub(super) status: Shared,
    pub(super) ring: Shared,
    pub(super) buffers: Shared,
    rx: u16,
    tx: u16,
    tx_sequence: u32,
}

impl Chip {
    pub(super) fn new(count: usize) -> Self {
        let this = Self {
            // What /dev/uio maps of 0x12800 bytes.
            registers: Shared::new(0x12000),
            status: Shared::new(128),
            ring: Shared::new(8192),
            buffers: Shared::new(((count + 1) * BUFFER).next_multiple_of(4096)),
            rx: 0,
            tx: 0,
            tx_sequence: 0,
        };
        this.registers.write32(0x808, 0x5709_2000).unwrap();
        for entry in 0..255 {
            this.descriptor(entry * 16, BUS);
            let at = 4096 + entry * 16;
            this.descriptor(at, BUS + ((entry % count + 1) * BUFFER) as u64);
            this.ring.write32(at + 8, BUFFER as u32).unwrap();
            this.ring.write32(at + 12, 0xc).unwrap();
        }
        this
    }

    fn descriptor(&self, at: usize, address: u64) {
        self.ring.write32(at, (address >> 32) as u32).unwrap();
        self.ring.write32(at + 4, address as u32).unwrap();
    }

    pub(super) fn open(&self) -> Result<Bnx2<Shared>, RingError> {
        Bnx2::new(
            self.registers.clone(),
            self.status.clone(),
            self.ring.clone(),
            self.buffers.clone(),
        )
    }

    fn at(&self, descriptor: usize) -> usize {
        let high = u64::from(self.ring.read32(descriptor).unwrap());
        let low = u64::from(self.ring.read32(descriptor + 4).unwrap());
        usize::try_from((high << 32 | low) - BUS).unwrap()
    }

    fn step(index: u16) -> u16 {
        if index & 255 == 254 {
            index.wrapping_add(2)
        } else {
            index.wrapping_add(1)
        }
    }

    /// A frame from the wire; `false` when there is no buffer for it.
    pub(super) fn receive(&mut self, frame: &[u8], tci: Option<u16>, status: u32) -> bool {
        let posted = self.registers.read16(0x10204).unwrap();
        if posted == self.rx {
            return false;
        }
        // The chip counts bytes, too.
        let buffers = u32::from(posted / 256) * 255 + u32::from(posted % 256);
        assert_eq!(self.registers.read32(0x10208), Ok(buffers * BUFFER as u32));
        let at = self.at(4096 + usize::from(self.rx & 255) * 16);
        let vlan = tci.map_or(0, |_| 1 << 6);
        self.buffers.write32(at, status | vlan).unwrap();
        let len = (frame.len() + 4) as u32;
        self.buffers
            .write32(at + 8, len << 16 | u32::from(tci.unwrap_or(0)))
            .unwrap();
        self.buffers.write(at + 18, frame).unwrap();
        self.rx = Self::step(self.rx);
        self.status
            .write32(20, u32::from(self.rx) << 16 | 0x1234)
            .unwrap();
        true
    }

    /// Sends what it was told to; the frames with their tags.
    pub(super) fn transmit(&mut self) -> Vec<(Vec<u8>, Option<u16>)> {
        let mut sent = Vec::new();
        while self.registers.read16(0x11488).unwrap() != self.tx {
            let descriptor = usize::from(self.tx & 255) * 16;
            let len = self.ring.read32(descriptor + 8).unwrap();
            let flags = self.ring.read32(descriptor + 12).unwrap();
            assert_eq!(flags & 0xc0, 0xc0, "one descriptor is the whole frame");
            let mut frame = vec![0; len as usize];
            self.buffers.read(self.at(descriptor), &mut frame).unwrap();
            sent.push((frame, (flags & 8 != 0).then_some((flags >> 16) as u16)));
            self.tx_sequence = self.tx_sequence.wrapping_add(len);
            self.tx = Self::step(self.tx);
        }
        assert_eq!(self.registers.read32(0x11490), Ok(self.tx_sequence));
        self.status
            .write32(12, u32::from(self.tx) << 16 | 0x5678)
            .unwrap();
        sent
    }
}

pub(super) fn room() -> Vec<u8> {
    vec![0; FRAME_ROOM]
}

#[test]
fn frames_come_and_go_for_many_laps() {
    for count in [3, 4, 15] {
        let mut chip = Chip::new(count);
        let mut ring = chip.open().unwrap();
        let mut room = room();
        for (number, frame) in frames(1500, ring.longest()).enumerate() {
            assert!(chip.receive(&frame, None, 0), "a buffer is free at {number}");
            assert_eq!(ring.take(&mut room).unwrap(), Taken::Frame(frame.len()));
            assert_eq!(room[..frame.len()], frame, "{number}");
            assert!(ring.idle().unwrap());
            ring.put(&frame).unwrap();
            assert!(!ring.idle().unwrap(), "the buffer is the chip's");
            assert_eq!(chip.transmit(), [(frame, None)]);
        }
        assert_eq!(ring.take(&mut room).unwrap(), Taken::Nothing);
    }
}

#[test]
fn a_full_ring_gives_its_frames_in_order_and_takes_new_ones() {
    let mut chip = Chip::new(3);
    let mut ring = chip.open().unwrap();
    let mut room = room();
    let all: Vec<_> = frames(300, 900).collect();
    for three in all.chunks(3) {
        assert!(three.iter().all(|frame| chip.receive(frame, None, 0)));
        assert!(!chip.receive(&three[0], None, 0), "three buffers are three");
        for frame in three {
            assert_eq!(ring.take(&mut room).unwrap(), Taken::Frame(frame.len()));
            assert_eq!(room[..frame.len()], *frame);
        }
        assert_eq!(ring.take(&mut room).unwrap(), Taken::Nothing);
    }
}

#[test]
fn a_tag_beside_the_frame_comes_into_it_and_out_of_it() {
    let mut chip = Chip::new(3);
    let mut ring = chip.open().unwrap();
    let mut room = room();
    let frame = frames(1, 100).next().unwrap();
    let whole = tagged(&frame, 0x6064);
    assert!(chip.receive(&frame, Some(0x6064), 0));
    assert_eq!(ring.take(&mut room).unwrap(), Taken::Frame(whole.len()));
    assert_eq!(room[..whole.len()], whole);
    ring.put(&whole).unwrap();
    assert_eq!(chip.transmit(), [(frame.clone(), Some(0x6064))]);

    // A chip that keeps tags says of them, too.
    chip.registers.write32(0x14c8, 1 << 10).unwrap();
    let mut chip = Chip {
        rx: 0,
        tx: 0,
        tx_sequence: 0,
        ..chip
    };
    chip.status.write32(20, 0).unwrap();
    let mut ring = chip.open().unwrap();
    assert!(chip.receive(&whole, Some(0x6064), 0));
    assert_eq!(ring.take(&mut room).unwrap(), Taken::Frame(whole.len()));
    assert_eq!(room[..whole.len()], whole);
}

#[test]
fn a_short_frame_is_filled_up_with_nothing_of_the_one_before() {
    let mut chip = Chip::new(3);
    let mut ring = chip.open().unwrap();
    ring.put(&[0xff; 60]).unwrap();
    chip.transmit();
    ring.put(&[1; 42]).unwrap();
    let sent = chip.transmit();
    assert_eq!(sent[0].0, [&[1; 42][..], &[0; 18]].concat());
}

#[test]
fn what_the_chip_finds_bad_is_no_frame_and_the_next_one_comes() {
    let mut chip = Chip::new(3);
    let mut ring = chip.open().unwrap();
    let mut room = room();
    let good = frames(1, 100).next().unwrap();
    for bad in 17..=21 {
        assert!(chip.receive(&good, None, 1 << bad));
        assert!(chip.receive(&good, None, 1 << 13));
        assert_eq!(ring.take(&mut room).unwrap(), Taken::NoFrame, "{bad}");
        assert_eq!(ring.take(&mut room).unwrap(), Taken::Frame(good.len()));
    }
}

#[test]
fn a_length_that_lies_is_no_frame() {
    for (len, good) in [
        (0, false),
        (3, false),
        (17, false),
        (18, true),
        (1006, true),
        (1007, false),
        (0xffff, false),
    ] {
        let mut chip = Chip::new(3);
        let mut ring = chip.open().unwrap();
        assert!(chip.receive(&[1; 60], None, 0));
        chip.buffers.write32(BUFFER + 8, len << 16).unwrap();
        let taken = ring.take(&mut room()).unwrap();
        let frame = Taken::Frame((len as usize).saturating_sub(4));
        assert_eq!(taken, if good { frame } else { Taken::NoFrame }, "{len}");
        assert_eq!(ring.take(&mut room()).unwrap(), Taken::Nothing, "and it is over");
    }
}

#[test]
fn descriptors_that_are_no_pool_are_refused() {
    type Break = fn(&mut Chip);
    let breaks: [(&str, Break); 6] = [
        ("buffers end before the last one", |chip| {
            chip.buffers = Shared::new(4 * BUFFER - 1);
        }),
        ("the second before the first", |chip| {
            chip.descriptor(4096 + 16, BUS);
        }),
        ("no distance", |chip| {
            chip.descriptor(4096 + 16, BUS + BUFFER as u64);
        }),
        ("a gap", |chip| {
            chip.descriptor(4096 + 32, BUS + 4 * BUFFER as u64);
        }),
        ("a ring of another length", |chip| {
            chip.ring = Shared::new(2 * 16384);
        }),
        ("buffers without end", |chip| {
            (0..255)
                .for_each(|entry| chip.descriptor(4096 + entry * 16, BUS + ((entry + 1) * BUFFER) as u64));
            chip.buffers = Shared::new(256 * BUFFER);
        }),
    ];
    for (what, breaks) in breaks {
        let mut chip = Chip::new(3);
        breaks(&mut chip);
        let opened = chip.open().map(drop);
        assert!(
            matches!(opened, Err(RingError::Layout { .. })),
            "{what}: {opened:?}"
        );
    }
}

#[test]
fn a_driver_that_took_the_ring_back_ends_it() {
    let chip = Chip::new(3);
    let mut ring = chip.open().unwrap();
    // `cnic_shutdown_rings` wipes the page.
    chip.ring.write(4096, &[0; 4096]).unwrap();
    assert!(matches!(ring.take(&mut room()), Err(RingError::Closed)));
    assert!(matches!(ring.idle(), Err(RingError::Closed)));
    assert!(
        matches!(chip.open(), Err(RingError::Closed)),
        "and there is none to open"
    );
}

#[test]
fn an_index_that_no_chip_can_have_ends_it() {
    let mut chip = Chip::new(3);
    let mut ring = chip.open().unwrap();
    assert!(chip.receive(&[1; 60], None, 0));
    chip.status.write32(20, 4 << 16).unwrap();
    let error = ring.take(&mut room()).unwrap_err();
    assert!(matches!(error, RingError::Index { ahead: 4, most: 3 }), "{error}");
}

#[test]
fn groups_are_let_in_on_every_chip() {
    for (id, any_vlan) in [(0x5706_0020, true), (0x5708_1010, true), (0x5709_2000, false)] {
        let chip = Chip::new(3);
        chip.registers.write32(0x808, id).unwrap();
        chip.open().unwrap();
        let sort = chip.registers.read32(0x1828).unwrap();
        assert_eq!(sort & !(1 << 24), 0x8003_0004, "{id:#x}");
        assert_eq!(sort & 1 << 24 != 0, any_vlan, "{id:#x}");
    }
}

#[test]
fn what_cannot_be_reached_is_told_with_what_can_be_done() {
    let chip = Chip::new(3);
    chip.registers.write32(0x4c1c, 2 << 24 | 32 << 7).unwrap();
    let error = chip.open().unwrap_err();
    assert!(matches!(error, RingError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains("disable_msi=1"), "{error}");
    let chip = Chip {
        registers: Shared::new(0x11000),
        ..Chip::new(3)
    };
    assert!(matches!(chip.open(), Err(RingError::Outside(_))));
}

proptest! {
    /// Whatever is left in the status block from before, no frame is made of it, and none is missed.
    #[test]
    fn a_stale_status_block_is_not_believed(index in any::<u16>(), count in 1..=3_usize) {
        let mut chip = Chip::new(3);
        chip.status.write32(20, u32::from(index) << 16).unwrap();
        chip.status.write32(12, u32::from(index) << 16).unwrap();
        // What the last owner received is in the buffers still.
        for buffer in 1..4 {
            chip.buffers.write32(buffer * BUFFER + 8, 104 << 16).unwrap();
        }
        let mut ring = chip.open().unwrap();
        let mut room = room();
        prop_assert_eq!(ring.take(&mut room).unwrap(), Taken::Nothing);
        prop_assert!(ring.idle().unwrap(), "nothing was given to the chip");
        let sent: Vec<_> = frames(count, 500).collect();
        for frame in &sent {
            prop_assert!(chip.receive(frame, None, 0));
        }
        for frame in &sent {
            prop_assert_eq!(ring.take(&mut room).unwrap(), Taken::Frame(frame.len()));
            prop_assert_eq!(&room[..frame.len()], &frame[..]);
        }
        prop_assert_eq!(ring.take(&mut room).unwrap(), Taken::Nothing);
    }
}
