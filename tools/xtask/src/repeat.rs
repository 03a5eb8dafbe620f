//! `cargo xtask test --repeat N`: the same tests again and again, for those that fail one time in many.
//!
//! Owns the conditions (processors, load beside) and the tally. Built once; documentation's examples are not repeated, nor are lints.
//! It must not know what a test proves.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use clap::Args as ClapArgs;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

use crate::workspace::{build_all_programs, target_dir};
use crate::{built, child};

/// No test program takes nearly as long, beside load neither.
const LIMIT: Duration = Duration::from_secs(40 * 60);
/// Busy loops beside the tests.
const BUSY: usize = 2;

/// How often, and under which conditions.
#[derive(ClapArgs)]
#[group(id = "repetition")]
pub(crate) struct Args {
    /// Run the tests so many times (built once) and say which failed how often
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: Option<u32>,
    /// Only this crate's tests; repeatable
    #[arg(long = "package", short = 'p', value_name = "CRATE", requires = "repeat")]
    packages: Vec<String>,
    /// Only tests whose name contains this
    #[arg(long, value_name = "TEXT", requires = "repeat")]
    filter: Option<String>,
    /// Only the crates' unit tests, none of their test files
    #[arg(long, requires = "repeat")]
    unit: bool,
    /// On so many processors
    #[arg(long, value_name = "N", requires = "repeat")]
    cpus: Option<usize>,
    /// Beside two busy loops on the same processors
    #[arg(long, requires = "repeat")]
    load: bool,
}

impl Args {
    /// Keeps this process, and all it starts, to the processors asked for, and begins the load; it ends when dropped.
    pub(crate) fn conditions(&self) -> Result<Load> {
        if let Some(count) = self.cpus {
            pin(count)?;
        }
        Ok(Load::start(if self.load { BUSY } else { 0 }))
    }
}

/// Runs `rounds` rounds of the test files that `only` names, or of everything.
pub(crate) fn run(args: &Args, rounds: u32, only: &[String]) -> Result<()> {
    let mut select: Vec<&str> = Vec::new();
    select.extend(args.packages.iter().flat_map(|package| ["--package", package]));
    if !only.is_empty() {
        select.extend(["--package", "lab-tests"]);
        select.extend(only.iter().flat_map(|name| ["--test", name]));
    }
    if args.unit {
        select.extend(["--lib", "--bins"]);
    }
    if args.packages.is_empty() && only.is_empty() {
        select.push("--workspace");
    }
    if !args.unit {
        build_all_programs()?;
    }
    let programs = built::build(&select)?;
    let logs = target_dir().join("repeat");
    if logs.exists() {
        fs::remove_dir_all(&logs)?;
    }
    fs::create_dir_all(&logs).with_context(|| format!("cannot create {}", logs.display()))?;
    let mut tally = Tally::default();
    let _load = args.conditions()?;
    let mut went = Ok(());
    for round in 1..=rounds {
        went = tally.round(&programs, args.filter.as_deref(), round, rounds, &logs);
        if went.is_err() {
            break;
        }
    }
    tally.tell(&logs);
    went?;
    ensure!(tally.tests > 0, "no test was run");
    if tally.failed > 0 {
        bail!("{} of {rounds} rounds failed", tally.failed);
    }
    Ok(())
}

/// What was seen so far.
#[derive(Default)]
struct Tally {
    rounds: u32,
    failed: u32,
    tests: u64,
    /// By test: how many rounds it failed in.
    failures: BTreeMap<String, u32>,
    left_out: BTreeSet<String>,
}

impl Tally {
    fn round(
        &mut self,
        programs: &[built::Program],
        filter: Option<&str>,
        round: u32,
        rounds: u32,
        logs: &Path,
    ) -> Result<()> {
        let begun = Instant::now();
        let (mut tests, mut failures) = (0, Vec::new());
        for program in programs {
            let who = format!("{}::{}", program.package, program.target);
            let log = logs.join(format!("{}-{round}.log", program.name()));
            let mut command = program.command();
            command.args(filter);
            let ended = child::run(&mut command, &log, LIMIT, |so_far| {
                if so_far.as_secs().is_multiple_of(60) {
                    println!(
                        "  round {round} of {rounds}: {who}, {} min",
                        so_far.as_secs() / 60
                    );
                }
            })?;
            let said = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
            tests += built::passed(&said);
            let left = said.lines().filter(|line| line.starts_with("left out: "));
            self.left_out.extend(left.map(str::to_owned));
            let Some(why) = ended.why() else {
                fs::remove_file(&log)?;
                continue;
            };
            let mut names = built::failed(&said);
            if names.is_empty() {
                names.push(format!("({why})"));
            }
            failures.extend(names.into_iter().map(|name| format!("{who} {name}")));
        }
        self.rounds += 1;
        self.tests += u64::from(tests);
        let took = begun.elapsed().as_secs();
        if failures.is_empty() {
            println!("round {round} of {rounds}: {tests} tests passed in {took} s");
        } else {
            self.failed += 1;
            println!(
                "round {round} of {rounds}: FAILED in {took} s: {}",
                failures.join(", ")
            );
        }
        for name in failures {
            *self.failures.entry(name).or_default() += 1;
        }
        Ok(())
    }

    fn tell(&self, logs: &Path) {
        println!(
            "\n{} of {} rounds failed; {} tests passed in all.",
            self.failed, self.rounds, self.tests
        );
        for (name, times) in &self.failures {
            println!("  {times:>4} of {}  {name}", self.rounds);
        }
        if !self.failures.is_empty() {
            println!(
                "What they printed (seeds too) is in {}, one file a failed run.",
                logs.display()
            );
        }
        for line in &self.left_out {
            println!("{line}");
        }
    }
}

/// Keeps this process and what it starts to the first `count` of its processors.
fn pin(count: usize) -> Result<()> {
    let me = Pid::from_raw(0);
    let mine = sched_getaffinity(me).context("cannot ask for the processors of this process")?;
    let mut chosen = CpuSet::new();
    let mut left = count;
    for cpu in 0..CpuSet::count() {
        if left > 0 && mine.is_set(cpu)? {
            chosen.set(cpu)?;
            left -= 1;
        }
    }
    ensure!(
        left == 0 && count > 0,
        "this process has {} processors, not {count}",
        count - left
    );
    sched_setaffinity(me, &chosen).context("cannot keep to these processors")?;
    println!("On {count} of this machine's processors.");
    Ok(())
}

/// Threads that do nothing, fast. They are this task's own, so that they end with it however it ends.
pub(crate) struct Load {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    fn start(count: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let spin = |_| {
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            })
        };
        let threads: Vec<_> = (0..count).map(spin).collect();
        if count > 0 {
            println!("Beside {count} busy loops.");
        }
        Self { stop, threads }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // It cannot have failed: it does nothing.
            let _ = thread.join();
        }
    }
}

/// The test files of `tests/tests` whose names begin with `prefix`.
pub(crate) fn test_files(prefix: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(crate::workspace::root().join("tests/tests"))? {
        let path: PathBuf = entry?.path();
        let name = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let test = path.join("main.rs").is_file() || path.extension().is_some_and(|ext| ext == "rs");
        if name.starts_with(prefix) && test {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    ensure!(!names.is_empty(), "no test files called {prefix}… in tests/tests");
    Ok(names)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Fails every second time, as libtest says it.
    const SCRIPT: &str = "#!/bin/sh\n\
        if mkdir seen 2>/dev/null; then echo 'test result: ok. 2 passed; 0 failed; 0 ignored'; exit 0; fi\n\
        rmdir seen\n\
        printf 'seed 7\\n\\nfailures:\\n    engine::now_and_then\\n\\ntest result: FAILED. 1 passed; 1 failed; 0 ignored\\n'\n\
        exit 101\n";

    #[test]
    fn what_fails_now_and_then_is_counted_and_its_output_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("script");
        // A child that begins meanwhile would hold the script open for writing, and nobody could run it.
        let alone = child::ALONE.lock().unwrap();
        fs::write(&path, SCRIPT).unwrap();
        drop(alone);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        let programs = [built::Program::script(path)];
        let logs = dir.path().join("logs");
        fs::create_dir(&logs).unwrap();
        let mut tally = Tally::default();
        for round in 1..=5 {
            tally.round(&programs, None, round, 5, &logs).unwrap();
        }
        assert_eq!((tally.rounds, tally.failed, tally.tests), (5, 2, 8));
        let failures: Vec<_> = tally.failures.into_iter().collect();
        assert_eq!(failures, [("lab::script engine::now_and_then".to_owned(), 2)]);
        let kept = fs::read_to_string(logs.join("lab-script-4.log")).unwrap();
        assert!(kept.contains("seed 7"));
        assert_eq!(fs::read_dir(&logs).unwrap().count(), 2);
    }

    #[test]
    fn nobody_has_so_many_processors() {
        assert!(pin(100_000).unwrap_err().to_string().contains("processors"));
        assert!(pin(0).is_err());
    }
}
