//! A few hundred real SIGKILLs of a process that writes flash: the image always decodes and no record is torn.

use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};

use emu_net::flash_file::FlashFile;
use isp4xxx::Chip;
use isp4xxx::flash::{Area, FlashStore, Identity, factory_default, inspect};

#[test]
fn three_hundred_real_kills_leave_every_record_whole() {
    let chip = Chip::by_name("isp4032").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("card.flash");
    drop(FlashFile::create(&path, 1, &factory_default(chip, 1, Identity { seed: 3 })).unwrap());
    let mut written = 0;
    for round in 0..300_usize {
        let mut child = Command::new(env!("CARGO_BIN_EXE_flash-torture"))
            .arg(&path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // After a few writes, and then some work that is unlike in every round.
        let mut dots = vec![0; 1 + round % 5];
        let mut stdout = child.stdout.take().unwrap();
        stdout.read_exact(&mut dots).unwrap();
        let mut spin = round as u64;
        for _ in 0..(round * 7919) % 200_000 {
            spin = std::hint::black_box(spin.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "it was the kill that ended it");
        drop(stdout);
        written += check(chip, &path);
    }
    assert!(written > 300, "the killed processes wrote {written} records");
}

#[test]
fn a_write_that_the_system_refuses_keeps_the_old_image_and_leaves_nothing_behind() {
    let chip = Chip::by_name("isp4032").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("card.flash");
    drop(FlashFile::create(&path, 1, &factory_default(chip, 1, Identity { seed: 3 })).unwrap());
    let before = FlashFile::peek(&path, 1, chip.nvram_size).unwrap();
    let script = "ulimit -f 64; trap '' XFSZ; exec \"$0\" \"$1\"";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_flash-torture")])
        .arg(&path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(
        said.contains("cannot write") && said.contains("File too large"),
        "{said}"
    );
    assert!(FlashFile::peek(&path, 1, chip.nvram_size).unwrap() == before);
    let mut left: Vec<_> = dir
        .path()
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["card.flash", "card.flash.lock", "card.flash.nvram"]);
}

/// Every record in use is filled with one byte. Gives how many there are.
#[expect(clippy::unwrap_used, reason = "part of a test")]
fn check(chip: &'static Chip, path: &Path) -> usize {
    let mut store = FlashFile::open(path, 1, chip.nvram_size).unwrap();
    let loaded = store.load().unwrap();
    inspect(chip, 1, &loaded).unwrap();
    let mut used = 0;
    for (area, cookie_at) in [(Area::Ddb, 508), (Area::Chap, 362)] {
        let (_, bytes) = loaded
            .areas
            .iter()
            .find(|(at, _)| *at == area.position(0))
            .unwrap();
        for record in bytes.chunks_exact(area.record()) {
            let (body, tail) = record.split_at(cookie_at);
            if tail[..2] != [0xFF; 2] {
                used += 1;
                assert!(
                    body.iter().all(|byte| *byte == body[0]),
                    "a torn record: {record:02x?}"
                );
            }
        }
    }
    used
}
