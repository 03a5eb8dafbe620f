//! qedi: a driver that follows `qedi_main.c` and `qedi_iscsi.c`, on the other side of the ring.

use std::io;
use std::sync::{Arc, Mutex};

use super::bnx2::room;
use super::shared::Shared;
use super::{frames, tagged};
use crate::nic::uio::{Memory, Qedi, Ring, RingError, Taken, Transmit};

const BUFFER: usize = 0x400;
const DESCRIPTORS: u32 = 341;

/// The driver and its memory, as `qedi_reset_uio_rings` leaves it.
pub(super) struct Driver {
    pub(super) control: Shared,
    pub(super) ring: Shared,
    pub(super) buffers: Shared,
    pub(super) sent: Sent,
}

/// A frame without its tag, and the tag.
type Frame = (Vec<u8>, u16);

/// `qedi_data_avail`: takes the frame out of the buffer.
#[derive(Clone)]
pub(super) struct Sent {
    control: Shared,
    buffers: Shared,
    frames: Arc<Mutex<Vec<Frame>>>,
    refuses: Arc<Mutex<bool>>,
}

impl Transmit for Sent {
    fn transmit(&mut self, vlan: u16) -> io::Result<()> {
        let len = self.control.read32(16).unwrap();
        if len == 0 || *self.refuses.lock().unwrap() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mut frame = vec![0; len as usize];
        self.buffers.read(0, &mut frame).unwrap();
        self.frames.lock().unwrap().push((frame, vlan));
        self.control.write32(16, 0).unwrap();
        self.control
            .write32(24, self.control.read32(24).unwrap().wrapping_add(1))
            .unwrap();
        Ok(())
    }
}

impl Driver {
    pub(super) fn new() -> Self {
        let (control, buffers) = (Shared::new(48), Shared::new(16 * BUFFER));
        Self {
            ring: Shared::new(4096),
            sent: Sent {
                control: control.clone(),
                buffers: buffers.clone(),
                frames: Arc::default(),
                refuses: Arc::default(),
            },
            control,
            buffers,
        }
    }

    pub(super) fn open(&self) -> Result<Qedi<Shared, Sent>, RingError> {
        Qedi::new(
            self.control.clone(),
            self.ring.clone(),
            self.buffers.clone(),
            BUFFER,
            self.sent.clone(),
        )
    }

    /// `qedi_ll2_process_skb`: waits for nobody.
    pub(super) fn receive(&self, frame: &[u8], vlan: u16) {
        let get = |at| self.control.read32(at).unwrap();
        let put = |at, value| self.control.write32(at, value).unwrap();
        put(36, get(36) + 1);
        let slot = (get(28) + 1) % 15;
        let len = frame.len().min(BUFFER);
        self.buffers
            .write((slot as usize + 1) * BUFFER, &frame[..len])
            .unwrap();
        let entry = (get(32) + 1) % DESCRIPTORS;
        let at = entry as usize * 12;
        put(32, entry);
        self.ring.write32(at, slot).unwrap();
        self.ring.write32(at + 4, len as u32).unwrap();
        self.ring.write16(at + 8, vlan).unwrap();
        put(28, slot);
    }
}

#[test]
fn frames_come_and_go_for_many_laps() {
    let driver = Driver::new();
    let mut ring = driver.open().unwrap();
    let mut room = room();
    for (number, frame) in frames(1500, 1000).enumerate() {
        driver.receive(&frame, 0);
        assert_eq!(ring.take(&mut room).unwrap(), Taken::Frame(frame.len()));
        assert_eq!(room[..frame.len()], frame, "{number}");
        assert!(ring.idle().unwrap());
        ring.put(&frame).unwrap();
        assert_eq!(driver.sent.frames.lock().unwrap().pop(), Some((frame, 0)));
    }
    assert_eq!(ring.take(&mut room).unwrap(), Taken::Nothing);
    assert_eq!(
        driver.control.read32(12),
        driver.control.read32(32),
        "the driver sees how far we are"
    );
    assert_eq!(driver.control.read32(20), driver.control.read32(36));
    assert_eq!(driver.control.read32(4), driver.control.read32(24));
}

/// The stock helper reads the descriptor that was written last, as often as there are new ones.
#[test]
fn frames_that_come_at_once_all_come() {
    let driver = Driver::new();
    let mut ring = driver.open().unwrap();
    let mut room = room();
    for some in frames(420, 900).collect::<Vec<_>>().chunks(14) {
        some.iter().for_each(|frame| driver.receive(frame, 0));
        for frame in some {
            assert_eq!(ring.take(&mut room).unwrap(), Taken::Frame(frame.len()));
            assert_eq!(room[..frame.len()], *frame);
        }
        assert_eq!(ring.take(&mut room).unwrap(), Taken::Nothing);
    }
}

#[test]
fn what_was_written_over_is_lost_and_never_mixed_up() {
    let driver = Driver::new();
    let mut ring = driver.open().unwrap();
    let mut room = room();
    let all: Vec<_> = frames(340, 900).collect();
    all.iter().for_each(|frame| driver.receive(frame, 0));
    let mut got = Vec::new();
    loop {
        match ring.take(&mut room).unwrap() {
            Taken::Nothing => break,
            Taken::NoFrame => {}
            Taken::Frame(len) => got.push(room[..len].to_vec()),
        }
    }
    assert_eq!(got, all[340 - got.len()..], "the last ones");
    assert!(got.len() >= 14, "{}", got.len());
}

#[test]
fn a_frame_that_is_written_over_while_it_is_copied_is_none() {
    for written in 0..40 {
        let driver = Driver::new();
        let mut ring = driver.open().unwrap();
        let mut room = room();
        driver.receive(&[1; 100], 0);
        let other = Driver {
            control: driver.control.clone(),
            ring: driver.ring.clone(),
            buffers: driver.buffers.clone(),
            sent: driver.sent.clone(),
        };
        driver
            .buffers
            .meanwhile(move || (0..written).for_each(|_| other.receive(&[2; 100], 0)));
        match ring.take(&mut room).unwrap() {
            Taken::Frame(len) => assert_eq!(room[..len], [1; 100], "{written}"),
            taken => assert!(taken == Taken::NoFrame && written >= 14, "{written}: {taken:?}"),
        }
    }
}

#[test]
fn a_tag_beside_the_frame_comes_into_it_and_out_of_it() {
    let driver = Driver::new();
    let mut ring = driver.open().unwrap();
    let mut room = room();
    let frame = frames(1, 100).next().unwrap();
    let whole = tagged(&frame, 0x6064);
    // The driver puts it into the frame, too.
    for received in [&whole, &frame] {
        driver.receive(received, 0x6064);
        assert_eq!(ring.take(&mut room).unwrap(), Taken::Frame(whole.len()));
        assert_eq!(room[..whole.len()], whole);
    }
    ring.put(&whole).unwrap();
    assert_eq!(driver.sent.frames.lock().unwrap().pop(), Some((frame, 0x6064)));
}

#[test]
fn a_frame_that_was_cut_is_none() {
    let driver = Driver::new();
    let mut ring = driver.open().unwrap();
    driver.receive(&[1; 1500], 0);
    assert_eq!(ring.take(&mut room()).unwrap(), Taken::NoFrame);
}

#[test]
fn a_driver_that_does_not_send_is_told_of() {
    let driver = Driver::new();
    let mut ring = driver.open().unwrap();
    *driver.sent.refuses.lock().unwrap() = true;
    assert!(matches!(ring.put(&[1; 60]), Err(RingError::Transmit(_))));
    assert!(matches!(ring.put(&[1; 1025]), Err(RingError::Layout { .. })));
}

#[test]
fn memory_that_is_too_short_is_refused() {
    for (control, ring, buffers, size) in [
        (47, 4096, 16 * BUFFER, BUFFER),
        (48, 4000, 16 * BUFFER, BUFFER),
        (48, 4096, 16 * BUFFER - 1, BUFFER),
        (48, 4096, 16 * BUFFER, BUFFER + 1),
        (48, 4096, 16 * BUFFER, 0),
        (48, 4096, 16 * BUFFER, usize::MAX),
    ] {
        let driver = Driver::new();
        let opened = Qedi::new(
            Shared::new(control),
            Shared::new(ring),
            Shared::new(buffers),
            size,
            driver.sent,
        );
        assert!(
            matches!(opened, Err(RingError::Layout { .. })),
            "{control} {ring} {buffers} {size}"
        );
    }
}
