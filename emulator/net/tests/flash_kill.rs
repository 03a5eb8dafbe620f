//! A few hundred real SIGKILLs of a process that writes flash: the image always decodes and no record is torn.

use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use emu_net::flash_file::FlashFile;
use isp4xxx::Chip;
use isp4xxx::flash::{Area, FlashStore, Identity, factory_default, inspect};
use nix::poll::{PollFd, PollFlags, poll};

/// How long the writing process may take for anything, in milliseconds: longer, and it hangs.
const PATIENCE: u16 = 60_000;

/// One test at a time: a process that is being started holds the locks of every image of its parent until it runs.
static ALONE: Mutex<()> = Mutex::new(());

/// A kill leaves what was written to any file system; memory has it cheapest.
#[expect(clippy::unwrap_used, reason = "part of a test")]
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

/// The writing process; it ends with the test.
struct Torture(Child, ChildStdout);

#[expect(clippy::unwrap_used, reason = "part of a test")]
impl Torture {
    fn start(path: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flash-torture"));
        let mut child = command.arg(path).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        Self(child, stdout)
    }

    /// Waits until it has written so many records.
    fn wrote(&mut self, mut records: usize) {
        let mut dots = [0; 64];
        while records > 0 {
            let mut fds = [PollFd::new(self.1.as_fd(), PollFlags::POLLIN)];
            let ready = poll(&mut fds, PATIENCE).unwrap();
            assert!(
                ready > 0,
                "it wrote nothing for {PATIENCE} ms, {records} records to go"
            );
            let most = records.min(dots.len());
            let n = self.1.read(&mut dots[..most]).unwrap();
            assert!(
                n > 0,
                "it ended with {records} records to go: {:?}",
                self.0.wait()
            );
            records -= n;
        }
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        let status = self.0.wait().unwrap();
        assert_eq!(status.signal(), Some(9), "it was the kill that ended it");
    }
}

impl Drop for Torture {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn three_hundred_real_kills_leave_every_record_whole() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let chip = Chip::by_name("isp4032").unwrap();
    let dir = scratch();
    let path = dir.path().join("card.flash");
    drop(FlashFile::create(&path, chip, 1, &factory_default(chip, 1, Identity { seed: 3 })).unwrap());
    let mut written = 0;
    for round in 0..300_usize {
        let mut torture = Torture::start(&path);
        // After a few writes, and then some work that is unlike in every round.
        torture.wrote(1 + round % 5);
        let mut spin = round as u64;
        for _ in 0..(round * 7919) % 200_000 {
            spin = std::hint::black_box(spin.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        }
        torture.kill();
        written += check(chip, &path);
    }
    assert!(written > 300, "the killed processes wrote {written} records");
}

#[test]
fn a_write_that_the_system_refuses_keeps_the_old_image_and_leaves_nothing_behind() {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let chip = Chip::by_name("isp4032").unwrap();
    let dir = scratch();
    let path = dir.path().join("card.flash");
    drop(FlashFile::create(&path, chip, 1, &factory_default(chip, 1, Identity { seed: 3 })).unwrap());
    let before = FlashFile::peek(&path, chip, 1).unwrap();
    let script = "ulimit -f 64; trap '' XFSZ; exec \"$0\" \"$1\" 1000";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_flash-torture")])
        .arg(&path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "it was allowed to write");
    assert!(
        said.contains("cannot write") && said.contains("File too large"),
        "{said}"
    );
    assert!(FlashFile::peek(&path, chip, 1).unwrap() == before);
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
    let mut store = FlashFile::open(path, chip, 1).unwrap();
    let loaded = store.load().unwrap();
    inspect(chip, 1, &loaded).unwrap();
    let mut used = 0;
    for (area, cookie_at) in [(Area::Ddb, 508), (Area::Chap, 362)] {
        let (_, bytes) = loaded
            .areas
            .iter()
            .find(|(at, _)| *at == chip.layout.position(area, 0))
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
