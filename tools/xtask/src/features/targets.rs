//! The workspace's test binaries and the file each begins with. Source: `cargo metadata`; nextest's binary ids.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::workspace::{cargo, json};

/// A test binary.
#[derive(Debug)]
pub(super) struct Target {
    /// As nextest calls it: `hba`, `xtask::bin/xtask`, `lab-tests::served`.
    pub id: String,
    /// The file its crate begins with.
    pub root: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    kind: Vec<String>,
    src_path: PathBuf,
    test: bool,
}

/// Every binary that `cargo test --workspace` runs tests of.
///
/// # Errors
/// cargo fails.
pub(super) fn of_workspace() -> Result<Vec<Target>> {
    let said = json(&mut cargo(&[
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version",
        "1",
    ]))?;
    let metadata: Metadata = serde_json::from_value(said).context("cargo metadata")?;
    Ok(metadata
        .packages
        .iter()
        .flat_map(|package| {
            package
                .targets
                .iter()
                .filter_map(|listed| id(&package.name, listed))
        })
        .collect())
}

fn id(package: &str, listed: &Listed) -> Option<Target> {
    let id = match listed.kind.first()?.as_str() {
        _ if !listed.test => return None,
        "test" => format!("{package}::{}", listed.name),
        kind @ ("bin" | "example" | "bench") => format!("{package}::{kind}/{}", listed.name),
        "custom-build" => return None,
        _ => package.to_owned(),
    };
    Some(Target {
        id,
        root: listed.src_path.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binaries_are_called_as_nextest_calls_them() {
        let listed = |name: &str, kind: &str, test| Listed {
            name: name.to_owned(),
            kind: vec![kind.to_owned()],
            src_path: PathBuf::new(),
            test,
        };
        let named = |kind: &str, test| id("emu-net", &listed("x", kind, test)).map(|target| target.id);
        assert_eq!(named("lib", true).as_deref(), Some("emu-net"));
        assert_eq!(named("proc-macro", true).as_deref(), Some("emu-net"));
        assert_eq!(named("bin", true).as_deref(), Some("emu-net::bin/x"));
        assert_eq!(named("test", true).as_deref(), Some("emu-net::x"));
        assert_eq!(named("example", false), None);
        assert_eq!(named("custom-build", true), None);
    }
}
