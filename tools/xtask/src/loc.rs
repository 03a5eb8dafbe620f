//! File sizes, the budget that keeps rooms small, and how modules lie in folders.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};

use crate::workspace::root;

/// Lines a source file may have before one should think about splitting it.
const SOFT: usize = 400;
/// Lines no source file may exceed.
const HARD: usize = 700;
/// Lines a `mod.rs` may have: docs, re-exports and at most one type.
const MOD_RS: usize = 200;

/// Prints median, p90 and the largest files; fails over the hard limit.
pub(crate) fn run() -> Result<()> {
    let root = root();
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    let mut sizes = files
        .into_iter()
        .map(|path| Ok((fs::read_to_string(&path)?.lines().count(), path)))
        .collect::<Result<Vec<_>>>()?;
    sizes.sort();
    let at = |share: usize| {
        sizes
            .get(sizes.len() * share / 100)
            .map_or(0, |(lines, _)| *lines)
    };
    let total: usize = sizes.iter().map(|(lines, _)| lines).sum();
    println!(
        "loc: {} files, {total} lines, median {}, p90 {}",
        sizes.len(),
        at(50),
        at(90)
    );
    for (lines, path) in sizes.iter().rev().take(10) {
        let mark = if *lines > SOFT {
            " (over the soft limit)"
        } else {
            ""
        };
        println!(
            "  {lines:>4} {}{mark}",
            path.strip_prefix(&root).unwrap_or(path).display()
        );
    }
    let over: Vec<String> = sizes
        .iter()
        .filter(|(lines, path)| *lines > limit(path))
        .map(|(lines, path)| {
            format!(
                "{} has {lines} lines",
                path.strip_prefix(&root).unwrap_or(path).display()
            )
        })
        .collect();
    let seen = parts_that_others_see(&sizes)?;
    ensure!(
        seen.is_empty(),
        "parts of a file are its own (what others shall see has a folder with a mod.rs):\n{}",
        seen.join("\n")
    );
    if !over.is_empty() {
        bail!(
            "over the hard limit ({HARD} lines, {MOD_RS} for a mod.rs):\n{}",
            over.join("\n")
        );
    }
    Ok(())
}

/// Modules that a file gives to others although they lie in a folder of its own name. A room of several files has a `mod.rs`; a
/// file that grew keeps its name, and a folder beside it holds parts that nobody else sees.
fn parts_that_others_see(sizes: &[(usize, PathBuf)]) -> Result<Vec<String>> {
    let mut seen = Vec::new();
    for (_, path) in sizes {
        if !path.with_extension("").is_dir() || path.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(path)?;
        let given = |line: &&str| line.starts_with("pub") && line.contains(" mod ") && line.ends_with(';');
        seen.extend(
            text.lines()
                .filter(given)
                .map(|line| format!("{}: {line}", path.display())),
        );
    }
    Ok(seen)
}

/// Shared test support must be called `mod.rs`, or Cargo takes it for a test of its own.
fn limit(path: &Path) -> usize {
    let test_support = path.iter().any(|part| part == "tests");
    if path.ends_with("mod.rs") && !test_support {
        MOD_RS
    } else {
        HARD
    }
}

fn collect(dir: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(&path, into)?;
            }
        } else if name.ends_with(".rs") {
            into.push(path);
        }
    }
    Ok(())
}
