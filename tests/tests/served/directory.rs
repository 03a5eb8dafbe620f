//! The endpoint's directory when there are others on the machine: what is refused, what they may see.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, Result, ensure};
use lab_tests::lab::READY;
use lab_tests::need::{Need, left_out};
use lab_tests::process::{Running, own_binary};

/// Somebody else.
const NOBODY: u32 = 65534;

/// `hbaemu serve DIR ARGS…` under a mask that leaves everything open.
fn serve(dir: &Path, args: &[&str]) -> Result<Command> {
    let mut command = Command::new("sh");
    command
        .args(["-c", "umask 000; exec \"$@\"", "sh"])
        .arg(own_binary("hbaemu")?)
        .arg("serve")
        .arg(dir)
        .args(["--ports", "1", "--no-sync"])
        .args(args);
    Ok(command)
}

fn refused(dir: &Path, args: &[&str]) -> Result<String> {
    let out: Output = serve(dir, args)?.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    ensure!(out.status.code() == Some(1), "{}: {said}", out.status);
    Ok(said)
}

fn hbactl(dir: &Path, args: &[&str]) -> Result<()> {
    let out = lab_tests::lab::hbactl(dir, args)?.output()?;
    ensure!(
        out.status.success(),
        "{args:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    Ok(())
}

/// Everything below a directory, links not followed.
fn below(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut todo = vec![dir.to_owned()];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                todo.push(entry.path());
            }
            found.push(entry.path());
        }
    }
    Ok(found)
}

#[test]
fn what_somebody_keeps_there_is_left_alone() -> Result<()> {
    let lab = tempfile::tempdir()?;
    let dir = lab.path().join("hba");
    fs::create_dir_all(dir.join("sys/mine"))?;
    for name in ["sys/mine/file", "bsg", "netlink", "store", "uevent", "control"] {
        fs::write(dir.join(name), "precious")?;
    }
    let before = below(&dir)?;
    let said = refused(&dir, &[])?;
    ensure!(said.contains("not empty") && said.contains(".hbaemu"), "{said}");
    ensure!(below(&dir)? == before, "something was made or deleted");
    // In a server's directory, too, only what a server made is replaced.
    let own = lab.path().join("own");
    drop(Running::start(&mut serve(&own, &[])?, "ready", READY)?);
    fs::remove_file(own.join("netlink"))?;
    fs::write(own.join("netlink"), "precious")?;
    let said = refused(&own, &[])?;
    ensure!(said.contains("netlink"), "{said}");
    ensure!(fs::read(own.join("netlink"))? == b"precious");
    Ok(())
}

#[test]
fn a_capture_follows_no_link_and_overwrites_only_captures() -> Result<()> {
    let lab = tempfile::tempdir()?;
    let (dir, pcap, victim) = (
        lab.path().join("hba"),
        lab.path().join("trace.pcap"),
        lab.path().join("victim"),
    );
    fs::write(&victim, "precious")?;
    symlink(&victim, &pcap)?;
    let path = pcap.to_str().context("UTF-8")?;
    refused(&dir, &["--pcap", path])?;
    ensure!(fs::read(&victim)? == b"precious");
    fs::remove_file(&pcap)?;
    for _ in 0..2 {
        drop(Running::start(
            &mut serve(&dir, &["--pcap", path])?,
            "ready",
            READY,
        )?);
    }
    ensure!(fs::metadata(&pcap)?.mode() & 0o777 == 0o600);
    Ok(())
}

#[test]
fn nobody_else_gets_in_whatever_the_mask_and_a_reader_holds_no_lock() -> Result<()> {
    let test = "nobody_else_gets_in_whatever_the_mask_and_a_reader_holds_no_lock";
    let lab = tempfile::tempdir()?;
    fs::set_permissions(lab.path(), fs::Permissions::from_mode(0o755))?;
    let dir = lab.path().join("hba");
    fs::create_dir(&dir)?;
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755))?;
    let running = Running::start(&mut serve(&dir, &["--sysfs-boot"])?, "ready", READY)?;
    ensure!(
        fs::metadata(&dir)?.mode() & 0o777 == 0o700,
        "the directory is open"
    );
    for path in below(&dir)? {
        let meta = fs::symlink_metadata(&path)?;
        let served = path.starts_with(dir.join("sys"));
        let private =
            served || meta.is_symlink() || meta.mode() & 0o077 == 0 || path.starts_with(dir.join(".aside"));
        ensure!(private, "{} has mode {:o}", path.display(), meta.mode());
        ensure!(
            meta.is_symlink() || meta.mode() & 0o022 == 0,
            "{}",
            path.display()
        );
    }
    if left_out(test, &[Need::Root]) {
        return Ok(());
    }
    // Even where somebody opened the directory by hand, secrets are secrets.
    let secret = lab.path().join("secret");
    fs::write(&secret, "a-secret-of-16by")?;
    let file = secret.to_str().context("UTF-8")?;
    hbactl(&dir, &["chap", "add", "--user", "me", "--secret-file", file])?;
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755))?;
    let grep = Command::new("grep")
        .args(["-rlE", "a-secret-of-16by"])
        .arg(&dir)
        .uid(NOBODY)
        .gid(NOBODY)
        .stderr(Stdio::null())
        .output()?;
    ensure!(
        grep.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&grep.stdout)
    );
    drop(running);
    for name in ["lock", "flash.img.lock"] {
        let cannot = Command::new("cat").arg(dir.join(name)).uid(NOBODY).output()?;
        ensure!(
            !cannot.status.success(),
            "{name} can be read, and held, by others"
        );
    }
    // Killed, and served again.
    drop(Running::start(&mut serve(&dir, &[])?, "ready", READY)?);
    Ok(())
}

#[test]
fn a_group_may_use_it() -> Result<()> {
    let lab = tempfile::tempdir()?;
    let dir = lab.path().join("hba");
    let group = nix::unistd::getegid().to_string();
    let _running = Running::start(&mut serve(&dir, &["--group", &group])?, "ready", READY)?;
    let mode = |name: &str| -> Result<u32> { Ok(fs::symlink_metadata(dir.join(name))?.mode() & 0o7777) };
    ensure!(mode("")? == 0o750 && mode("bsg")? == 0o750 && mode("sg")? == 0o750);
    for name in ["netlink", "store", "uevent", "control", "bsg/iscsi_host1"] {
        let socket = fs::symlink_metadata(dir.join(name))?.file_type().is_socket();
        ensure!(
            socket && mode(name)? == 0o660,
            "{name} has mode {:o}",
            mode(name)?
        );
    }
    for name in [
        "lock",
        ".hbaemu",
        "flash.img",
        "flash.img.nvram",
        "flash.img.lock",
    ] {
        ensure!(mode(name)? == 0o600, "{name} has mode {:o}", mode(name)?);
    }
    Ok(())
}
