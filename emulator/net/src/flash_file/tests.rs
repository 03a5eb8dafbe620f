//! Kills at every step of every write, through the firmware's own commands: old or new, nothing between.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use isp4xxx::flash::{Identity, factory_default, inspect, validate};
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
    FlashFile::create(path, PORTS, &contents).unwrap().without_sync()
}

fn open(path: &Path) -> Result<FlashFile, StoreError> {
    FlashFile::open(path, PORTS, chip().nvram_size).map(FlashFile::without_sync)
}

fn power_on(store: FlashFile) -> Card {
    let config = CardConfig {
        chip: chip(),
        ports: PORTS,
        seed: [1; 32],
        link_up: false,
        lease: None,
    };
    Card::power_on(config, Box::new(store), Instant::now()).unwrap()
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

/// A hook that loses power after `countdown` steps; a negative number never does.
fn bomb() -> (Arc<AtomicI64>, Hook) {
    let fuse = Arc::new(AtomicI64::new(-1));
    let burning = Arc::clone(&fuse);
    let hook = move |_| burning.fetch_sub(1, Ordering::Relaxed) == 0;
    (fuse, Box::new(hook))
}

#[test]
fn ten_thousand_kills_leave_every_record_old_or_new() {
    let (_dir, path) = scratch();
    drop(fresh(&path));
    let mut dice = Dice(0x5EED_0001);
    let (mut kills, mut kept, mut taken) = (0, 0, 0);
    while kills < 10_000 {
        let (fuse, hook) = bomb();
        let mut card = power_on(open(&path).unwrap().with_hook(hook));
        // Some writes that succeed, then one that is killed.
        for _ in 0..dice.roll(2) {
            let (port, command) = random_write(&mut dice);
            card.command(Instant::now(), port, command).unwrap();
        }
        let before = snapshot(&path);
        // Twelve steps at most; later fuses do not go off.
        fuse.store(dice.roll(12) as i64, Ordering::Relaxed);
        let (port, command) = random_write(&mut dice);
        let outcome = card.command(Instant::now(), port, command);
        let killed = outcome.is_err();
        drop(card);
        if killed {
            // Every cookie and checksum must be right.
            let found = open(&path).unwrap().load().unwrap();
            validate::accept(chip(), PORTS, &found).unwrap();
            if kills % 100 == 0 {
                inspect(chip(), PORTS, &found).unwrap();
            }
            kills += 1;
            if found == before {
                kept += 1;
            } else {
                taken += 1;
                assert_one_write_apart(&before, &found);
            }
        }
    }
    assert!(kept > 1000 && taken > 100, "kept {kept}, taken {taken}");
}

fn snapshot(path: &Path) -> Loaded {
    // The card holds the lock: read as a bystander would.
    let file = File::open(path).unwrap();
    let read = |port: usize, area: Area| {
        let mut bytes = vec![0; area.size()];
        file.read_exact_at(&mut bytes, area.position(port)).unwrap();
        (area.position(port), bytes)
    };
    let areas = (0..PORTS)
        .flat_map(|port| Area::ALL.map(|area| read(port, area)))
        .collect();
    let nvram = fs::read(FlashFile::nvram_path(path)).unwrap();
    Loaded {
        areas,
        flash_len: image_len(PORTS),
        nvram,
    }
}

/// The bytes that differ lie in one record of one area, or in the EEPROM.
fn assert_one_write_apart(old: &Loaded, new: &Loaded) {
    let mut records = Vec::new();
    for ((at, old), (_, new)) in old.areas.iter().zip(&new.areas) {
        let area = Area::ALL
            .into_iter()
            .find(|area| (0..PORTS).any(|port| area.position(port) == *at));
        let record = area.unwrap().record();
        for index in 0..old.len().div_ceil(record) {
            let range = index * record..((index + 1) * record).min(old.len());
            if old[range.clone()] != new[range] {
                records.push((*at, index));
            }
        }
    }
    let nvram = usize::from(old.nvram != new.nvram);
    assert_eq!(records.len() + nvram, 1, "{records:?}");
}

#[test]
fn the_file_is_sparse_and_holds_what_was_written_between_the_areas() {
    use std::os::unix::fs::MetadataExt;
    let (_dir, path) = scratch();
    let store = fresh(&path);
    // A dump of a real card may hold more than the areas: it survives commits.
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"boot code", 0x0100_0000).unwrap();
    let mut card = power_on(store);
    let mut dice = Dice(9);
    for _ in 0..20 {
        let (port, command) = random_write(&mut dice);
        card.command(Instant::now(), port, command).unwrap();
    }
    let mut found = [0; 9];
    let meta = fs::metadata(&path).unwrap();
    File::open(&path)
        .unwrap()
        .read_exact_at(&mut found, 0x0100_0000)
        .unwrap();
    assert_eq!(&found, b"boot code");
    assert_eq!(meta.len(), 2 * 0x0800_0000);
    assert!(meta.blocks() * 512 < 2 << 20, "{} blocks", meta.blocks());
}

#[test]
fn an_image_of_the_wrong_size_is_refused_and_left_alone() {
    let (_dir, path) = scratch();
    drop(fresh(&path));
    OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(12345)
        .unwrap();
    let error = open(&path).unwrap_err();
    assert!(
        matches!(error, StoreError::Size { found: 12345, .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("card.flash"), "{error}");
    assert_eq!(fs::metadata(&path).unwrap().len(), 12345);
    let contents = factory_default(chip(), PORTS, Identity { seed: 3 });
    let error = FlashFile::create(&path, PORTS, &contents).unwrap_err();
    assert!(
        matches!(error, StoreError::Io { .. }),
        "an existing file is never overwritten"
    );
    assert_eq!(fs::metadata(&path).unwrap().len(), 12345);
}

#[test]
fn bad_cookies_and_checksums_are_named_and_left_alone() {
    for (at, bytes, needle) in [
        (
            0x0500_0000_u64 + 512 * 9 + 508,
            [0x12, 0x34],
            "DDB table record 9",
        ),
        (
            0x0800_0000 + 0x0600_0000 + 364 * 127 + 362,
            [0x12, 0x34],
            "port 1: CHAP table record 127",
        ),
        (0x0400_0200, [0, 0], "IFCB"),
        (0x0200_0008, [0xFF, 0xFF], "MAC"),
    ] {
        let (_dir, path) = scratch();
        drop(fresh(&path));
        OpenOptions::new()
            .write(true)
            .open(&path)
            .unwrap()
            .write_all_at(&bytes, at)
            .unwrap();
        let before = snapshot(&path);
        let config = CardConfig {
            chip: chip(),
            ports: PORTS,
            seed: [1; 32],
            link_up: false,
            lease: None,
        };
        let error = Card::power_on(config, Box::new(open(&path).unwrap()), Instant::now()).unwrap_err();
        assert!(error.to_string().contains(needle), "{error}");
        assert!(snapshot(&path) == before);
    }
    let (_dir, path) = scratch();
    drop(fresh(&path));
    let nvram = OpenOptions::new()
        .write(true)
        .open(FlashFile::nvram_path(&path))
        .unwrap();
    nvram.write_all_at(&[0xAA], 0x3b2).unwrap();
    let loaded = open(&path).unwrap().load().unwrap();
    let error = inspect(chip(), PORTS, &loaded).unwrap_err();
    assert!(error.to_string().contains("EEPROM checksum"), "{error}");
}

#[test]
fn a_second_process_is_kept_away() {
    let (_dir, path) = scratch();
    let first = fresh(&path);
    let error = open(&path).unwrap_err();
    assert!(format!("{error:?}").contains("another process"), "{error:?}");
    drop(first);
    open(&path).unwrap();
}

#[test]
fn a_disk_that_is_full_keeps_the_old_image() {
    let (_dir, path) = scratch();
    let store = fresh(&path);
    let before = snapshot(&path);
    // The new image cannot even be created where a directory stands.
    fs::create_dir(beside(&path, ".new")).unwrap();
    let mut card = power_on(store);
    let (port, command) = (
        0,
        Command::WriteFlash {
            offset: DDBS,
            data: vec![0; 512],
            options: FlashCommit::RmwCommit,
        },
    );
    let error = card.command(Instant::now(), port, command).unwrap_err();
    assert!(error.why.contains("cannot create"), "{error}");
    assert!(snapshot(&path) == before);
}

#[test]
fn a_link_planted_beside_the_image_is_not_followed() {
    let (dir, path) = scratch();
    let store = fresh(&path);
    let victim = dir.path().join("victim");
    fs::write(&victim, b"precious").unwrap();
    std::os::unix::fs::symlink(&victim, beside(&path, ".new")).unwrap();
    let (port, command) = random_write(&mut Dice(5));
    power_on(store).command(Instant::now(), port, command).unwrap();
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
}

#[test]
fn no_secret_and_no_image_is_readable_by_others() {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, path) = scratch();
    let mut card = power_on(fresh(&path));
    let mut dice = Dice(4);
    for _ in 0..8 {
        let (port, command) = random_write(&mut dice);
        card.command(Instant::now(), port, command).unwrap();
    }
    for path in [path.clone(), FlashFile::nvram_path(&path)] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o077, 0);
    }
}

#[test]
fn a_dump_is_a_whole_card_that_can_be_identified_opened_and_loaded_back() {
    use std::os::unix::fs::MetadataExt;
    let (dir, path) = scratch();
    let mut card = power_on(fresh(&path));
    let mut dice = Dice(11);
    for _ in 0..10 {
        let (port, command) = random_write(&mut dice);
        card.command(Instant::now(), port, command).unwrap();
    }
    // While the card runs.
    let dump = dir.path().join("dump");
    FlashFile::dump(&path, &dump).unwrap();
    assert_eq!(FlashFile::identify(&dump).unwrap(), (chip(), PORTS));
    let loaded = FlashFile::peek(&dump, PORTS, chip().nvram_size).unwrap();
    assert!(loaded == snapshot(&path));
    assert!(fs::metadata(&dump).unwrap().blocks() * 512 < 2 << 20);
    let error = FlashFile::dump(&path, &dump).unwrap_err();
    assert!(
        matches!(error, StoreError::Io { .. }),
        "a dump overwrites nothing"
    );

    drop(card);
    let (port, command) = random_write(&mut dice);
    power_on(open(&path).unwrap())
        .command(Instant::now(), port, command)
        .unwrap();
    let mut store = open(&path).unwrap();
    assert!(store.load().unwrap() != loaded);
    store.replace(&loaded).unwrap();
    assert!(store.load().unwrap() == loaded);
    let other = factory_default(Chip::by_name("isp4010").unwrap(), 1, Identity { seed: 3 });
    assert!(matches!(store.replace(&other), Err(StoreError::Size { .. })));
    assert!(store.load().unwrap() == loaded);
}

#[test]
fn what_is_no_flash_image_is_not_identified() {
    let (_dir, path) = scratch();
    fs::write(&path, b"hello").unwrap();
    assert!(matches!(
        FlashFile::identify(&path),
        Err(StoreError::Size { found: 5, .. })
    ));
    OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(PORT_STRIDE)
        .unwrap();
    let error = FlashFile::identify(&path).unwrap_err();
    assert!(
        format!("{error:?}").contains("no chip of this family"),
        "{error:?}"
    );
    assert!(FlashFile::identify(&path.with_file_name("absent")).is_err());
}

#[test]
fn the_flash_of_another_chip_is_refused() {
    let (_dir, path) = scratch();
    let contents = factory_default(Chip::by_name("isp4022").unwrap(), PORTS, Identity { seed: 3 });
    drop(FlashFile::create(&path, PORTS, &contents).unwrap());
    let loaded = open(&path).unwrap().load().unwrap();
    let error = inspect(chip(), PORTS, &loaded).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the flash image is that of an isp4022, the card is an isp4032"
    );
}
