//! A stderr that is full, closed, or not read by anybody stops nobody; colours are for terminals.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};
use driver_sys::port::Seqpacket;
use lab_tests::lab::READY;
use lab_tests::process::{Running, own_binary};

/// Serves in `dir` with this stderr, and causes more warnings than a pipe or the log's queue takes.
fn noisy(dir: &Path, stderr: Stdio) -> Result<Running> {
    let mut command = Command::new(own_binary("hbaemu")?);
    command
        .arg("-vv")
        .arg("serve")
        .arg(dir)
        .args(["--ports", "1", "--no-sync"]);
    let running = Running::start(command.stderr(stderr), "ready", READY)?;
    for _ in 0..20 {
        let client = Seqpacket::connect(dir.join("netlink"), None)?;
        client.send(&[0; 12], "the address")?;
        // Too short for a message, too long for a packet: each is worth a word at most.
        let _ = client.send(&vec![0; 80_000], "junk");
    }
    Ok(running)
}

/// The server answers, and ends when it is told to.
fn answers_and_ends(dir: &Path, mut running: Running, what: &str) -> Result<()> {
    let answer = ask(dir, "ready")?;
    ensure!(answer.starts_with("ok"), "{what}: {answer}");
    running.signal(nix::sys::signal::Signal::SIGTERM)?;
    let code = running.ended(READY)?;
    ensure!(code == Some(0), "{what}: ended with {code:?}");
    Ok(())
}

fn ask(dir: &Path, command: &str) -> Result<String> {
    let control = Seqpacket::connect(dir.join("control"), None)?;
    control.send(command.as_bytes(), "a command")?;
    let mut buffer = [0; 256];
    let until = std::time::Instant::now() + READY;
    let answer = control.receive(&mut buffer, Some(until), "its answer")?;
    Ok(String::from_utf8_lossy(answer).into_owned())
}

#[test]
fn a_stderr_that_takes_nothing_neither_ends_nor_stops_the_adapter() -> Result<()> {
    let lab = tempfile::tempdir()?;
    let full = File::options().write(true).open("/dev/full")?;
    let (unread, _reader) = UnixStream::pair()?;
    let (closed, _) = UnixStream::pair()?;
    for (what, stderr) in [
        ("full", Stdio::from(full)),
        ("not read", Stdio::from(OwnedFd::from(unread))),
        ("closed", Stdio::from(OwnedFd::from(closed))),
    ] {
        let dir = lab.path().join("hba");
        let running = noisy(&dir, stderr)?;
        // With -vv every one of these is a line.
        for _ in 0..3000 {
            let answer = ask_refused(&dir)?;
            ensure!(answer.starts_with("error"), "{what}: {answer}");
        }
        answers_and_ends(&dir, running, what)?;
    }
    Ok(())
}

/// A command that is refused, over a connection of its own.
fn ask_refused(dir: &Path) -> Result<String> {
    ask(dir, "crash 7")
}

#[test]
fn colours_are_not_for_files() -> Result<()> {
    let lab = tempfile::tempdir()?;
    let (dir, log) = (lab.path().join("hba"), lab.path().join("log"));
    let running = noisy(&dir, Stdio::from(File::create(&log)?))?;
    answers_and_ends(&dir, running, "a file")?;
    let said = lab_tests::lab::hbactl(&dir, &["-vvv", "adapter", "list"])?
        .output()?
        .stderr;
    let log = std::fs::read(&log)?;
    ensure!(!log.is_empty(), "nothing was logged");
    for text in [log, said] {
        ensure!(!text.contains(&0x1b), "{}", String::from_utf8_lossy(&text));
    }
    Ok(())
}
