//! Files that are no flash image, or not this card's: named, and left as they are.

use super::*;

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
    let error = FlashFile::create(&path, chip(), PORTS, &contents).unwrap_err();
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
        (0x0200_0000, [0xFF, 0xFF], "cookie is 0x11beffff"),
        (0x0A00_0004, [0, 0], "port 1: the system information at 0xa000000"),
        (0x0200_012C, [0, 0], "PCI vendor"),
        (0x0200_0130, [1, 2], "PCI device is 0x201"),
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
        let error = Card::power_on(config(), Box::new(open(&path).unwrap()), Instant::now()).unwrap_err();
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
        .set_len(chip().layout.image_len(1))
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
    drop(FlashFile::create(&path, chip(), PORTS, &contents).unwrap());
    let loaded = open(&path).unwrap().load().unwrap();
    let error = inspect(chip(), PORTS, &loaded).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the flash image is that of an isp4022, the card is an isp4032"
    );
}

/// A card that was killed with a commit in its journal; gives the commit's port, too.
fn killed(path: &Path) -> Vec<u8> {
    let mut steps = 0;
    let hook = move |step| {
        steps += usize::from(matches!(
            step,
            Step::Writing {
                part: Part::Flash,
                ..
            }
        ));
        steps > 0
    };
    let mut store = fresh(path).with_hook(Box::new(hook));
    let change = Change {
        region: Region::Flash,
        offset: u64::from(DDBS) + 512,
        bytes: &[0x55; 512],
    };
    assert!(matches!(store.commit(&[change]), Err(StoreError::PowerLost)));
    drop(store);
    fs::read(journal(path)).unwrap()
}

#[test]
fn a_journal_that_belongs_to_another_image_is_refused_and_nothing_is_changed() {
    let (_dir, path) = scratch();
    let bytes = killed(&path);
    // Somebody puts another dump in place of the image.
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&[0xEE; 512], u64::from(DDBS) + 512).unwrap();
    let before = snapshot(&path);
    let mut store = open(&path).unwrap();
    let error = store.load().unwrap_err();
    let said = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert!(
        said.contains("card.flash.journal") && said.contains("0x5000200"),
        "{said}"
    );
    assert!(store.settle().is_err());
    let change = Change {
        region: Region::Flash,
        offset: u64::from(CHAP),
        bytes: &[1],
    };
    assert!(store.commit(&[change]).is_err());
    drop(store);
    assert!(snapshot(&path) == before);
    assert_eq!(fs::read(journal(&path)).unwrap(), bytes);
    fs::remove_file(journal(&path)).unwrap();
    assert!(open(&path).unwrap().load().unwrap() == before);
}

#[test]
fn what_is_no_journal_is_refused_and_left_alone() {
    let (_dir, path) = scratch();
    drop(fresh(&path));
    fs::write(journal(&path), b"my notes").unwrap();
    let error = open(&path).unwrap_err();
    assert!(format!("{error:?}").contains("no journal"), "{error:?}");
    assert_eq!(fs::read(journal(&path)).unwrap(), b"my notes");
    fs::remove_file(journal(&path)).unwrap();
    // A link planted there is not followed.
    let victim = path.with_file_name("victim");
    fs::write(&victim, b"precious").unwrap();
    std::os::unix::fs::symlink(&victim, journal(&path)).unwrap();
    open(&path).unwrap_err();
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    fs::remove_file(journal(&path)).unwrap();
    // One that a killed process had just made is empty.
    fs::write(journal(&path), [0; 700]).unwrap();
    let mut dice = Dice(8);
    let mut card = power_on(open(&path).unwrap());
    let (port, command) = random_write(&mut dice);
    card.command(Instant::now(), port, command).unwrap();
    drop(card);
    assert!(!journal(&path).exists());
}

#[test]
fn a_torn_journal_gives_the_commits_before_the_tear() {
    let (_dir, path) = scratch();
    let whole = killed(&path);
    let old = snapshot(&path);
    let new = peek(&path);
    assert!(old != new);
    for at in (0..2200).step_by(7) {
        let mut torn = whole.clone();
        torn[at] ^= 0x10;
        fs::write(journal(&path), &torn).unwrap();
        // A broken header is no journal, a broken record is no commit.
        match FlashFile::peek(&path, chip(), PORTS) {
            Ok(found) => assert!(
                found == old || (found == new && !(1024..2080).contains(&at)),
                "byte {at}"
            ),
            Err(error) => assert!((512..548).contains(&at), "byte {at}: {error}"),
        }
    }
}

#[test]
fn a_journal_that_cannot_be_made_is_an_error_and_keeps_the_old_image() {
    let (_dir, path) = scratch();
    let store = fresh(&path);
    let before = snapshot(&path);
    let mut card = power_on(store);
    fs::create_dir(journal(&path)).unwrap();
    let (port, command) = (
        0,
        Command::WriteFlash {
            offset: DDBS,
            data: vec![0; 512],
            options: FlashCommit::RmwCommit,
        },
    );
    let error = card.command(Instant::now(), port, command).unwrap_err();
    assert!(
        error.why.contains("cannot create") && error.why.contains("journal"),
        "{error}"
    );
    assert!(snapshot(&path) == before);
}

#[test]
fn a_link_planted_beside_a_new_image_is_not_followed() {
    let (dir, path) = scratch();
    let victim = dir.path().join("victim");
    fs::write(&victim, b"precious").unwrap();
    std::os::unix::fs::symlink(&victim, beside(&path, ".new")).unwrap();
    drop(fresh(&path));
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
}

#[test]
fn the_rest_of_a_commit_that_failed_is_taken_back() {
    let (_dir, path) = scratch();
    let mut store = fresh(&path);
    let before = snapshot(&path);
    let good = Change {
        region: Region::Flash,
        offset: u64::from(DDBS),
        bytes: &[3; 512],
    };
    // The EEPROM cannot be opened for writing once it is a directory: nothing of the commit happens.
    let nvram = FlashFile::nvram_path(&path);
    fs::rename(&nvram, nvram.with_extension("away")).unwrap();
    fs::create_dir(&nvram).unwrap();
    assert!(store.commit(&[good]).is_err());
    fs::remove_dir(&nvram).unwrap();
    fs::rename(nvram.with_extension("away"), &nvram).unwrap();
    assert!(peek(&path) == before);
    store.commit(&[good]).unwrap();
    assert!(peek(&path) != before);
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for() {
    use nix::sys::stat::Mode;
    let (dir, path) = scratch();
    drop(fresh(&path));
    let pipe = dir.path().join("pipe");
    nix::unistd::mkfifo(&pipe, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    let refused = |error: StoreError| assert!(error.to_string().contains("pipe"), "{error}");
    refused(FlashFile::identify(&pipe).unwrap_err());
    refused(open(&pipe).unwrap_err());
    let lock = beside(&path, ".lock");
    fs::remove_file(&lock).unwrap();
    nix::unistd::mkfifo(&lock, Mode::S_IRUSR | Mode::S_IWUSR).unwrap();
    assert!(open(&path).unwrap_err().to_string().contains(".lock"));
}
