//! What README and guides show is what their commands print: every console block is run, or stands in the table of those that cannot be.
//!
//! How a block is marked: docs/testing.md. Needs no privileges.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use lab_tests::documents::{Block, Console, blocks};

/// Blocks that cannot run here: document, how the first command begins, and why.
const NOT_RUN: &[(&str, &str, &str)] = &[
    (
        "docs/guide/qemu.md",
        "hbaemu target --listen",
        "it starts QEMU with a kernel; `cargo xtask qemu` does that",
    ),
    (
        "docs/guide/qemu.md",
        "cargo xtask qemu",
        "the lane itself: QEMU, kernels of the distribution, many minutes",
    ),
];

/// Documents with console blocks, each run by a test of its name.
const DOCUMENTS: &[&str] = &[
    "README.md",
    "docs/guide/boot-from-san.md",
    "docs/guide/chap.md",
    "docs/guide/emulator.md",
    "docs/guide/network.md",
    "docs/guide/operate.md",
    "docs/guide/qemu.md",
    "docs/guide/target.md",
];

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

fn read(name: &str) -> Result<Vec<Block>> {
    let text = fs::read_to_string(root().join(name)).with_context(|| name.to_owned())?;
    blocks(&text).with_context(|| name.to_owned())
}

/// The row of the table that excuses a block.
fn excuse(name: &str, block: &Block) -> Option<usize> {
    let command = &block.steps.first()?.command;
    NOT_RUN
        .iter()
        .position(|(document, begin, _)| *document == name && command.starts_with(begin))
}

fn run(name: &str) -> Result<()> {
    let mut labs: BTreeMap<String, Console> = BTreeMap::new();
    for block in read(name)? {
        let Some(mark) = &block.mark else { continue };
        if !labs.contains_key(&mark.lab) {
            labs.insert(mark.lab.clone(), Console::start()?);
        }
        let console = labs.get_mut(&mark.lab).context("it was just made")?;
        console.run(&block).with_context(|| name.to_owned())?;
    }
    Ok(())
}

#[test]
fn readme() -> Result<()> {
    run("README.md")
}

#[test]
fn boot_from_san() -> Result<()> {
    run("docs/guide/boot-from-san.md")
}

#[test]
fn chap() -> Result<()> {
    run("docs/guide/chap.md")
}

#[test]
fn emulator() -> Result<()> {
    run("docs/guide/emulator.md")
}

#[test]
fn network() -> Result<()> {
    run("docs/guide/network.md")
}

#[test]
fn operate() -> Result<()> {
    run("docs/guide/operate.md")
}

#[test]
fn qemu() -> Result<()> {
    run("docs/guide/qemu.md")
}

#[test]
fn target() -> Result<()> {
    run("docs/guide/target.md")
}

#[test]
fn every_block_is_run_or_has_a_reason_not_to() -> Result<()> {
    let mut used = BTreeSet::new();
    let mut faults = Vec::new();
    for name in documents()? {
        let all = read(&name)?;
        if !all.is_empty() && !DOCUMENTS.contains(&name.as_str()) {
            faults.push(format!(
                "{name} has console blocks and no test in tests/tests/documents.rs"
            ));
        }
        for block in all {
            match (&block.mark, excuse(&name, &block)) {
                (Some(_), None) => {}
                (None, Some(row)) => drop(used.insert(row)),
                (Some(_), Some(_)) => faults.push(format!("{name}, line {}: is run and excused", block.line)),
                (None, None) => faults.push(format!(
                    "{name}, line {}: is not marked (docs/testing.md says how) and not in the table of those that cannot run",
                    block.line
                )),
            }
        }
    }
    for (row, (name, begin, _)) in NOT_RUN.iter().enumerate() {
        if !used.contains(&row) {
            faults.push(format!("the row of {name}, {begin:?}, is about no block"));
        }
    }
    ensure!(faults.is_empty(), "{}", faults.join("\n"));
    Ok(())
}

/// README and every page below `docs` that people write.
fn documents() -> Result<Vec<String>> {
    let mut found = vec!["README.md".to_owned()];
    for dir in ["docs", "docs/guide"] {
        for entry in fs::read_dir(root().join(dir))? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".md") {
                found.push(format!("{dir}/{name}"));
            }
        }
    }
    found.sort();
    if found.len() < DOCUMENTS.len() {
        bail!("documents are missing: {found:?}");
    }
    Ok(found)
}
