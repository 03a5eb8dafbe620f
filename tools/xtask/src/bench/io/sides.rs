//! Both targets over one file, pinned, and the initiators that are run against them.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use lab_tests::lab::READY;
use lab_tests::need::find_tool;
use lab_tests::process::Running;
use lab_tests::tgt::Tgtd;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::Pid;

use super::Pair;
use super::pair::{Case, Measured};
use crate::bench::Args;
use crate::bench::adapter::hbaemu;
use crate::bench::emulator::{processor_time, resident};
use crate::workspace::must;

const IQN: &str = "iqn.2026-11.org.example:bench";
/// Size of the logical unit.
const BYTES: usize = 128 << 20;
/// Length of a run in seconds.
const SECONDS: u32 = 1;

/// How loopback is used for comparison.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Loopback {
    /// Every message is a write of its own.
    OneWrite,
    /// All that are due go out together.
    Batched,
}

/// The targets.
pub(super) struct Sides {
    program: PathBuf,
    peer: Tgtd,
    ours: Running,
    portal: SocketAddr,
    /// Where initiators stand.
    cpu: CpuSet,
    _dir: tempfile::TempDir,
}

impl Sides {
    /// Starts both targets.
    pub(super) fn start(args: &Args) -> Result<Self> {
        let program = hbaemu(args)?;
        if args.realtime {
            // What is started from here on inherits it.
            let own = std::process::id().to_string();
            must(Command::new("chrt").args(["--all-tasks", "--rr", "--pid", "10", &own]))?;
        }
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        }?;
        let file = dir.path().join("disk");
        // Holes would be read without touching memory.
        fs::write(&file, vec![0xa5; BYTES])?;
        let allowed = sched_getaffinity(Pid::from_raw(0))?;
        let mut cpus = (0..CpuSet::count()).filter(|cpu| allowed.is_set(*cpu).unwrap_or(false));
        let first = cpus.next().context("no processor")?;
        let target_cpu = one(first)?;
        let cpu = one(cpus.next().unwrap_or(first))?;

        let peer = Tgtd::start()?;
        pin(peer.pid(), &target_cpu)?;
        peer.add_target(1, IQN, &[&file], &[])?;
        let mut command = Command::new(&program);
        command.args(["target", "--listen", "127.0.0.1:0", "--iqn", IQN, "--lun"]);
        command.arg(&file);
        // Idle sessions all come at once.
        command.args(["--half-open", &super::sessions::IDLE.to_string()]);
        let (ours, line) = Running::start_telling(&mut command, "ready", READY)?;
        pin(ours.pid(), &target_cpu)?;
        let portal = line.rsplit(' ').next().unwrap_or_default();
        let portal = portal
            .parse()
            .with_context(|| format!("no address in {line:?}"))?;
        Ok(Self {
            program,
            peer,
            ours,
            portal,
            cpu,
            _dir: dir,
        })
    }

    /// The target of a pair: its process, its portal and the unit's number there.
    pub(super) fn target(&self, pair: Pair) -> (u32, SocketAddr, u16) {
        match pair {
            Pair::Peers => (self.peer.pid(), self.peer.portal(), 1),
            Pair::OurTarget | Pair::Ours => (self.ours.pid(), self.portal, 0),
        }
    }

    /// One run.
    pub(super) fn measure(&self, pair: Pair, case: Case) -> Result<Measured> {
        let (target, portal, lun) = self.target(pair);
        let before = processor_time(target)?;
        let own = matches!(pair, Pair::Ours);
        let (output, cpu) = if own {
            self.load(portal, lun, case)?
        } else {
            ensure!(!case.write, "iscsi-perf only reads");
            let mut command = Command::new(find_tool("iscsi-perf").context("no iscsi-perf")?);
            command.args([
                "-m",
                &case.depth.to_string(),
                "-b",
                &(case.kib * 2).to_string(),
                "-t",
                &SECONDS.to_string(),
                &url(portal, lun),
            ]);
            self.run(&mut command)?
        };
        let target_time = processor_time(target)?.saturating_sub(before);
        let (operations, rate) = if own {
            figures(&output)?
        } else {
            let rate = last_average(&output).with_context(|| format!("no figure in {output:?}"))?;
            (rate * f64::from(SECONDS), rate)
        };
        Ok(Measured {
            rate,
            initiator_cpu: cpu.as_secs_f64() * 1e6 / operations,
            target_cpu: target_time.as_secs_f64() * 1e6 / operations,
        })
    }

    fn load(&self, portal: SocketAddr, lun: u16, case: Case) -> Result<(String, Duration)> {
        let mut command = self.loader(portal, lun);
        command.args(["--seconds", &SECONDS.to_string()]);
        command.args(["--depth", &case.depth.to_string()]);
        command.args(["--size", &(case.kib * 1024).to_string()]);
        command.args(["--sessions", &case.sessions.to_string()]);
        if case.write {
            command.arg("--write");
        }
        self.run(&mut command)
    }

    /// `hbaemu load` against a target.
    pub(super) fn loader(&self, portal: SocketAddr, lun: u16) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["load", &portal.to_string(), IQN, "--lun", &lun.to_string()]);
        command
    }

    /// What loopback carries; requests and replies as long as those of a read of 4 KiB.
    pub(super) fn loopback(&self, kind: Loopback) -> Result<Measured> {
        let mut command = Command::new(&self.program);
        command.args(["loopback", "--seconds", &SECONDS.to_string()]);
        if kind == Loopback::Batched {
            command.arg("--batched");
        }
        let before = children_time()?;
        let output = command.output()?;
        let cpu = children_time()?.saturating_sub(before);
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let (operations, rate) = figures(&String::from_utf8_lossy(&output.stdout))?;
        Ok(Measured {
            rate,
            initiator_cpu: cpu.as_secs_f64() * 1e6 / operations,
            target_cpu: 0.0,
        })
    }

    /// Runs an initiator to its end on its processor: what it printed, and its processor time.
    fn run(&self, command: &mut Command) -> Result<(String, Duration)> {
        let before = children_time()?;
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        pin(child.id(), &self.cpu)?;
        let output = child.wait_with_output()?;
        let cpu = children_time()?.saturating_sub(before);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "{command:?}: {}: {text}{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok((text, cpu))
    }

    /// Wall time of a whole program that opens a session, sends one command and leaves.
    pub(super) fn visit(&self, pair: Pair) -> Result<Duration> {
        let (_, portal, lun) = self.target(pair);
        let mut command = if pair == Pair::Ours {
            let mut command = self.loader(portal, lun);
            command.args(["--logins", "1"]);
            command
        } else {
            let mut command = Command::new(find_tool("iscsi-inq").context("no iscsi-inq")?);
            command.arg(url(portal, lun));
            command
        };
        let start = Instant::now();
        let output = command.output()?;
        let took = start.elapsed();
        ensure!(
            output.status.success(),
            "{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(took)
    }

    /// Mean wall time of a session within one program of ours.
    pub(super) fn visits(&self, count: u32) -> Result<f64> {
        let (_, portal, lun) = self.target(Pair::Ours);
        let mut command = self.loader(portal, lun);
        command.args(["--logins", &count.to_string()]);
        let (output, _) = self.run(&mut command)?;
        let (_, rate) = figures(&output)?;
        Ok(1.0 / rate)
    }

    /// Resident memory of a target in KiB while so many of our sessions are idle at it, and that of their initiator.
    pub(super) fn idle(&self, pair: Pair, sessions: u32) -> Result<(f64, f64)> {
        let (target, portal, lun) = self.target(pair);
        let mut command = self.loader(portal, lun);
        command.args(["--hold", "--sessions", &sessions.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut stdout = std::io::BufReader::new(child.stdout.take().context("no output")?);
        let mut line = String::new();
        std::io::BufRead::read_line(&mut stdout, &mut line)?;
        let memory = (resident(target)?, resident(child.id())?);
        if let Some(mut stdin) = child.stdin.take() {
            let _ = stdin.flush();
        }
        let status = child.wait()?;
        ensure!(line.trim() == "ready" && status.success(), "{command:?}: {line}");
        Ok(memory)
    }
}

fn url(portal: SocketAddr, lun: u16) -> String {
    format!("iscsi://{portal}/{IQN}/{lun}")
}

/// Operations and operations a second, of a line of ours.
fn figures(line: &str) -> Result<(f64, f64)> {
    let value: serde_json::Value =
        serde_json::from_str(line.trim()).with_context(|| format!("not JSON: {line:?}"))?;
    let number = |key: &str| value[key].as_f64().with_context(|| format!("no {key} in {line}"));
    let operations = number("operations")?;
    Ok((operations, operations / number("seconds")?))
}

/// The last `iops average N` of iscsi-perf.
fn last_average(text: &str) -> Option<f64> {
    let (_, after) = text.rsplit_once("iops average ")?;
    after.split(' ').next()?.parse().ok()
}

fn one(cpu: usize) -> Result<CpuSet> {
    let mut set = CpuSet::new();
    set.set(cpu)?;
    Ok(set)
}

/// Puts every thread of a process on these processors.
fn pin(pid: u32, cpus: &CpuSet) -> Result<()> {
    for task in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
        let tid: i32 = task.file_name().to_string_lossy().parse()?;
        sched_setaffinity(Pid::from_raw(tid), cpus)?;
    }
    Ok(())
}

/// Processor time so far of all children that have ended.
fn children_time() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let time = |value: nix::sys::time::TimeVal| {
        Duration::new(value.tv_sec().unsigned_abs(), (value.tv_usec() * 1000) as u32)
    };
    Ok(time(usage.user_time()) + time(usage.system_time()))
}
