//! `cargo xtask dist`: `hbactl` and the network helper as they are installed on a machine.
//!
//! `hbactl` is static, so that it runs from an initramfs; optimised for size; and its functions ordered by use, so that a listing touches a few
//! stretches of the program instead of all of it. What is in use is recorded from a run of the everyday listings under callgrind, on a
//! tree of a few sessions; without valgrind the program is the same but for the order.

mod helper;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args as ClapArgs;

use crate::packages::present;
use crate::workspace::{cargo, must, root, target_dir};

#[derive(ClapArgs)]
pub(crate) struct Args {
    /// Copy the programs, the helper's units, its man page and completions here
    #[arg(long, value_name = "DIR", default_value = "target/install")]
    out: PathBuf,
}

/// What is recorded: the listings that scripts run all the time.
const EVERYDAY: &[&[&str]] = &[
    &["session", "list"],
    &["session", "list", "--detail"],
    &["session", "list", "-o", "json"],
    &["session", "list", "-o", "plain"],
    &["adapter", "list"],
];
/// Sessions in the tree of the recording.
const SESSIONS: &str = "3";

pub(crate) fn run(args: &Args) -> Result<()> {
    let program = build()?;
    let out = root().join(&args.out);
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let to = out.join("hbactl");
    fs::copy(&program, &to).with_context(|| format!("cannot write {}", to.display()))?;
    for file in [vec![to], helper::install(&out)?].concat() {
        println!(
            "{} ({} KiB)",
            file.display(),
            fs::metadata(&file)?.len().div_ceil(1024)
        );
    }
    Ok(())
}

/// Builds `hbactl`; where it is.
pub(crate) fn build() -> Result<PathBuf> {
    let target = target_dir();
    fs::create_dir_all(&target)?;
    let order = target.join("hbactl.order");
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let program = target.join(&triple).join("dist").join("hbactl");
    // The linker is told of the file from the first, or the names in it would not be those of the second build.
    fs::write(&order, "")?;
    link(&triple, &order)?;
    if !present("valgrind") {
        println!(
            "valgrind is missing: the program's functions stay in the order in which they were compiled"
        );
        return Ok(program);
    }
    let used = record(&program)?;
    ensure!(
        !used.is_empty(),
        "callgrind saw no function of {}",
        program.display()
    );
    fs::write(&order, used.into_iter().collect::<Vec<_>>().join("\n") + "\n")?;
    // Cargo does not know the file: the old program must go for a new one to be linked.
    fs::remove_file(&program)?;
    for entry in fs::read_dir(target.join(&triple).join("dist/deps"))? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.starts_with("hbactl-") {
            fs::remove_file(&path)?;
        }
    }
    link(&triple, &order)?;
    Ok(program)
}

fn link(triple: &str, order: &Path) -> Result<()> {
    let flags = [
        "-Ctarget-feature=+crt-static".to_owned(),
        "-Crelocation-model=static".to_owned(),
        "-Csymbol-mangling-version=v0".to_owned(),
        "-Clink-arg=-fuse-ld=lld".to_owned(),
        format!("-Clink-arg=-Wl,--symbol-ordering-file={}", order.display()),
        "-Clink-arg=-Wl,--no-warn-symbol-ordering".to_owned(),
    ];
    let quoted: Vec<String> = flags.iter().map(|flag| format!("{flag:?}")).collect();
    must(
        cargo(&["build", "--profile", "dist", "--quiet"])
            .args(["--package", "hbactl", "--bin", "hbactl", "--target", triple])
            .arg("--config")
            .arg(format!("target.{triple}.rustflags=[{}]", quoted.join(",")))
            .env_remove("RUSTFLAGS"),
    )
}

/// Names of the functions that the everyday commands ran, as the linker knows them.
fn record(program: &Path) -> Result<BTreeSet<String>> {
    must(&mut cargo(&[
        "build",
        "--quiet",
        "--package",
        "driver-sys",
        "--example",
        "session_bench",
    ]))?;
    let target = target_dir();
    let dir = tempfile::tempdir()?;
    must(
        Command::new(target.join("debug/examples/session_bench"))
            .arg("generate")
            .arg(dir.path().join("sys"))
            .arg(SESSIONS),
    )?;
    let mut used = BTreeSet::new();
    for words in EVERYDAY {
        let trace = dir.path().join("trace");
        let status = Command::new("valgrind")
            .args(["-q", "--tool=callgrind", "--demangle=no"])
            .arg(format!("--callgrind-out-file={}", trace.display()))
            .arg(program)
            .arg("--endpoint")
            .arg(dir.path())
            .args(*words)
            .stdout(Stdio::null())
            .status()?;
        ensure!(
            status.success(),
            "hbactl {} failed under valgrind",
            words.join(" ")
        );
        let text = fs::read_to_string(&trace)?;
        used.extend(text.lines().filter_map(function).map(str::to_owned));
    }
    Ok(used)
}

/// The function that a line of callgrind's output names for the first time: `fn=(12) name`, with `'2` behind it when recursive.
fn function(line: &str) -> Option<&str> {
    let (kind, rest) = line.split_once("=(")?;
    let (_, name) = rest.split_once(") ")?;
    let name = name.split('\'').next()?;
    (matches!(kind, "fn" | "cfn") && !name.starts_with(['(', '0'])).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::function;

    #[test]
    fn functions_are_told_from_the_rest_of_a_trace() {
        assert_eq!(
            function("fn=(7) _RNvC6hbactl6hbactl"),
            Some("_RNvC6hbactl6hbactl")
        );
        assert_eq!(function("cfn=(7) memcpy'2"), Some("memcpy"));
        for other in [
            "fn=(7)",
            "fl=(3) ???",
            "ob=(1) /x",
            "fn=(1) 0x00525ad0",
            "fn=(2) (below main)",
            "12 3",
        ] {
            assert_eq!(function(other), None, "{other}");
        }
    }
}
