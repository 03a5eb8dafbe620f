//! Helper of `cargo xtask bench sessions`: small, so that what is measured is not this program.
//!
//! `bare SYS` reads the attributes of a session listing with nothing but the standard library; `library SYS` lists through
//! `driver_sys`; `measure FILE COMMAND…` runs a command and writes its wall time in nanoseconds and its peak resident set in KiB.

#![expect(clippy::print_stderr, reason = "a program")]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use driver_sys::sysfs::Root;
use driver_sys::sysfs::class::session::SessionFields;
use driver_sys::sysfs::class::sessions;
use nix::sys::resource::{UsageWho, getrusage};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["bare", sys] => bare(Path::new(sys)),
        ["library", sys] => library(sys, SessionFields::Brief),
        ["library", sys, "detail"] => library(sys, SessionFields::Detail),
        ["generate", sys, sessions] => generate(Path::new(sys), sessions),
        ["measure", file, program, rest @ ..] => measure(file, program, rest),
        _ => Err(io::Error::other(
            "usage: bare SYS | library SYS [detail] | measure FILE COMMAND...",
        )),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("session_bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The attributes of a listing and not one system call more than reading them takes: directory, link, open, read, close.
fn bare(sys: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut buf, mut path) = ([0_u8; 4097], String::new());
    for entry in fs::read_dir(sys.join("class/iscsi_session"))? {
        let name = entry?.file_name();
        let Some(sid) = name.to_str().and_then(|name| name.strip_prefix("session")) else {
            continue;
        };
        let session = format!("{}/class/iscsi_session/session{sid}", sys.display());
        let connection = format!("{}/class/iscsi_connection/connection{sid}:0", sys.display());
        let host = fs::read_link(&session)?;
        out.write_all(host.as_os_str().as_encoded_bytes())?;
        let attrs = [
            (&session, "targetname"),
            (&session, "tpgt"),
            (&session, "state"),
            (&session, "creator"),
            (&connection, "persistent_address"),
            (&connection, "persistent_port"),
        ];
        for (object, attr) in attrs {
            path.clear();
            let _ = write!(path, "{object}/{attr}");
            let length = File::open(&path)?.read(&mut buf)?;
            out.write_all(buf.get(..length).unwrap_or_default())?;
        }
    }
    out.flush()
}

fn library(sys: &str, fields: SessionFields) -> io::Result<()> {
    let root = Root::open(sys).map_err(io::Error::other)?;
    let mut out = BufWriter::new(io::stdout().lock());
    for session in sessions::sessions(&root, fields).map_err(io::Error::other)? {
        let session = session.map_err(io::Error::other)?;
        let portal = session.portals.as_ref().map(|portals| &portals.persistent);
        let portal = portal.map(ToString::to_string).unwrap_or_default();
        writeln!(
            out,
            "{}: [{}] {portal},{} {}",
            session.host.transport, session.sid, session.tpgt, session.target
        )?;
    }
    out.flush()
}

fn generate(sys: &Path, sessions: &str) -> io::Result<()> {
    let sessions = sessions.parse().map_err(io::Error::other)?;
    sysfs_trees::TreeSpec {
        hosts: 2,
        ..sysfs_trees::TreeSpec::sessions(sessions)
    }
    .lay_out(sys)
}

fn measure(file: &str, program: &str, args: &[&str]) -> io::Result<()> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null());
    let begun = Instant::now();
    let status = command.status()?;
    let elapsed = begun.elapsed();
    if !status.success() {
        return Err(io::Error::other(format!("{program} ended with {status}")));
    }
    // The only child so far: the maximum over all children is its own.
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    fs::write(file, format!("{} {}\n", elapsed.as_nanos(), usage.max_rss()))
}
