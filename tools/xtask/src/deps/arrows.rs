//! The arrows between crates: one table of what each may depend on.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace::{cargo, json};

/// Which of our crates each crate may use. Development dependencies are free, except that `hba` stays out of the emulator.
const ALLOWED: &[(&str, &[&str])] = &[
    ("driver-sys", &[]),
    ("files", &[]),
    ("sysfs-trees", &[]),
    ("iscsi", &[]),
    ("scsi", &[]),
    ("hba", &["driver-sys", "files", "iscsi"]),
    ("iscsiuio", &["driver-sys", "files", "terminal"]),
    ("isp4xxx", &["driver-sys", "iscsi"]),
    ("emu-net", &["files", "iscsi", "isp4xxx"]),
    (
        "emu-kernel",
        &["driver-sys", "files", "iscsi", "isp4xxx", "emu-net"],
    ),
    ("emu-pci", &["files", "iscsi", "isp4xxx", "emu-net"]),
    ("emu-array", &["files", "iscsi", "scsi", "emu-net"]),
    ("terminal", &[]),
    // Nothing of the emulator: `hbactl` is installed on machines, in an initramfs too.
    ("hbactl", &["driver-sys", "files", "hba", "terminal"]),
    (
        "hbaemu",
        &[
            "driver-sys",
            "iscsi",
            "hba",
            "isp4xxx",
            "emu-net",
            "emu-kernel",
            "emu-pci",
            "emu-array",
            "terminal",
        ],
    ),
    (
        "xtask",
        &["driver-sys", "hba", "hbactl", "hbaemu", "iscsiuio", "lab-tests"],
    ),
    (
        "lab-tests",
        &[
            "driver-sys",
            "files",
            "sysfs-trees",
            "iscsi",
            "hba",
            "iscsiuio",
            "hbactl",
            "scsi",
            "isp4xxx",
            "emu-net",
            "emu-kernel",
            "emu-pci",
            "emu-array",
        ],
    ),
];

/// Checks the workspace against [`ALLOWED`].
pub(super) fn check() -> Result<()> {
    let metadata = manifests()?;
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let mut wrong = Vec::new();
    for package in metadata["packages"].as_array().context("no packages")? {
        let name = package["name"].as_str().context("a package without a name")?;
        let Some(may) = allowed.get(name) else {
            wrong.push(format!(
                "{name} is not in the table of tools/xtask/src/deps/arrows.rs"
            ));
            continue;
        };
        for dependency in package["dependencies"].as_array().context("no dependencies")? {
            let on = dependency["name"].as_str().unwrap_or_default();
            if !allowed.contains_key(on) || on == name {
                continue;
            }
            let development = dependency["kind"].as_str() == Some("dev");
            let emulator =
                ["scsi", "isp4xxx", "emu-net", "emu-kernel", "emu-pci", "emu-array"].contains(&name);
            if development && !(emulator && on == "hba") {
                continue;
            }
            if !may.contains(&on) {
                wrong.push(format!("{name} must not depend on {on}"));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("deps: every arrow is allowed");
    Ok(())
}

/// What one of our crates depends on, to run.
#[derive(Debug)]
pub(super) struct Depends {
    pub(super) name: String,
    pub(super) on: Vec<String>,
}

/// What each of our crates depends on.
pub(super) fn dependencies() -> Result<Vec<Depends>> {
    let metadata = manifests()?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let one = |package: &Value| -> Result<Depends> {
        let on = package["dependencies"].as_array().context("no dependencies")?;
        let on = on
            .iter()
            .filter(|dependency| dependency["kind"].as_str() != Some("dev"))
            .filter_map(|dependency| dependency["name"].as_str().map(str::to_owned));
        Ok(Depends {
            name: package["name"]
                .as_str()
                .context("a package without a name")?
                .to_owned(),
            on: on.collect(),
        })
    };
    packages.iter().map(one).collect()
}

/// The manifests of the workspace, as cargo reads them.
fn manifests() -> Result<Value> {
    json(&mut cargo(&["metadata", "--no-deps", "--format-version", "1"]))
}
