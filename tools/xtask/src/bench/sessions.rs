//! `hbactl session list` against the stock `iscsiadm -m session` over one tree.
//!
//! Both run in a private mount and network namespace in which the tree is `/sys`, in turn with a bare loop over the same attributes.
//! The detailed listing of the peer asks an iscsid for each session; one that answers at once stands in. Time is wall time, memory
//! is the peak resident set of the process, both taken by a small parent of its own, which keeps the floor of the latter at its own
//! two MiB. Where several figures can be had from the same runs, they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use lab_tests::need::missing;
use lab_tests::peer::{NEEDS, Peer};

use super::Args;
use super::table::{Verdicts, Wanted, median};
use crate::workspace::{cargo, must, target_dir};

const SIZES: [u32; 4] = [10, 100, 1000, 4000];

/// Sizes at which a ratio of time means something: below, starting a process is what is measured.
const JUDGED: u32 = 1000;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Program {
    PeerList,
    OursList,
    Bare,
    Library,
    PeerDetail,
    OursDetail,
}

const PROGRAMS: [Program; 6] = [
    Program::PeerList,
    Program::OursList,
    Program::Bare,
    Program::Library,
    Program::PeerDetail,
    Program::OursDetail,
];

struct Bench {
    dir: tempfile::TempDir,
    hbactl: PathBuf,
    helper: PathBuf,
    peer: Peer,
    sessions: u32,
}

/// Medians over the runs.
#[derive(Clone, Copy)]
struct Sample {
    millis: f64,
    kib: f64,
}

/// Runs the measurement.
pub(super) fn run(args: &Args) -> Result<Verdicts> {
    let mut verdicts = Verdicts::default();
    if let Some(reason) = missing(NEEDS) {
        println!("left out: bench sessions: {reason}");
        return Ok(verdicts);
    }
    let hbactl = match &args.hbactl {
        Some(path) => fs::canonicalize(path).with_context(|| format!("no {}", path.display()))?,
        None => crate::dist::build()?,
    };
    let helper = released(
        &["--package", "driver-sys", "--example", "session_bench"],
        "examples/session_bench",
    )?;
    let mut all = BTreeMap::new();
    for sessions in SIZES {
        let bench = Bench::new(sessions, hbactl.clone(), helper.clone())?;
        bench.check()?;
        let samples = bench.measure(usize::from(args.runs))?;
        bench.report(&samples, &mut verdicts);
        all.insert(sessions, samples);
    }
    growth(&all, &mut verdicts);
    Ok(verdicts)
}

/// Builds a program for release; where it is.
pub(super) fn released(what: &[&str], program: &str) -> Result<PathBuf> {
    must(cargo(&["build", "--release", "--quiet"]).args(what))?;
    let target = target_dir();
    Ok(target.join("release").join(program))
}

impl Bench {
    fn new(sessions: u32, hbactl: PathBuf, helper: PathBuf) -> Result<Self> {
        // Memory, where there is some: a disk's writeback is not what is measured.
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        }?;
        let sys = dir.path().join("sys");
        let status = Command::new(&helper)
            .arg("generate")
            .arg(&sys)
            .arg(sessions.to_string())
            .status()?;
        ensure!(
            status.success(),
            "the tree of {sessions} sessions could not be laid out"
        );
        Ok(Self {
            peer: Peer::over(&sys)?,
            dir,
            hbactl,
            helper,
            sessions,
        })
    }

    fn command(&self, program: Program) -> Vec<String> {
        let endpoint = self.dir.path().to_string_lossy().into_owned();
        let sys = self.dir.path().join("sys").to_string_lossy().into_owned();
        let (hbactl, helper) = (self.hbactl.to_string_lossy(), self.helper.to_string_lossy());
        let words: &[&str] = match program {
            Program::PeerList => &["iscsiadm", "-m", "session"],
            Program::PeerDetail => &["iscsiadm", "-m", "session", "-P", "1"],
            Program::OursList => &[&hbactl, "--endpoint", &endpoint, "session", "list"],
            Program::OursDetail => &[&hbactl, "--endpoint", &endpoint, "session", "list", "--detail"],
            Program::Bare => &[&helper, "bare", &sys],
            Program::Library => &[&helper, "library", &sys],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// A listing that is fast because it lists nothing is no listing.
    fn check(&self) -> Result<()> {
        for program in [
            Program::PeerList,
            Program::OursList,
            Program::Bare,
            Program::Library,
            Program::OursDetail,
        ] {
            let words = self.command(program);
            let mut command = Command::new(&words[0]);
            command.args(&words[1..]);
            let output = self.peer.output(command)?;
            let text = String::from_utf8_lossy(&output.stdout);
            let listed = text.matches("iqn.2003-01.org.example.array:lun").count();
            ensure!(
                output.status.success() && listed == self.sessions as usize,
                "`{}` lists {listed} of {} sessions ({}): {}",
                words.join(" "),
                self.sessions,
                output.status,
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(())
    }

    fn measure(&self, runs: usize) -> Result<BTreeMap<Program, Sample>> {
        let mut taken: BTreeMap<Program, Vec<(f64, f64)>> = BTreeMap::new();
        for round in 0..=runs {
            for program in PROGRAMS {
                let one = self.once(program)?;
                // The first round warms caches and counts for nothing.
                if round > 0 {
                    taken.entry(program).or_default().push(one);
                }
            }
        }
        let sample = |values: Vec<(f64, f64)>| {
            let (millis, kib): (Vec<f64>, Vec<f64>) = values.into_iter().unzip();
            Some(Sample {
                millis: median(millis)?,
                kib: median(kib)?,
            })
        };
        taken
            .into_iter()
            .map(|(program, values)| Ok((program, sample(values).context("no runs")?)))
            .collect()
    }

    fn once(&self, program: Program) -> Result<(f64, f64)> {
        let note = self.dir.path().join("measured");
        let mut command = Command::new(&self.helper);
        command.arg("measure").arg(&note).args(self.command(program));
        let output = self.peer.output(command)?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let text = fs::read_to_string(&note)?;
        let (nanos, kib) = text.trim().split_once(' ').context("two numbers")?;
        Ok((nanos.parse::<f64>()? / 1e6, kib.parse()?))
    }

    fn report(&self, samples: &BTreeMap<Program, Sample>, verdicts: &mut Verdicts) {
        let judged = |wanted| {
            if self.sessions >= JUDGED {
                wanted
            } else {
                Wanted::Shown
            }
        };
        let list = Wanted::AtLeast(if self.sessions >= 4000 { 10.0 } else { 8.0 });
        let mut row = |what: &str, peer: Program, ours: Program, wanted: Wanted| {
            let (Some(peer), Some(ours)) = (samples.get(&peer), samples.get(&ours)) else {
                return;
            };
            let ratio = if matches!(wanted, Wanted::AtMost(_)) {
                ours.millis / peer.millis
            } else {
                peer.millis / ours.millis
            };
            verdicts.figure(what, &millis(peer), &millis(ours), ratio, judged(wanted));
        };
        Verdicts::heading(&format!("{} sessions", self.sessions));
        row(
            "times faster: iscsiadm -m session, hbactl session list",
            Program::PeerList,
            Program::OursList,
            list,
        );
        row(
            "times faster: -P 1, --detail",
            Program::PeerDetail,
            Program::OursDetail,
            Wanted::AtLeast(4.0),
        );
        row(
            "of the bare loop: hbactl session list",
            Program::Bare,
            Program::OursList,
            Wanted::AtMost(1.5),
        );
        row(
            "of the bare loop: the library alone",
            Program::Bare,
            Program::Library,
            Wanted::AtMost(1.5),
        );
        if let (Some(peer), Some(ours)) = (samples.get(&Program::PeerList), samples.get(&Program::OursList)) {
            let ratio = ours.kib / peer.kib;
            verdicts.figure(
                "of the peer's peak memory",
                &mib(peer),
                &mib(ours),
                ratio,
                judged(Wanted::AtMost(0.1)),
            );
        }
    }
}

/// What more sessions cost: time that grows with their number and no faster, and memory beyond that of the programs themselves.
fn growth(all: &BTreeMap<u32, BTreeMap<Program, Sample>>, verdicts: &mut Verdicts) {
    let sample =
        |sessions: u32, program: Program| all.get(&sessions).and_then(|samples| samples.get(&program));
    let grown = |program| Some(sample(4000, program)?.millis / sample(1000, program)?.millis / 4.0);
    let added =
        |sessions, program| Some((sample(sessions, program)?.kib - sample(10, program)?.kib).max(0.0));
    Verdicts::heading("growth");
    if let (Some(peer), Some(ours)) = (grown(Program::PeerList), grown(Program::OursList)) {
        let (peer, shown) = (format!("{peer:.2}"), format!("{ours:.2}"));
        verdicts.figure(
            "time per session at 4000, of that at 1000 (linear: 1)",
            &peer,
            &shown,
            ours,
            Wanted::AtMost(1.3),
        );
    }
    for sessions in [1000, 4000] {
        let (Some(peer), Some(ours)) = (
            added(sessions, Program::PeerList),
            added(sessions, Program::OursList),
        ) else {
            continue;
        };
        verdicts.figure(
            &format!("memory for {sessions} sessions beyond that for 10"),
            &format!("{:.1} MiB", peer / 1024.0),
            &format!("{:.1} MiB", ours / 1024.0),
            ours / peer,
            Wanted::AtMost(0.1),
        );
    }
}

fn millis(sample: &Sample) -> String {
    format!("{:.1} ms", sample.millis)
}

fn mib(sample: &Sample) -> String {
    format!("{:.1} MiB", sample.kib / 1024.0)
}
