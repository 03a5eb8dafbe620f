//! Test programs, built once by cargo and then run directly as cargo runs them.
//!
//! Owns finding them in what cargo tells, and what a run of one says (libtest's lines).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::workspace::{cargo, show};

/// One test program.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    /// The crate it tests.
    pub(crate) package: String,
    /// The test file, or the crate or program whose unit tests these are.
    pub(crate) target: String,
    path: PathBuf,
    manifest: PathBuf,
}

impl Program {
    /// A script that behaves as a test program.
    #[cfg(test)]
    pub(crate) fn script(path: PathBuf) -> Self {
        Self {
            package: "lab".to_owned(),
            target: "script".to_owned(),
            manifest: path.with_file_name("Cargo.toml"),
            path,
        }
    }

    /// A name that no other test program has: the file's own, with which cargo tells a test file from a program of the same name.
    pub(crate) fn name(&self) -> String {
        let file = self.path.file_name().unwrap_or_default();
        format!("{}-{}", self.package, file.to_string_lossy())
    }

    /// The program, where and with what cargo would run it.
    pub(crate) fn command(&self) -> Command {
        let dir = self.manifest.parent().unwrap_or(Path::new("."));
        let mut command = Command::new(&self.path);
        command
            .current_dir(dir)
            .env("CARGO_MANIFEST_DIR", dir)
            .env("CARGO_PKG_NAME", &self.package);
        command
    }
}

/// Builds the tests that `select` (`--package P --test T`) names.
pub(crate) fn build(select: &[&str]) -> Result<Vec<Program>> {
    let mut command = cargo(&["test", "--no-run", "--message-format", "json"]);
    command.args(select).stderr(Stdio::inherit());
    println!("$ {}", show(&command));
    let out = command.output().context("cannot run cargo")?;
    ensure!(out.status.success(), "the tests do not build ({})", out.status);
    let programs: Vec<Program> = String::from_utf8_lossy(&out.stdout)
        .lines()
        .filter_map(|line| program(&serde_json::from_str(line).ok()?))
        .collect();
    ensure!(!programs.is_empty(), "cargo built no tests");
    Ok(programs)
}

/// A test program, when that is what this message of cargo is about.
fn program(message: &Value) -> Option<Program> {
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let manifest = PathBuf::from(message["manifest_path"].as_str()?);
    // An identity ends in `#name@version`, or in `/name#version` where the folder has the crate's name.
    let id = message["package_id"].as_str()?;
    let (place, version) = id.rsplit_once('#')?;
    let package = match version.split_once('@') {
        Some((name, _)) => name,
        None => place.rsplit('/').next()?,
    };
    Some(Program {
        package: package.to_owned(),
        target: message["target"]["name"].as_str()?.to_owned(),
        path: PathBuf::from(message["executable"].as_str()?),
        manifest,
    })
}

/// How many tests a run says have passed.
pub(crate) fn passed(log: &str) -> u32 {
    let counts = log.lines().filter_map(|line| {
        let (_, rest) = line.split_once("test result: ")?.1.split_once(". ")?;
        rest.split_once(" passed")?.0.parse::<u32>().ok()
    });
    counts.sum()
}

/// The tests that a run says have failed; where it never came so far as to list them, those it had begun and not ended.
pub(crate) fn failed(log: &str) -> Vec<String> {
    if let Some((_, list)) = log.rsplit_once("\nfailures:\n") {
        let name = |line: &str| line.strip_prefix("    ").map(str::to_owned);
        return list.lines().map_while(name).collect();
    }
    let slow = log
        .lines()
        .filter_map(|line| Some(line.strip_prefix("test ")?.split_once(" has been running for")?.0));
    let ended = |name: &str| log.contains(&format!("test {name} ... "));
    slow.filter(|name| !ended(name)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libtest_says_is_understood() {
        let log = "running 3 tests\ntest a::b ... ok\ntest c ... FAILED\n\nfailures:\n\n---- c stdout ----\nx\n\nfailures:\n    c\n    d::e\n\n\
                   test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s\n";
        assert_eq!(passed(log), 1);
        assert_eq!(failed(log), ["c", "d::e"]);
        assert!(failed("running 3 tests\ntest a::b ... ok\n").is_empty());
        let hung = "test a ... ok\ntest b has been running for over 60 seconds\ntest c has been running for over 60 seconds\ntest c ... ok\n";
        assert_eq!(failed(hung), ["b"]);
    }

    #[test]
    fn a_program_is_found_in_what_cargo_tells() {
        let message = |id: &str| {
            serde_json::json!({
                "reason": "compiler-artifact", "package_id": id, "manifest_path": "/w/hba/Cargo.toml",
                "target": {"name": "hba"}, "profile": {"test": true}, "executable": "/w/target/debug/deps/hba-1",
            })
        };
        for id in ["path+file:///w/hba#0.1.0", "path+file:///w/other#hba@0.1.0"] {
            let found = program(&message(id)).unwrap();
            assert_eq!((found.package.as_str(), found.target.as_str()), ("hba", "hba"));
        }
        assert!(program(&serde_json::json!({"reason": "build-finished"})).is_none());
    }
}
