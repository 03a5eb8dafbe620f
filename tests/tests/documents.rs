//! What README and guides show is what their commands print: every console block is run, or stands in the table of those that cannot be.
//!
//! How a block is marked: docs/testing.md. With `HBA_WRITE_DOCUMENTS=1` what is printed is written into the documents instead of being
//! compared; exit codes still count. Needs no privileges.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use lab_tests::documents::{Block, Console, Step, blocks};

/// Blocks that cannot run here: document, how the first command begins, and why.
const NOT_RUN: &[(&str, &str, &str)] = &[
    (
        "docs/guide/network.md",
        "hbactl iface list -a host3",
        "a session daemon must have named an iface record to the helper; bnx2i_ports does that in its place",
    ),
    (
        "docs/guide/operate.md",
        "hbactl --timeout 5 boot set",
        "another command must hold the adapter just then; two_writers does that",
    ),
    (
        "docs/guide/operate.md",
        "hbactl boot set --mode dhcp",
        "the adapter must go away between writing and reading back; a script of hba's tests does that",
    ),
    (
        "docs/guide/operate.md",
        "hbactl flash list",
        "a discovery must be killed in its middle; the tests of interrupted commands do that",
    ),
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
    "docs/guide/adapter.md",
    "docs/guide/boot-from-san.md",
    "docs/guide/chap.md",
    "docs/guide/emulator.md",
    "docs/guide/network.md",
    "docs/guide/operate.md",
    "docs/guide/ownership.md",
    "docs/guide/records.md",
    "docs/guide/qemu.md",
    "docs/guide/sessions.md",
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
    let write = std::env::var_os("HBA_WRITE_DOCUMENTS").is_some();
    let mut labs: BTreeMap<String, Console> = BTreeMap::new();
    let mut printed = Vec::new();
    for block in read(name)? {
        let Some(mark) = &block.mark else { continue };
        if !labs.contains_key(&mark.lab) {
            labs.insert(mark.lab.clone(), Console::start()?);
        }
        let console = labs.get_mut(&mark.lab).context("it was just made")?;
        let mut differs = |step: &Step, lines: Vec<String>| {
            ensure!(
                write,
                "it printed\n{}\nand the document shows\n{}",
                lines.join("\n"),
                step.shown.join("\n")
            );
            printed.push((step.line, step.shown.len(), lines));
            Ok(())
        };
        console
            .run(&block, &mut differs)
            .with_context(|| name.to_owned())?;
    }
    if !printed.is_empty() {
        rewrite(&root().join(name), printed)?;
    }
    Ok(())
}

/// Puts what was printed in the place of what the document shows: line (from 1), how many lines, and the new ones.
fn rewrite(path: &Path, mut printed: Vec<(usize, usize, Vec<String>)>) -> Result<()> {
    let text = fs::read_to_string(path)?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    printed.sort_by_key(|(line, ..)| std::cmp::Reverse(*line));
    for (line, old, new) in printed {
        lines.splice(line - 1..line - 1 + old, new);
    }
    Ok(fs::write(path, lines.join("\n") + "\n")?)
}

#[test]
fn sessions() -> Result<()> {
    run("docs/guide/sessions.md")
}

#[test]
fn readme() -> Result<()> {
    run("README.md")
}

#[test]
fn adapter() -> Result<()> {
    run("docs/guide/adapter.md")
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
fn ownership() -> Result<()> {
    run("docs/guide/ownership.md")
}

#[test]
fn records() -> Result<()> {
    run("docs/guide/records.md")
}

#[test]
fn qemu() -> Result<()> {
    run("docs/guide/qemu.md")
}

#[test]
fn target() -> Result<()> {
    run("docs/guide/target.md")
}

/// What the first block of a document says of itself.
fn verdict(text: &str) -> Result<()> {
    let all = blocks(text)?;
    let mut console = Console::start()?;
    let mut differs = |_: &Step, lines: Vec<String>| bail!("it printed {}", lines.join("/"));
    console.run(&all[0], &mut differs)
}

#[test]
fn a_block_that_is_not_as_it_shows_is_told() -> Result<()> {
    let block = |inside: &str| format!("<!-- run x\n$ export WORD=one\n-->\n```console\n{inside}\n```\n");
    verdict(&block(
        "$ echo $WORD /tmp/a ~\none /tmp/a /home/me\n$ cd /\n$ pwd\n/",
    ))?;
    verdict(&block("$ echo error: no; false\nerror: no"))?;
    for (inside, told) in [
        ("$ echo one\ntwo", "it printed one"),
        ("$ echo one", "it printed one"),
        ("$ echo error: no\nerror: no", "it ended with 0 and printed"),
        ("$ echo one; false\none", "it ended with 1 and printed"),
        ("$ sh -c 'echo never ready' &\nready", "ended:\nnever ready"),
    ] {
        let error = verdict(&block(inside)).map_or_else(|error| format!("{error:#}"), |()| String::new());
        ensure!(
            error.contains(told) && error.contains("line 5: $ "),
            "{inside:?}: {error}"
        );
    }
    let quiet = block("$ echo one").replace("run x", "run x quiet");
    verdict(&quiet)?;
    ensure!(
        verdict(&quiet.replace("echo one", "false")).is_err(),
        "a quiet command failed"
    );
    Ok(())
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
