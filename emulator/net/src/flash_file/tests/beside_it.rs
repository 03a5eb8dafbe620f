//! Who else looks at the files: tools for the card, dumps, readers while it runs.

use std::sync::atomic::{AtomicI32, Ordering};

use super::*;

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
fn no_secret_and_no_image_is_readable_by_others() {
    use std::os::unix::fs::PermissionsExt;
    let (_dir, path) = scratch();
    let mut card = power_on(fresh(&path));
    let mut dice = Dice(4);
    for _ in 0..8 {
        let (port, command) = random_write(&mut dice);
        card.command(Instant::now(), port, command).unwrap();
    }
    for path in [path.clone(), FlashFile::nvram_path(&path), journal(&path)] {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o077, 0);
    }
}

/// Commits that the writer may still make; below zero it ends. Dropped, also by a panic, it ends the writer.
struct Leave<'a>(&'a AtomicI32);

impl Leave<'_> {
    /// Fewer than a journal holds: a reader meets its new beginning once at the most.
    const A_READING: i32 = 30;
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.store(-1, Ordering::Relaxed);
    }
}

#[test]
fn a_reader_beside_a_running_card_sees_whole_records() {
    let (_dir, path) = scratch();
    let mut store = fresh(&path);
    let left = AtomicI32::new(0);
    std::thread::scope(|scope| {
        let leave = Leave(&left);
        scope.spawn(|| {
            let mut round = 0_u8;
            loop {
                let more = |left: i32| (left > 0).then(|| left - 1);
                match left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
                    Err(0) => std::thread::yield_now(),
                    Err(_) => break,
                    Ok(_) => {
                        round = round.wrapping_add(1);
                        let bytes = [round; 364];
                        // Both in one commit: a reader sees both or none.
                        let changes = [u64::from(DDBS), 0x0800_0000 + u64::from(CHAP)].map(|offset| Change {
                            region: Region::Flash,
                            offset,
                            bytes: &bytes,
                        });
                        store.commit(&changes).unwrap();
                    }
                }
            }
        });
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..300 {
            left.store(Leave::A_READING, Ordering::Relaxed);
            let loaded = peek(&path);
            let at = |wanted: u64| {
                let area = loaded.areas.iter().find(|(at, _)| *at == wanted);
                &area.unwrap().1[..364]
            };
            let (first, second) = (at(DDBS.into()), at(0x0800_0000 + u64::from(CHAP)));
            assert!(first.iter().all(|byte| *byte == first[0]), "torn");
            assert_eq!(first, second, "half of a commit");
            seen.insert(first[0]);
        }
        drop(leave);
        assert!(seen.len() > 2, "the card did write meanwhile");
    });
}

#[test]
fn a_card_can_be_copied_while_it_runs_and_named_by_its_image() {
    use std::os::unix::fs::MetadataExt;
    let (dir, path) = scratch();
    let mut card = power_on(fresh(&path));
    let mut dice = Dice(11);
    for _ in 0..10 {
        let (port, command) = random_write(&mut dice);
        card.command(Instant::now(), port, command).unwrap();
    }
    let loaded = peek(&path);
    let dump = dir.path().join("dump");
    drop(FlashFile::create(&dump, chip(), PORTS, &loaded).unwrap());
    assert_eq!(FlashFile::identify(&dump).unwrap(), (chip(), PORTS));
    assert!(snapshot(&dump) == loaded);
    assert!(fs::metadata(&dump).unwrap().blocks() * 512 < 2 << 20);
    let error = FlashFile::create(&dump, chip(), PORTS, &loaded).unwrap_err();
    assert!(
        matches!(error, StoreError::Io { .. }),
        "a dump overwrites nothing"
    );
    drop(card);
    assert!(snapshot(&path) == loaded);
}

#[test]
fn a_commit_writes_what_it_changes_and_not_the_image() {
    use std::os::unix::fs::MetadataExt;
    use std::sync::{Arc, Mutex};
    let (_dir, path) = scratch();
    let written = Arc::new(Mutex::new(0));
    let counting = Arc::clone(&written);
    let hook = move |step| {
        if let Step::Writing { len, .. } = step {
            *counting.lock().unwrap() += len;
        }
        false
    };
    let mut store = fresh(&path).with_hook(Box::new(hook));
    let inode = fs::metadata(&path).unwrap().ino();
    for round in 0..500_u64 {
        let change = Change {
            region: Region::Flash,
            offset: u64::from(DDBS) + round % 64 * 512,
            bytes: &[round as u8; 512],
        };
        store.commit(&[change]).unwrap();
    }
    let written = *written.lock().unwrap();
    // A record holds the old and the new bytes; the image gets the new ones.
    assert!(written < 500 * 512 * 4 + (100 << 10), "{written} bytes");
    assert_eq!(fs::metadata(&path).unwrap().ino(), inode);
    assert!(fs::metadata(journal(&path)).unwrap().len() <= 64 << 10);
}
