//! Where the workspace is, and running programs in it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The workspace's root directory.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest).to_path_buf()
}

/// Where cargo builds.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A cargo of this toolchain, in the workspace's root, with the versions of `Cargo.lock`.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let (verb, rest) = args.split_at(args.len().min(1));
    command.current_dir(root()).args(verb);
    // Formatting resolves nothing, and does not know the option.
    if !verb.is_empty() && verb != ["fmt"] {
        command.arg("--locked");
    }
    command.args(rest);
    command
}

/// Runs a command that must succeed, showing it first.
pub(crate) fn must(command: &mut Command) -> Result<()> {
    let shown = show(command);
    println!("$ {shown}");
    let status = command.status().with_context(|| format!("cannot run {shown}"))?;
    if !status.success() {
        bail!("{shown} ended with {status}");
    }
    Ok(())
}

/// Runs a command that answers with JSON.
pub(crate) fn json(command: &mut Command) -> Result<Value> {
    let shown = show(command);
    let out = command.output().with_context(|| format!("cannot run {shown}"))?;
    if !out.status.success() {
        bail!(
            "{shown} ended with {}: {}",
            out.status,
            String::from_utf8_lossy(&out.stderr).trim()
        );
    }
    serde_json::from_slice(&out.stdout).with_context(|| format!("{shown} did not answer JSON"))
}

/// What this machine's compiler builds for.
pub(crate) fn host_triple() -> Result<String> {
    let out = Command::new("rustc")
        .arg("-vV")
        .current_dir(root())
        .output()
        .context("cannot run rustc")?;
    let said = String::from_utf8_lossy(&out.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say what it builds for")?.to_owned())
}

/// The crates of the programs that people start.
const PROGRAMS: [&str; 6] = [
    "--package",
    "hbactl",
    "--package",
    "hbaemu",
    "--package",
    "iscsiuio",
];

/// Builds `hbactl` and `hbaemu`.
pub(crate) fn build_programs() -> Result<()> {
    must(cargo(&["build", "--quiet", "--bins"]).args(PROGRAMS))
}

/// Builds these and the programs of the lab's tests, as a guest or a test runs them.
pub(crate) fn build_lab() -> Result<()> {
    must(
        cargo(&["build", "--quiet", "--bins"])
            .args(PROGRAMS)
            .args(["--package", "lab-tests"]),
    )
}

/// Builds every program that a test may start.
pub(crate) fn build_all_programs() -> Result<()> {
    must(&mut cargo(&["build", "--workspace", "--bins", "--quiet"]))
}

/// A command as one would type it.
pub(crate) fn show(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program
        .file_name()
        .unwrap_or_else(|| command.get_program())
        .to_string_lossy();
    let args = command.get_args().map(|arg| {
        let arg = arg.to_string_lossy();
        if arg.is_empty() || arg.contains([' ', '*', '$', '"']) {
            format!("'{arg}'")
        } else {
            arg.into_owned()
        }
    });
    std::iter::once(name.into_owned())
        .chain(args)
        .collect::<Vec<_>>()
        .join(" ")
}
