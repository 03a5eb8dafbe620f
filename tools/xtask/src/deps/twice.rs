//! Packages that stand in `Cargo.lock` in more than one version.
//!
//! Owns the reasons: each is compiled twice, and what is written against one does not fit the other. A reason that is no longer one
//! fails like a version without a reason.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};

use super::lock::Lock;

/// Package, and why there are two.
const REASONS: &[(&str, &str)] = &[
    (
        "bitflags",
        "1 by smoltcp, and by vmm-sys-util, which only the tests of emu-pci need (vfio_user is their client)",
    ),
    (
        "hermit-abi",
        "0.3 by io-lifetimes, on which udev stands, 0.5 by an executor that zlink can have and has not here; neither is built on Linux",
    ),
    (
        "syn",
        "2 and 3: derive macros are on their way from one to the other; nothing of either is in a program",
    ),
    (
        "windows-sys",
        "0.48 by io-lifetimes, on which udev stands, and a newer one by others; neither is built on Linux",
    ),
    (
        "winnow",
        "0.7 by zlink's macros, 1 by toml; the one is in no program, the other in xtask only",
    ),
];

/// Checks the workspace's lock file.
pub(super) fn check(lock: &Lock) -> Result<()> {
    let mut versions: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for package in &lock.packages {
        versions
            .entry(&package.name)
            .or_default()
            .insert(package.version.to_string());
    }
    versions.retain(|_, versions| versions.len() > 1);
    let wrong = differences(&versions, REASONS);
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!(
        "deps: {} packages in two versions, each with a reason",
        versions.len()
    );
    Ok(())
}

fn differences(versions: &BTreeMap<&str, BTreeSet<String>>, reasons: &[(&str, &str)]) -> Vec<String> {
    let without = versions
        .iter()
        .filter(|(name, _)| reasons.iter().all(|reason| reason.0 != **name))
        .map(|(name, versions)| {
            let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
            format!(
                "{name} stands in Cargo.lock as {}; `cargo tree -d` shows by whom: one of them goes, or tools/xtask/src/deps/twice.rs \
                 says why not",
                versions.join(" and ")
            )
        });
    let over = reasons
        .iter()
        .filter(|reason| !versions.contains_key(reason.0))
        .map(|reason| {
            format!(
                "{} stands in Cargo.lock once: its reason in tools/xtask/src/deps/twice.rs goes",
                reason.0
            )
        });
    without.chain(over).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_without_a_reason_and_a_reason_without_a_version_are_seen() {
        let two = |name| (name, ["1.0.0", "2.0.0"].map(str::to_owned).into());
        let versions = BTreeMap::from([two("new"), two("known")]);
        let wrong = differences(&versions, &[("known", "so"), ("gone", "so")]);
        assert_eq!(wrong.len(), 2);
        assert!(wrong[0].starts_with("new stands in Cargo.lock as 1.0.0 and 2.0.0;"));
        assert!(wrong[1].starts_with("gone stands in Cargo.lock once"));
    }
}
