//! Writes flash records until a test kills it: `flash-torture FLASH [ROUNDS]`, one byte on stdout for each write.
//!
//! Every record is filled with one byte, so that a torn one shows.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use emu_net::flash_file::FlashFile;
use isp4xxx::Chip;
use isp4xxx::fw::{Card, CardConfig, Command, FlashCommit};

/// `(address of the table, records, bytes of one, where its cookie is, cookie)`.
const TABLES: [(u32, u32, usize, usize, u16); 2] = [
    (0x0500_0000, 64, 512, 508, 0x9034),
    (0x0600_0000, 128, 364, 362, 0x4092),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os()
        .nth(1)
        .ok_or("usage: flash-torture FLASH [ROUNDS]")?;
    let rounds = match std::env::args().nth(2) {
        Some(rounds) => rounds.parse()?,
        None => u32::MAX,
    };
    let chip = Chip::by_name("isp4032").ok_or("no such chip")?;
    let store = FlashFile::open(Path::new(&path), chip, 1)?;
    let config = CardConfig {
        chip,
        ports: 1,
        seed: [0; 32],
        link_up: false,
        lease: None,
    };
    let mut card = Card::power_on(config, Box::new(store), Instant::now())?;
    let mut out = std::io::stdout();
    for round in 0..rounds {
        for (base, records, len, cookie_at, cookie) in TABLES {
            let mut data = vec![round as u8; len];
            data[cookie_at..cookie_at + 2].copy_from_slice(&cookie.to_le_bytes());
            let offset = base + round % records * len as u32;
            let options = FlashCommit::RmwCommit;
            card.command(
                Instant::now(),
                0,
                Command::WriteFlash {
                    offset,
                    data,
                    options,
                },
            )?;
            out.write_all(b".")?;
            out.flush()?;
        }
    }
    Ok(())
}
