//! Power losses: what was not synced survives or not, sector by sector, in any order.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::*;

const SECTOR: u64 = 512;

/// A disk that forgets: all contents that a sector has had since its file was synced.
#[derive(Default)]
struct Disk {
    unsynced: BTreeMap<(Part, u64), Vec<Vec<u8>>>,
    /// Steps until power is lost; negative: never.
    fuse: i64,
}

impl Disk {
    fn file(path: &Path, part: Part) -> PathBuf {
        match part {
            Part::Flash => path.to_owned(),
            Part::Nvram => FlashFile::nvram_path(path),
            Part::Journal => journal(path),
        }
    }

    fn sector(path: &Path, part: Part, sector: u64) -> Vec<u8> {
        let mut bytes = vec![0; SECTOR as usize];
        let file = File::open(Self::file(path, part)).unwrap();
        let n = file.read_at(&mut bytes, sector * SECTOR).unwrap();
        bytes.truncate(n);
        bytes
    }

    /// Watches a store.
    fn hook(shared: &Arc<Mutex<Self>>, path: &Path) -> Hook {
        let (shared, path) = (Arc::clone(shared), path.to_owned());
        Box::new(move |step| {
            let mut disk = shared.lock().unwrap();
            match step {
                Step::Writing { part, at, len } => {
                    for sector in at / SECTOR..(at + len as u64).div_ceil(SECTOR) {
                        let before = Self::sector(&path, part, sector);
                        disk.unsynced.entry((part, sector)).or_default().push(before);
                    }
                }
                Step::Synced(synced) => disk.unsynced.retain(|(part, _), _| *part != synced),
            }
            disk.fuse -= 1;
            disk.fuse == -1
        })
    }

    /// Power is gone: every sector that was not synced holds any of its contents.
    fn lose(&mut self, path: &Path, dice: &mut Dice) {
        for ((part, sector), contents) in std::mem::take(&mut self.unsynced) {
            // One more choice: what was written last.
            let choice = dice.roll(contents.len() as u64 + 1) as usize;
            if let Some(bytes) = contents.get(choice) {
                let file = OpenOptions::new()
                    .write(true)
                    .open(Self::file(path, part))
                    .unwrap();
                file.write_all_at(bytes, sector * SECTOR).unwrap();
            }
        }
    }
}

/// A random commit: one to three changes in the areas and the EEPROM.
fn random_changes(dice: &mut Dice) -> Vec<(Region, u64, Vec<u8>)> {
    let change = |dice: &mut Dice| {
        let (region, offset, len) = match dice.roll(4) {
            0 => (Region::Nvram, dice.roll(1000), 1 + dice.roll(1000)),
            1 => (Region::Flash, u64::from(CHAP) + dice.roll(128) * 364, 364),
            2 => (Region::Flash, 0x0800_0000 + u64::from(IFCB), 768),
            // Few places, so that they are written again and again.
            _ => (Region::Flash, u64::from(DDBS) + dice.roll(4) * 512, 512),
        };
        let mut bytes = vec![0; len as usize];
        dice.fill(&mut bytes);
        (region, offset, bytes)
    };
    (0..=dice.roll(3)).map(|_| change(dice)).collect()
}

fn apply(to: &mut Loaded, changes: &[(Region, u64, Vec<u8>)]) {
    for (region, offset, bytes) in changes {
        let (base, room) = match region {
            Region::Nvram => (0, &mut to.nvram),
            Region::Flash => to
                .areas
                .iter_mut()
                .map(|(at, bytes)| (*at, bytes))
                .find(|(at, area)| (*at..*at + area.len() as u64).contains(offset))
                .unwrap(),
        };
        let at = (offset - base) as usize;
        room[at..at + bytes.len()].copy_from_slice(bytes);
    }
}

#[test]
fn two_thousand_power_losses_keep_every_commit_that_was_acknowledged() {
    let (_dir, path) = scratch();
    drop(fresh(&path));
    let mut dice = Dice(0x0FF_5EED);
    let mut held = snapshot(&path);
    let (mut kept, mut taken, mut in_recovery, mut full) = (0, 0, 0, 0);
    let mut losses = 0;
    while losses < 2000 {
        let disk = Arc::new(Mutex::new(Disk::default()));
        let mut store = open(&path).unwrap().with_hook(Disk::hook(&disk, &path));
        let found = store.load().unwrap();
        assert!(
            found == held,
            "after {losses} losses the store holds something else"
        );
        disk.lock().unwrap().fuse = if dice.roll(4) == 0 {
            dice.roll(12) as i64
        } else {
            -1
        };
        if store.settle().is_err() {
            drop(store);
            disk.lock().unwrap().lose(&path, &mut dice);
            in_recovery += 1;
            losses += 1;
            continue;
        }
        // Mostly a few commits, sometimes more than the journal holds.
        let steps = if dice.roll(20) == 0 { 800 } else { 60 };
        disk.lock().unwrap().fuse = dice.roll(steps) as i64;
        let mut restarts = 0;
        loop {
            let changes = random_changes(&mut dice);
            let borrowed: Vec<Change<'_>> = changes
                .iter()
                .map(|(region, offset, bytes)| Change {
                    region: *region,
                    offset: *offset,
                    bytes,
                })
                .collect();
            let before = fs::metadata(journal(&path)).is_ok();
            let done = store.commit(&borrowed);
            restarts += usize::from(before);
            let mut new = held.clone();
            apply(&mut new, &changes);
            if done.is_ok() {
                held = new;
                continue;
            }
            drop(store);
            disk.lock().unwrap().lose(&path, &mut dice);
            losses += 1;
            let found = peek(&path);
            if found == held {
                kept += 1;
            } else {
                assert!(found == new, "loss {losses}: neither the old nor the new bytes");
                taken += 1;
                held = new;
            }
            break;
        }
        full += usize::from(restarts > 60);
    }
    assert!(
        kept > 300 && taken > 300 && in_recovery > 100 && full > 20,
        "kept {kept}, taken {taken}, in recovery {in_recovery}, with a full journal {full}"
    );
}
