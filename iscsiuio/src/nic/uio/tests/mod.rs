//! The rings on models of what stands on their other side: the chip, or the driver.

mod bnx2;
mod bnx2x;
mod hostile;
mod laps;
mod nic;
mod open;
mod qedi;
mod shared;

/// Frames of all lengths that a buffer takes, each different.
fn frames(count: usize, longest: usize) -> impl Iterator<Item = Vec<u8>> {
    (0..count).map(move |number| {
        let len = 60 + number * 37 % (longest - 60 + 1);
        let mut frame: Vec<u8> = (0..len).map(|at| (at * 7 + number) as u8).collect();
        frame[12..14].copy_from_slice(&[8, 0]);
        frame
    })
}

/// The frame with a tag.
fn tagged(frame: &[u8], tci: u16) -> Vec<u8> {
    [&frame[..12], &[0x81, 0], &tci.to_be_bytes(), &frame[12..]].concat()
}
