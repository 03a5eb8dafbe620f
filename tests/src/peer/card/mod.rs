//! A BCM5709 in memory that a stock program finds behind `/dev/uio0`.
//!
//! Owns the ring that cnic gives up (`chip`), the memory that both sides map (`memory`), what `/sys/class/uio` shows of it (`tree`)
//! and the thread that plays the card (`play`). A store to memory wakes nobody, so the card looks for doorbells; frames go to a ring of
//! an endpoint and come from there. It must not know what is in a frame beyond its tag, nor the helper's own driver: both sides are
//! checked against the kernel's headers. Source: `cnic.c`, `bnx2.h`, `uio.c`.

mod chip;
mod memory;
mod play;
mod tree;

use std::path::{Path, PathBuf};

use anyhow::Result;

use self::play::Playing;

/// A card that is played.
#[derive(Debug)]
pub struct Card {
    dir: PathBuf,
    playing: Playing,
}

impl Card {
    /// Plugs a card of this MAC address into the tree `endpoint/sys`, beside its network device `netdev`; once somebody opens it, it is on
    /// the endpoint's ring of `host`. Its memory is below `dir`.
    ///
    /// # Errors
    /// The tree has no such device, or the memory cannot be made.
    pub fn start(endpoint: &Path, dir: &Path, host: u32, netdev: &str, mac: [u8; 6]) -> Result<Self> {
        let dir = dir.join("card");
        std::fs::create_dir(&dir)?;
        let memory = memory::Memory::create(&dir)?;
        tree::show(&endpoint.join("sys"), netdev, &dir)?;
        let ring = endpoint.join(format!("l2/iscsi_host{host}"));
        let playing = Playing::start(chip::Chip::new(memory, mac), &dir.join("interrupts"), ring)?;
        Ok(Self { dir, playing })
    }

    /// What went wrong in it so far.
    #[must_use]
    pub fn trouble(&self) -> Vec<String> {
        self.playing.trouble()
    }

    /// Where its memory and the socket of its interrupts are.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}
