//! `lun read --out` and `lun write --in` with what may stand at a path: files, links, FIFOs, devices, images that do not fit, kills.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lab_tests::asked::{Asked, IQN, describe, text};
use lab_tests::need::{Need, left_out};
use lab_tests::process::{Running, until};
use lab_tests::target::Target;
use nix::libc::O_EXCL;
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

const MIB: u64 = 1 << 20;
const LIMIT: Duration = Duration::from_secs(60);
const OLD: &[u8] = b"what was there before";

struct Disk {
    lab: Asked,
    target: Target,
    lun: String,
}

impl Disk {
    /// A logical unit of 4 MiB, and a directory for files.
    fn new() -> Result<Self> {
        let lab = Asked::with_address(&["--ports", "1"])?;
        fs::create_dir(lab.lab.path().join("f"))?;
        let unit = lab.lab.lun_file("disk", 4 * MIB)?;
        let unit = unit.to_str().context("path")?.to_owned();
        let target = Target::start(lab.lab.path(), IQN, &["--lun", &unit])?;
        let index = lab.add_target(&target, &[])?;
        lab.ok(&["flash", "login", &index, "-a", "1"])?;
        let lun = lab.ok(&["lun", "list"])?[0]["address"]
            .as_str()
            .context("lun")?
            .to_owned();
        Ok(Self { lab, target, lun })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.lab.lab.path().join("f").join(name)
    }

    fn text(&self, name: &str) -> Result<String> {
        Ok(self.path(name).to_str().context("path")?.to_owned())
    }

    /// What is in the directory.
    fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.lab.lab.path().join("f"))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn on_disk(&self) -> Result<Vec<u8>> {
        Ok(fs::read(self.lab.lab.path().join("disk"))?)
    }

    fn hbactl(&self, args: &[&str]) -> Result<Command> {
        self.lab.lab.command(args)
    }
}

fn pattern(length: u64) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8).collect()
}

#[test]
fn what_is_there_stays_until_all_has_been_read() -> Result<()> {
    let disk = Disk::new()?;
    let out = disk.text("out")?;
    let read = ["lun", "read", &disk.lun, "--out", &out];
    fs::write(&out, OLD)?;
    let same = |why: &str| -> Result<()> {
        ensure!(fs::read(&out)? == OLD, "{why}: the file was touched");
        ensure!(disk.names()? == ["out"], "{why}: {:?}", disk.names()?);
        Ok(())
    };

    let said = disk.lab.refused(2, &read)?;
    ensure!(said.contains("--overwrite"), "{said}");
    same("without --overwrite")?;
    disk.lab.refused(2, &[&["--dry-run"], &read[..]].concat())?;
    let overwrite = [&read[..], &["--overwrite"]].concat();
    disk.lab.refused(
        2,
        &[&overwrite[..], &["--start", "8000", "--blocks", "2000"]].concat(),
    )?;
    same("a range beyond the end")?;
    disk.lab.ok(&[&["--dry-run"], &overwrite[..]].concat())?;
    same("a dry run")?;

    // The target slows down, and the time ends in the middle of the transfer.
    disk.target.fault(&["delay", "300"])?;
    let late = disk
        .lab
        .lab
        .hbactl(&[&["--timeout", "1"], &overwrite[..]].concat())?;
    ensure!(late.status.code() == Some(1), "{}", describe(&late));
    same("a read that ended in the middle")?;

    // Killed in the middle: nothing is left of it, not even under another name.
    for signal in [Signal::SIGKILL, Signal::SIGINT] {
        let mut running = Running::spawn(&mut disk.hbactl(&overwrite)?)?;
        let pid = running.pid();
        let open = || writes_somewhere(pid, disk.path("out").parent().context("parent")?);
        until(LIMIT, "the read to begin", || Ok(open()?.then_some(())))?;
        running.signal(signal)?;
        running.ended(LIMIT)?;
        same("a read that was killed")?;
    }

    disk.target.fault(&["delay", "0"])?;
    disk.lab.ok(&overwrite)?;
    ensure!(fs::metadata(&out)?.len() == 4 * MIB && disk.names()? == ["out"]);
    let new = disk.text("new")?;
    disk.lab
        .ok(&["lun", "read", &disk.lun, "--out", &new, "--blocks", "1"])?;
    ensure!(fs::metadata(&new)?.mode() & 0o777 == 0o600, "others may read it");
    Ok(())
}

/// Whether the process has a file open below a directory.
fn writes_somewhere(pid: u32, below: &Path) -> Result<bool> {
    for entry in fs::read_dir(format!("/proc/{pid}/fd"))? {
        let Ok(target) = fs::read_link(entry?.path()) else {
            continue;
        };
        if target.starts_with(below) && target != below {
            return Ok(true);
        }
    }
    Ok(false)
}

#[test]
fn links_fifos_and_directories_are_refused_at_once() -> Result<()> {
    let disk = Disk::new()?;
    fs::write(disk.path("precious"), OLD)?;
    symlink(disk.path("precious"), disk.path("link"))?;
    symlink(disk.path("made"), disk.path("dangling"))?;
    mkfifo(&disk.path("fifo"), Mode::S_IRUSR | Mode::S_IWUSR)?;
    fs::create_dir(disk.path("directory"))?;
    for name in ["link", "dangling", "fifo", "directory"] {
        for more in [&[][..], &["--overwrite"]] {
            let path = disk.text(name)?;
            let read = ["lun", "read", &disk.lun, "--blocks", "1", "--out", &path];
            let said = disk.lab.refused(2, &[&read[..], more].concat())?;
            ensure!(said.contains(name), "{said}");
        }
    }
    ensure!(fs::read(disk.path("precious"))? == OLD && !disk.path("made").exists());
    ensure!(fs::symlink_metadata(disk.path("fifo"))?.file_type().is_fifo());
    // Nobody writes into the FIFO: the deadline is the deadline.
    let fifo = disk.text("fifo")?;
    for args in [
        &[
            "--timeout",
            "1",
            "lun",
            "write",
            &disk.lun,
            "--yes",
            "--in",
            &fifo,
        ][..],
        &["--timeout", "1", "chap", "add", "-u", "u", "--secret-file", &fifo],
    ] {
        let said = disk.lab.refused(1, args)?;
        ensure!(said.contains("nothing came"), "{said}");
    }
    disk.lab.ok(&[
        "lun",
        "read",
        &disk.lun,
        "--blocks",
        "1",
        "--out",
        "/dev/null",
        "--overwrite",
    ])?;
    Ok(())
}

#[test]
fn an_image_is_written_whole_or_the_command_fails() -> Result<()> {
    let disk = Disk::new()?;
    let write = ["lun", "write", &disk.lun, "--yes", "--verify"];
    let image = |name: &str, length: u64| -> Result<String> {
        fs::write(disk.path(name), pattern(length))?;
        disk.text(name)
    };
    let (long, odd, fits) = (
        image("long", 4 * MIB + 512)?,
        image("odd", MIB + 1)?,
        image("fits", 4 * MIB)?,
    );
    for args in [
        &["--in", &long][..],
        &["--in", &odd],
        &["--in", &fits, "--start", "1"],
        &["--in", &fits, "--start", "1", "--blocks", "16"],
        &["--in", "/dev/zero"],
    ] {
        let said = disk.lab.refused(2, &[&write[..], args].concat())?;
        ensure!(said.contains("nothing was written"), "{args:?}: {said}");
        disk.lab
            .refused(2, &[&["--dry-run"], &write[..], args].concat())?;
    }
    // Standard input that is a file has a length too.
    let redirected = disk
        .hbactl(&[&write[..], &["--in", "-"]].concat())?
        .stdin(fs::File::open(&long)?)
        .output()?;
    ensure!(redirected.status.code() == Some(2), "{}", describe(&redirected));
    ensure!(
        disk.on_disk()?.iter().all(|byte| *byte == 0),
        "something was written"
    );

    // A pipe tells its length at its end.
    let mut child = disk
        .hbactl(&[&write[..], &["--in", "-", "--start", "2048"]].concat())?
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("stdin")?;
    let feeder = std::thread::spawn(move || stdin.write_all(&pattern(3 * MIB + 1)));
    let out = child.wait_with_output()?;
    feeder.join().ok().context("the feeder")?.ok();
    ensure!(out.status.code() == Some(1), "{}", describe(&out));
    let said = text(&out.stderr);
    ensure!(
        said.contains(&format!("its first {} bytes were written", 3 * MIB)),
        "{said}"
    );
    ensure!(!text(&out.stdout).contains("equal"), "{}", describe(&out));

    let done = disk.lab.ok(&[&write[..], &["--in", &fits]].concat())?;
    ensure!(done["bytes"] == 4 * MIB && done["verified"] == true, "{done}");
    ensure!(disk.on_disk()? == pattern(4 * MIB));
    let zeroes = disk
        .lab
        .ok(&[&write[..], &["--in", "/dev/zero", "--blocks", "4"]].concat())?;
    ensure!(zeroes["bytes"] == 2048, "{zeroes}");
    ensure!(disk.on_disk()?[..2048] == [0; 2048] && disk.on_disk()?[2048..] == pattern(4 * MIB)[2048..]);
    Ok(())
}

/// A loop device over a file; given back when dropped.
struct Loop(String);

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").args(["--detach", &self.0]).status();
    }
}

#[test]
fn a_block_device_in_use_is_left_alone() -> Result<()> {
    if left_out(
        "a_block_device_in_use_is_left_alone",
        &[Need::Root, Need::LoopDevices],
    ) {
        return Ok(());
    }
    let disk = Disk::new()?;
    let backing = disk.lab.lab.lun_file("backing", MIB)?;
    let out = Command::new("losetup")
        .args(["--show", "--find"])
        .arg(&backing)
        .output()?;
    ensure!(out.status.success(), "{}", describe(&out));
    let device = Loop(text(&out.stdout).trim().to_owned());
    fs::write(disk.path("image"), pattern(MIB))?;
    let image = disk.text("image")?;
    disk.lab
        .ok(&["lun", "write", &disk.lun, "--yes", "--in", &image])?;
    let read = ["lun", "read", &disk.lun, "--blocks", "2048", "--out", &device.0];
    disk.lab.refused(2, &read)?;
    let overwrite = [&read[..], &["--overwrite"]].concat();
    // As a mount does.
    let user = fs::OpenOptions::new()
        .read(true)
        .custom_flags(O_EXCL)
        .open(&device.0)?;
    let said = disk.lab.refused(1, &overwrite)?;
    ensure!(said.contains("in use"), "{said}");
    ensure!(fs::read(&device.0)?.iter().all(|byte| *byte == 0));
    drop(user);
    disk.lab.ok(&overwrite)?;
    ensure!(fs::read(&device.0)? == pattern(MIB));
    Ok(())
}
