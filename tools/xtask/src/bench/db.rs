//! Our record database beside the stock `iscsiadm`, on one database in one run.
//!
//! Both work in a private mount and network namespace on the same records, in memory, in turn. The peer is measured as a whole process, since it
//! is nothing else; ours twice: as a whole process, and the operation itself as a program that has it in hand sees it. Ours waits for the disk
//! with every write and the peer never does, so that memory is the place where both do the same. Time is wall time, memory the peak resident
//! set; the medians count.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use lab_tests::need::missing;
use lab_tests::peer::NEEDS;
use lab_tests::peer::records::Records;

use super::Args;
use super::sessions::released;
use super::table::{Verdicts, Wanted, median};

const SIZES: [u32; 3] = [1000, 5000, 10_000];
/// The size at which figures are wanted of a single look-up.
const LARGE: u32 = 10_000;
const PORTAL: &str = "192.0.2.1:3260,1";
const KEY: &str = "node.session.queue_depth";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Operation {
    Show,
    List,
    Set,
    SetAll,
    Create,
    Remove,
}

/// In the order in which `node_bench times` prints them, with what is wanted of each as a whole process.
const OPERATIONS: [(Operation, &str, Wanted); 6] = [
    (Operation::Show, "look up one", Wanted::Shown),
    (Operation::List, "list", Wanted::AtLeast(5.0)),
    (Operation::Set, "update one", Wanted::AtLeast(5.0)),
    (Operation::SetAll, "update all", Wanted::AtLeast(5.0)),
    (Operation::Create, "create one", Wanted::AtLeast(3.0)),
    (Operation::Remove, "delete one", Wanted::Shown),
];

struct Bench {
    peer: Records,
    program: PathBuf,
    helper: PathBuf,
    records: u32,
}

/// Milliseconds and KiB.
#[derive(Clone, Copy)]
struct Sample {
    millis: f64,
    kib: f64,
}

#[derive(Default)]
struct Samples {
    peer: BTreeMap<Operation, Sample>,
    ours: BTreeMap<Operation, Sample>,
    /// Milliseconds of the operation itself.
    itself: BTreeMap<Operation, f64>,
}

/// Runs the measurement.
pub(super) fn run(args: &Args) -> Result<Verdicts> {
    let mut verdicts = Verdicts::default();
    if let Some(reason) = missing(NEEDS) {
        println!("left out: bench db: {reason}");
        return Ok(verdicts);
    }
    let program = released(
        &["--package", "hba", "--example", "node_bench"],
        "examples/node_bench",
    )?;
    let helper = released(
        &["--package", "driver-sys", "--example", "session_bench"],
        "examples/session_bench",
    )?;
    let mut all = BTreeMap::new();
    for records in SIZES {
        let bench = Bench::new(records, program.clone(), helper.clone())?;
        let samples = bench.measure(usize::from(args.runs))?;
        bench.report(&samples, &mut verdicts);
        all.insert(records, samples);
    }
    growth(&all, &mut verdicts);
    Ok(verdicts)
}

fn target(number: u32) -> String {
    format!("iqn.2026-11.test:bench.{number:06}")
}

impl Bench {
    fn new(records: u32, program: PathBuf, helper: PathBuf) -> Result<Self> {
        let peer = Records::new()?;
        let like = ["-m", "node", "-T", "iqn.2026-11.test:like", "-p", PORTAL, "-o"];
        peer.lines(&[&like[..], &["new"]].concat())?;
        let bench = Self {
            peer,
            program,
            helper,
            records,
        };
        let file = bench
            .peer
            .place()
            .join("nodes/iqn.2026-11.test:like/192.0.2.1,3260,1/default");
        bench.must(&bench.words(&["create", &file.to_string_lossy(), "0", &records.to_string()]))?;
        bench.peer.lines(&[&like[..], &["delete"]].concat())?;
        let listed = bench.peer.lines(&["-m", "node"])?.len();
        ensure!(
            listed == records as usize,
            "{listed} records instead of {records}"
        );
        Ok(bench)
    }

    fn words(&self, more: &[&str]) -> Vec<String> {
        let (program, place) = (
            self.program.to_string_lossy(),
            self.peer.place().to_string_lossy(),
        );
        [&[&*program, &*place], more]
            .concat()
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    /// What does an operation: the peer's words and ours.
    fn commands(&self, operation: Operation, round: u32) -> [Vec<String>; 2] {
        let one = target(self.records / 2);
        let value = (20 + round % 50).to_string();
        // What is created is removed next.
        let node = ["iscsiadm", "-m", "node"];
        let named = ["-T", &one, "-p", PORTAL];
        let (theirs, ours): (Vec<&str>, Vec<&str>) = match operation {
            Operation::Show => ([&node[..], &named].concat(), vec!["show", &one, PORTAL]),
            Operation::List => (node.to_vec(), vec!["list"]),
            Operation::Set => (
                [&node[..], &named, &["-o", "update", "-n", KEY, "-v", &value]].concat(),
                vec!["set", &one, PORTAL, KEY, &value],
            ),
            Operation::SetAll => (
                [&node[..], &["-o", "update", "-n", KEY, "-v", &value]].concat(),
                vec!["set-all", KEY, &value],
            ),
            Operation::Create => ([&node[..], &named, &["-o", "new"]].concat(), Vec::new()),
            Operation::Remove => (
                [&node[..], &named, &["-o", "delete"]].concat(),
                vec!["remove", &one, PORTAL],
            ),
        };
        let ours = match operation {
            Operation::Create => {
                let number = (self.records / 2).to_string();
                let like = self.peer.place().join(LIKE);
                self.words(&["create", &like.to_string_lossy(), &number, "1"])
            }
            _ => self.words(&ours),
        };
        [theirs.into_iter().map(str::to_owned).collect(), ours]
    }

    fn measure(&self, runs: usize) -> Result<Samples> {
        let mut taken: BTreeMap<(Operation, usize), Vec<Sample>> = BTreeMap::new();
        self.like()?;
        for round in 0..=runs {
            // Whoever removes the record creates it again.
            let order = [
                Operation::Show,
                Operation::List,
                Operation::Set,
                Operation::SetAll,
                Operation::Remove,
                Operation::Create,
            ];
            for who in 0..2 {
                for operation in order {
                    let number = u32::try_from(round)?;
                    let sample = self.once(&self.commands(operation, number)[who])?;
                    // The first round warms caches and counts for nothing.
                    if round > 0 {
                        taken.entry((operation, who)).or_default().push(sample);
                    }
                }
            }
        }
        let mut samples = Samples::default();
        for ((operation, who), taken) in taken {
            let of = |value: fn(&Sample) -> f64| median(taken.iter().map(value).collect()).context("no runs");
            let sample = Sample {
                millis: of(|s| s.millis)?,
                kib: of(|s| s.kib)?,
            };
            let whose = if who == 0 {
                &mut samples.peer
            } else {
                &mut samples.ours
            };
            whose.insert(operation, sample);
        }
        samples.itself = self.itself(runs)?;
        Ok(samples)
    }

    /// A record for new ones, outside of the database.
    fn like(&self) -> Result<()> {
        let file = self
            .peer
            .outside()
            .join(format!("nodes/{}/192.0.2.1,3260,1/default", target(0)));
        std::fs::copy(file, self.peer.outside().join(LIKE))?;
        Ok(())
    }

    /// The operations without the start of a process.
    fn itself(&self, runs: usize) -> Result<BTreeMap<Operation, f64>> {
        let rounds = (runs + 1).to_string();
        let one = target(self.records / 2);
        let printed = self.must(&self.words(&["times", &one, PORTAL, KEY, &rounds]))?;
        let mut taken: BTreeMap<Operation, Vec<f64>> = BTreeMap::new();
        for line in printed.lines().skip(1) {
            for ((operation, ..), micros) in OPERATIONS.iter().zip(line.split(' ')) {
                taken
                    .entry(*operation)
                    .or_default()
                    .push(micros.parse::<f64>()? / 1e3);
            }
        }
        taken
            .into_iter()
            .map(|(operation, values)| Ok((operation, median(values).context("no runs")?)))
            .collect()
    }

    fn must(&self, words: &[String]) -> Result<String> {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        let output = self.peer.output(command)?;
        ensure!(
            output.status.success(),
            "{}: {}",
            words.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    fn once(&self, words: &[String]) -> Result<Sample> {
        let note = self.peer.scratch().join("measured");
        let mut measured = vec![
            self.helper.to_string_lossy().into_owned(),
            "measure".to_owned(),
            note.to_string_lossy().into_owned(),
        ];
        measured.extend(words.iter().cloned());
        self.must(&measured)?;
        let text = std::fs::read_to_string(&note)?;
        let (nanos, kib) = text.trim().split_once(' ').context("two numbers")?;
        Ok(Sample {
            millis: nanos.parse::<f64>()? / 1e6,
            kib: kib.parse()?,
        })
    }

    fn report(&self, samples: &Samples, verdicts: &mut Verdicts) {
        Verdicts::heading(&format!(
            "{} records: times faster, as whole processes",
            self.records
        ));
        for (operation, what, wanted) in OPERATIONS {
            let (Some(peer), Some(ours)) = (samples.peer.get(&operation), samples.ours.get(&operation))
            else {
                continue;
            };
            verdicts.figure(
                what,
                &millis(peer.millis),
                &millis(ours.millis),
                peer.millis / ours.millis,
                wanted,
            );
        }
        if let (Some(peer), Some(ours)) = (
            samples.peer.get(&Operation::List),
            samples.ours.get(&Operation::List),
        ) {
            verdicts.figure(
                "of the peer's peak memory: list",
                &mib(peer.kib),
                &mib(ours.kib),
                ours.kib / peer.kib,
                if self.records == LARGE {
                    Wanted::AtMost(0.1)
                } else {
                    Wanted::Shown
                },
            );
        }
        Verdicts::heading(&format!(
            "{} records: times faster, the operation itself beside the peer's process",
            self.records
        ));
        for (operation, what, _) in OPERATIONS {
            let (Some(peer), Some(ours)) = (samples.peer.get(&operation), samples.itself.get(&operation))
            else {
                continue;
            };
            let wanted = match operation {
                Operation::Show if self.records == LARGE => Wanted::AtLeast(1000.0),
                _ => Wanted::Shown,
            };
            verdicts.figure(
                what,
                &millis(peer.millis),
                &millis(*ours),
                peer.millis / ours,
                wanted,
            );
        }
    }
}

/// A record outside of what the database is looked for in, in its root.
const LIKE: &str = "like";

/// What more records cost: a single one costs the same whatever their number, all of them cost as many times more as there are.
fn growth(all: &BTreeMap<u32, Samples>, verdicts: &mut Verdicts) {
    let (small, large) = (SIZES[0], SIZES[2]);
    let itself = |records: u32, operation| all.get(&records)?.itself.get(&operation).copied();
    let heads = [format!("{small}"), format!("{large}")];
    Verdicts::heading_of(
        &format!("growth from {small} to {large} records, the operation itself"),
        &heads.each_ref().map(String::as_str),
    );
    for (operation, what, _) in OPERATIONS {
        let (Some(few), Some(many)) = (itself(small, operation), itself(large, operation)) else {
            continue;
        };
        let (what, ratio) = match operation {
            Operation::List | Operation::SetAll => (
                format!("{what}: time a record (linear: 1)"),
                many / few / f64::from(large / small),
            ),
            _ => (format!("{what} (flat: 1)"), many / few),
        };
        verdicts.row(&what, &[millis(few), millis(many)], ratio, Wanted::AtMost(1.5));
    }
}

fn millis(millis: f64) -> String {
    if millis < 1.0 {
        format!("{millis:.3} ms")
    } else {
        format!("{millis:.1} ms")
    }
}

fn mib(kib: f64) -> String {
    format!("{:.1} MiB", kib / 1024.0)
}
