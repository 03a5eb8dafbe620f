//! What a program leaves in its memory: it is stopped as it exits, and its writable memory is searched.
//!
//! Owns the tracing of one program. It must not know what the program does. Source: ptrace(2) (`PTRACE_O_TRACEEXIT`: the memory is
//! still there), proc(5) (`maps`, `mem`).

use std::fs::{File, read_to_string};
use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::errno::Errno;
use nix::libc::PTRACE_EVENT_EXIT;
use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::process::until;

/// How long a program may take to end.
const LIMIT: Duration = Duration::from_secs(60);
/// Memory is read in pieces of this size, which overlap by a part.
const PIECE: usize = 1 << 20;
/// A secret counts as found when this many bytes of it in a row are: freed memory loses its first bytes to the allocator.
pub const PART: usize = 8;

/// A program that has ended, and what it had in memory then.
#[derive(Debug)]
pub struct Ended {
    /// How it ended and what it said.
    pub output: Output,
    /// Where which part of a secret was found: `address region: part`.
    pub found: Vec<String>,
    /// Bytes of memory that were searched.
    pub searched: usize,
}

/// Whether programs can be traced here; `None` when they can.
#[must_use]
pub fn refused() -> Option<String> {
    let mut child = Command::new("sh")
        .args(["-c", "read go"])
        .stdin(Stdio::piped())
        .spawn()
        .ok()?;
    let pid = pid_of(child.id());
    let traced = ptrace::seize(pid, ptrace::Options::empty());
    let _ = child.kill();
    let _ = child.wait();
    traced
        .err()
        .map(|errno| format!("programs cannot be traced here: {errno}"))
}

/// Runs `command` (its program and arguments only, with its environment) with `input` on stdin, stops it as it exits, and searches its
/// writable memory for the parts of `secret`.
///
/// # Errors
/// It cannot be started or traced, or does not end in time.
pub fn after(command: &Command, input: &[u8], secret: &[u8]) -> Result<Ended> {
    // A shell waits until it is traced and becomes the program then, so that nothing of it is missed.
    let mut shell = Command::new("sh");
    shell.args(["-c", "read go; exec \"$@\"", "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = shell.spawn()?;
    let pid = pid_of(child.id());
    ptrace::seize(pid, ptrace::Options::PTRACE_O_TRACEEXIT).context("tracing")?;
    let mut stdin = child.stdin.take().context("stdin")?;
    stdin.write_all(b"go\n")?;
    // A program that does not read its input may be gone already.
    let _ = stdin.write_all(input);
    drop(stdin);
    let (mut found, mut searched) = (Vec::new(), 0);
    let status = until(LIMIT, "the program to end", || {
        loop {
            match waitpid(pid, Some(WaitPidFlag::WNOHANG))? {
                WaitStatus::StillAlive => return Ok(None),
                WaitStatus::PtraceEvent(_, _, PTRACE_EVENT_EXIT) => {
                    searched += search(pid, secret, &mut found)?;
                    ptrace::cont(pid, None)?;
                }
                WaitStatus::PtraceEvent(..) => ptrace::cont(pid, None)?,
                WaitStatus::Stopped(_, Signal::SIGTRAP) => ptrace::cont(pid, None)?,
                WaitStatus::Stopped(_, signal) => ptrace::cont(pid, signal)?,
                WaitStatus::Exited(_, code) => return Ok(Some(code << 8)),
                WaitStatus::Signaled(_, signal, _) => return Ok(Some(signal as i32)),
                other => bail!("{other:?}"),
            }
        }
    })?;
    let mut output = Output {
        status: std::os::unix::process::ExitStatusExt::from_raw(status),
        stdout: Vec::new(),
        stderr: Vec::new(),
    };
    child
        .stdout
        .take()
        .context("stdout")?
        .read_to_end(&mut output.stdout)?;
    child
        .stderr
        .take()
        .context("stderr")?
        .read_to_end(&mut output.stderr)?;
    Ok(Ended {
        output,
        found,
        searched,
    })
}

fn pid_of(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap_or(i32::MAX))
}

/// Searches all that the process can write to; how many bytes that is.
fn search(pid: Pid, secret: &[u8], found: &mut Vec<String>) -> Result<usize> {
    let memory = File::open(format!("/proc/{pid}/mem"))?;
    let mut searched = 0;
    for line in read_to_string(format!("/proc/{pid}/maps"))?.lines() {
        let mut fields = line.split_whitespace();
        let (Some(range), Some(rights)) = (fields.next(), fields.next()) else {
            continue;
        };
        let Some((from, to)) = range.split_once('-') else {
            continue;
        };
        if !rights.starts_with("rw") {
            continue;
        }
        let (mut at, end) = (u64::from_str_radix(from, 16)?, u64::from_str_radix(to, 16)?);
        let mut piece = vec![0; PIECE];
        while at < end {
            let length = usize::try_from(end - at)?.min(PIECE);
            let read = match memory.read_at(&mut piece[..length], at) {
                Ok(read) if read > 0 => read,
                Ok(_) => break,
                // A mapping that nothing can be read from (a device's, for example).
                Err(error) if error.raw_os_error() == Some(Errno::EIO as i32) => break,
                Err(error) => return Err(error).with_context(|| format!("reading {line}")),
            };
            searched += read;
            for part in secret.chunks_exact(PART) {
                let places = piece[..read].windows(PART).enumerate();
                for (offset, _) in places.filter(|(_, window)| *window == part) {
                    let part = String::from_utf8_lossy(part);
                    found.push(format!("{:#x} in {line}: {part:?}", at + offset as u64));
                }
            }
            at += if at + (read as u64) < end {
                (read - PART.min(read - 1)) as u64
            } else {
                read as u64
            };
        }
    }
    Ok(searched)
}
