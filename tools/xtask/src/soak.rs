//! `cargo xtask soak`: the tests that prove something only after many rounds, run long.
//!
//! Owns the table of them and their limits. A soak is an ordinary test whose rounds come from `lab_tests::rounds`; every test run
//! does a few of them. It must not know what the rounds do.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args as ClapArgs;

use crate::workspace::{build_all_programs, target_dir};
use crate::{built, child};

/// One soak.
struct Soak {
    /// As one asks for it.
    name: &'static str,
    /// The crate whose test it is.
    package: &'static str,
    /// The test file's name, or the library's or program's for unit tests.
    test: &'static str,
    /// What the names of its tests begin with or contain.
    filter: &'static str,
    /// What is true when it passes.
    proves: &'static str,
    /// Minutes after which it is ended as failed.
    limit: u64,
}

/// Every soak.
const SOAKS: &[Soak] = &[
    Soak {
        name: "writers",
        package: "lab-tests",
        test: "two_writers",
        filter: "",
        proves: "no update of twenty writers at once is lost, whatever they write and whoever else is there",
        limit: 90,
    },
    Soak {
        name: "flood",
        package: "lab-tests",
        test: "hostile_target",
        filter: "a_flood",
        proves: "initiators log in beside thousands of connections that do not",
        limit: 20,
    },
    Soak {
        name: "power",
        package: "lab-tests",
        test: "many_sessions",
        filter: "sixty_four_sessions",
        proves: "64 sessions on two ports come back after every one of many losses of power",
        limit: 20,
    },
    Soak {
        name: "cycles",
        package: "lab-tests",
        test: "served",
        filter: "logins_and_logouts",
        proves: "logins and logouts by the thousand leave no descriptor, socket, file or memory behind",
        limit: 120,
    },
    Soak {
        name: "interrupted",
        package: "lab-tests",
        test: "interrupted",
        filter: "kill",
        proves: "hbactl killed at many instants leaves old or new, and the next command undoes what was half made",
        limit: 60,
    },
];

/// What to run.
#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Only these
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// List them, and what each proves
    #[arg(long)]
    list: bool,
}

/// Runs the soaks.
pub(crate) fn run(args: &Args) -> Result<()> {
    if args.list {
        for soak in SOAKS {
            println!("{:<18} {} (at most {} min)", soak.name, soak.proves, soak.limit);
        }
        return Ok(());
    }
    for name in &args.names {
        ensure!(
            SOAKS.iter().any(|soak| soak.name == name),
            "there is no soak {name:?}; `cargo xtask soak --list` names them"
        );
    }
    let chosen: Vec<&Soak> = SOAKS
        .iter()
        .filter(|soak| args.names.is_empty() || args.names.iter().any(|name| name == soak.name))
        .collect();
    let mut packages: Vec<&str> = chosen.iter().map(|soak| soak.package).collect();
    packages.sort_unstable();
    packages.dedup();
    let select: Vec<&str> = packages
        .iter()
        .flat_map(|package| ["--package", package])
        .collect();
    build_all_programs()?;
    let programs = built::build(&select)?;
    let logs = target_dir().join("soak");
    fs::create_dir_all(&logs).with_context(|| format!("cannot create {}", logs.display()))?;
    let mut failed = Vec::new();
    for soak in &chosen {
        println!("{}: {}", soak.name, soak.proves);
        let log = logs.join(format!("{}.log", soak.name));
        match one(soak, &programs, &log)? {
            Ok(took) => println!("  passed in {} s", took.as_secs()),
            Err(why) => {
                println!("  FAILED: {why}; its output is {}", log.display());
                failed.push(soak.name);
            }
        }
    }
    if !failed.is_empty() {
        bail!(
            "{} of {} soaks failed: {}",
            failed.len(),
            chosen.len(),
            failed.join(", ")
        );
    }
    println!(
        "{} soaks passed; their output is in {}",
        chosen.len(),
        logs.display()
    );
    Ok(())
}

/// Runs one; how long it took, or what was wrong.
fn one(soak: &Soak, programs: &[built::Program], log: &std::path::Path) -> Result<Result<Duration, String>> {
    let program = programs
        .iter()
        .find(|program| program.package == soak.package && program.target == soak.test)
        .with_context(|| {
            format!(
                "{} has no test program {:?} for the soak {}",
                soak.package, soak.test, soak.name
            )
        })?;
    let mut command = program.command();
    command
        .args([soak.filter, "--nocapture", "--test-threads=1"])
        .env("HBA_SOAK", "1");
    let ended = child::run(
        &mut command,
        log,
        Duration::from_secs(soak.limit * 60),
        |so_far| {
            let said = fs::read(log).unwrap_or_default();
            let said = String::from_utf8_lossy(&said);
            let last = said.lines().next_back().unwrap_or_default();
            println!(
                "  {:>5} s  {}",
                so_far.as_secs(),
                last.chars().take(100).collect::<String>()
            );
        },
    )?;
    let said = String::from_utf8_lossy(&fs::read(log)?).into_owned();
    Ok(match ended.why() {
        Some(why) => Err(format!("{why} {}", built::failed(&said).join(" "))),
        // A name that nobody has proves nothing; nor does a test that could not run here.
        None if built::passed(&said) == 0 => Err(format!("no test is called {:?}", soak.filter)),
        None => match said.lines().find(|line| line.starts_with("left out: ")) {
            Some(line) => Err(line.to_owned()),
            None => Ok(ended.took),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_soak_has_a_test_in_the_sources() {
        for (at, soak) in SOAKS.iter().enumerate() {
            assert!(
                SOAKS[..at].iter().all(|other| other.name != soak.name),
                "{} twice",
                soak.name
            );
            if soak.package == "lab-tests" {
                let source = source(soak.test);
                let name = soak.filter.rsplit("::").next().unwrap();
                assert!(
                    source.contains(&format!("fn {name}")),
                    "{}: no test {name}",
                    soak.test
                );
                assert!(
                    source.contains("rounds::"),
                    "{}: its rounds are not those of a soak",
                    soak.test
                );
            }
        }
    }

    /// A test file, or all files of a test's folder.
    fn source(test: &str) -> String {
        let place = crate::workspace::root().join("tests/tests");
        fs::read_to_string(place.join(format!("{test}.rs"))).unwrap_or_else(|_| {
            let files = fs::read_dir(place.join(test)).unwrap();
            files
                .map(|file| fs::read_to_string(file.unwrap().path()).unwrap_or_default())
                .collect()
        })
    }
}
