//! What the tests of the flash file share: a card on scratch files, random writes, snapshots.

use std::time::Instant;

use isp4xxx::flash::{Identity, Region, factory_default, inspect};
use isp4xxx::fw::{Card, CardConfig, Command, FlashCommit};

use super::*;

const PORTS: usize = 2;
const DDBS: u32 = 0x0500_0000;
const CHAP: u32 = 0x0600_0000;
const IFCB: u32 = 0x0400_0000;

fn chip() -> &'static Chip {
    Chip::by_name("isp4032").unwrap()
}

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let memory = Path::new("/dev/shm");
    let dir = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    }
    .unwrap();
    let path = dir.path().join("card.flash");
    (dir, path)
}

fn fresh(path: &Path) -> FlashFile {
    let contents = factory_default(chip(), PORTS, Identity { seed: 3 });
    FlashFile::create(path, chip(), PORTS, &contents)
        .unwrap()
        .without_sync()
}

fn open(path: &Path) -> Result<FlashFile, StoreError> {
    FlashFile::open(path, chip(), PORTS).map(FlashFile::without_sync)
}

fn config() -> CardConfig {
    CardConfig {
        chip: chip(),
        ports: PORTS,
        seed: [1; 32],
        link_up: false,
        lease: None,
    }
}

fn power_on(store: FlashFile) -> Card {
    Card::power_on(config(), Box::new(store), Instant::now()).unwrap()
}

/// xorshift64*: the same kills in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % below
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.roll(256) as u8);
    }
}

/// A random valid write: `(port, command, bytes written to flash at, to EEPROM at)`.
fn random_write(dice: &mut Dice) -> (usize, Command) {
    let port = dice.roll(PORTS as u64) as usize;
    let record = |dice: &mut Dice, len: usize, cookie_at: usize, cookie: u16| {
        let mut data = vec![0; len];
        dice.fill(&mut data);
        data[cookie_at..cookie_at + 2].copy_from_slice(&cookie.to_le_bytes());
        data
    };
    let (offset, data) = match dice.roll(4) {
        0 => {
            let cookie = if dice.roll(8) == 0 { 0xFFEE } else { 0x9034 };
            (DDBS + dice.roll(64) as u32 * 512, record(dice, 512, 508, cookie))
        }
        1 => (CHAP + dice.roll(128) as u32 * 364, record(dice, 364, 362, 0x4092)),
        2 => {
            let mut data = record(dice, 768, 0x200, 0xAD5A);
            data[0x200..0x204].copy_from_slice(&0x11BE_AD5A_u32.to_le_bytes());
            (IFCB, data)
        }
        _ => {
            let mut data = vec![0; 11];
            dice.fill(&mut data);
            let offset = if port == 0 { 0x3b1 } else { 0x7b1 };
            return (port, Command::SetNvram { offset, data });
        }
    };
    (
        port,
        Command::WriteFlash {
            offset,
            data,
            options: FlashCommit::RmwCommit,
        },
    )
}

/// The files as they are, without the journal: what a tool for the card reads.
fn snapshot(path: &Path) -> Loaded {
    Files::of(path, chip(), PORTS).read().unwrap()
}

/// Image and journal together, as a bystander reads them.
fn peek(path: &Path) -> Loaded {
    FlashFile::peek(path, chip(), PORTS).unwrap()
}

fn journal(path: &Path) -> PathBuf {
    beside(path, ".journal")
}

mod beside_it;
mod kills;
mod power;
mod refusals;
