//! The emulator with 64 sessions that are logged in: memory, processor time while nothing happens, and how fast they are back.
//!
//! Two ports of an `hbaemu serve`, 32 flash targets each, all at one `hbaemu target` over TCP.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use lab_tests::lab::READY;
use lab_tests::process::{Running, until};

use super::Args;
use super::adapter::{Adapter, FIRST_HOST, hbaemu};
use super::table::{Verdicts, Wanted, median};
use crate::workspace::must;

const SESSIONS: u32 = 64;
const PORTS: u32 = 2;
const NAME: &str = "iqn.2026-11.org.example:array";
/// How long nothing happens while processor time is taken.
const IDLE: Duration = Duration::from_secs(20);
/// How long all sessions may take to come up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the measurement.
pub(super) fn run(args: &Args) -> Result<Verdicts> {
    let program = hbaemu(args)?;
    let (target, portal) = target(&program)?;
    let mut adapter = Adapter::serve(&program, PORTS, &[])?;
    let pid = adapter.process.pid();
    for port in 0..PORTS {
        let address = Ipv4Addr::new(127, 0, 0, 41 + port as u8);
        adapter
            .client
            .set_address(FIRST_HOST + port, IpAddr::V4(address))?;
    }
    let mut indices = Vec::new();
    for session in 0..SESSIONS {
        let host = FIRST_HOST + session % PORTS;
        let index = adapter.client.add_target(host, &name(session), portal)?;
        indices.push((host, index));
    }
    let (memory_before, cpu_before) = (resident(pid)?, idle(pid)?);

    let start = Instant::now();
    for (host, index) in indices {
        adapter.client.login(host, index)?;
    }
    let first = all(&adapter, start, "state", "LOGGED_IN")?;
    // The search for logical units goes on after the login.
    all(&adapter, start, "target_state", "SCANNED")?;
    let (memory, cpu) = (resident(pid)?, idle(pid)?);
    let target_cpu = idle(target.pid())?;

    let mut times = Vec::new();
    for _ in 0..args.runs {
        let start = Instant::now();
        let mut fault = Command::new(&program);
        fault
            .arg("fault")
            .arg("--endpoint")
            .arg(adapter.endpoint())
            .arg("power-cycle");
        fault.stdout(std::process::Stdio::null());
        if times.is_empty() {
            must(&mut fault)?;
        } else {
            fault.status()?;
        }
        times.push(all(&adapter, start, "state", "LOGGED_IN")?.as_secs_f64());
    }
    let back = median(times).context("no runs")?;

    let mut verdicts = Verdicts::default();
    let columns = ["0 sessions", "64 sessions"];
    Verdicts::heading_of("emulator: memory", &columns);
    let cells = [mib(memory_before), mib(memory)];
    verdicts.row(
        "resident memory, growth",
        &cells,
        memory / memory_before,
        Wanted::Shown,
    );
    Verdicts::heading_of("emulator: percent of a core while idle", &columns);
    let cells = [percent(cpu_before), percent(cpu)];
    verdicts.row("hbaemu serve", &cells, cpu, Wanted::AtMost(1.0));
    let cells = [String::new(), percent(target_cpu)];
    verdicts.row("hbaemu target", &cells, target_cpu, Wanted::Shown);
    Verdicts::heading_of(
        "emulator: until 64 sessions are logged in",
        &["by hand", "power-cycle"],
    );
    let cells = [seconds(first.as_secs_f64()), seconds(back)];
    verdicts.row("time, growth", &cells, back / first.as_secs_f64(), Wanted::Shown);
    Ok(verdicts)
}

/// A target with a name for each session.
fn target(program: &Path) -> Result<(Running, SocketAddr)> {
    let mut command = Command::new(program);
    command.args([
        "target",
        "--listen",
        "127.0.0.1:0",
        "--lun",
        "1M",
        "--iqn",
        &name(0),
    ]);
    for session in 1..SESSIONS {
        command.args(["--also", &name(session)]);
    }
    let (running, line) = Running::start_telling(&mut command, "ready", READY)?;
    let portal = line.rsplit(' ').next().unwrap_or_default();
    let portal = portal
        .parse()
        .with_context(|| format!("no address in {line:?}"))?;
    Ok((running, portal))
}

fn name(session: u32) -> String {
    format!("{NAME}.{session}")
}

/// Waits until an attribute of every session reads so; the time since `start`.
fn all(adapter: &Adapter, start: Instant, attr: &str, value: &str) -> Result<Duration> {
    let class = adapter.sys().join("class/iscsi_session");
    until(PATIENCE, &format!("64 sessions with {attr} {value}"), || {
        let mut logged_in = 0;
        for session in fs::read_dir(&class)?.flatten() {
            // A session may vanish while it is looked at.
            let state = fs::read_to_string(session.path().join(attr)).unwrap_or_default();
            logged_in += u32::from(state.trim() == value);
        }
        Ok((logged_in == SESSIONS).then(|| start.elapsed()))
    })
}

/// Resident memory in KiB.
pub(super) fn resident(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line
        .and_then(|line| line.split_whitespace().next())
        .context("no VmRSS")?;
    Ok(kib.parse()?)
}

/// Percent of a core that a process uses while nothing is asked of it.
fn idle(pid: u32) -> Result<f64> {
    let start = Instant::now();
    let before = processor_time(pid)?;
    std::thread::sleep(IDLE);
    let used = processor_time(pid)?.saturating_sub(before);
    Ok(100.0 * used.as_secs_f64() / start.elapsed().as_secs_f64())
}

/// Time on a processor so far, of all threads.
pub(super) fn processor_time(pid: u32) -> Result<Duration> {
    let mut sum = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
        let text = fs::read_to_string(task.path().join("schedstat"))
            .context("this kernel tells no run time of threads (CONFIG_SCHED_INFO)")?;
        sum += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
    }
    Ok(Duration::from_nanos(sum))
}

fn mib(kib: f64) -> String {
    format!("{:.1} MiB", kib / 1024.0)
}

fn percent(value: f64) -> String {
    format!("{value:.3} %")
}

fn seconds(value: f64) -> String {
    format!("{value:.2} s")
}
