//! The two lock files: `Cargo.lock`, and `fuzz/Cargo.lock` of the fuzz targets outside of the workspace.
//!
//! Owns that they agree: nobody builds the fuzz targets every day, so that theirs would be found stale long after it became so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, bail, ensure};
use semver::Version;
use serde::Deserialize;

use super::arrows::{self, Depends};
use crate::workspace::root;

/// A lock file.
#[derive(Debug, Deserialize)]
pub(super) struct Lock {
    /// Its name, from the workspace's root.
    #[serde(skip)]
    pub(super) name: &'static str,
    #[serde(rename = "package")]
    pub(super) packages: Vec<Package>,
}

/// A package that it holds.
#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: Version,
    /// Where it comes from; ours come from nowhere.
    pub(super) source: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

impl Lock {
    fn read(name: &'static str) -> Result<Self> {
        let text = fs::read_to_string(root().join(name)).with_context(|| format!("cannot read {name}"))?;
        let lock: Self = toml::from_str(&text).with_context(|| format!("{name} is no lock file"))?;
        Ok(Self { name, ..lock })
    }

    /// The versions of every package from a registry.
    fn versions(&self) -> BTreeMap<&str, BTreeSet<&Version>> {
        let mut all: BTreeMap<&str, BTreeSet<&Version>> = BTreeMap::new();
        for package in self.packages.iter().filter(|package| package.source.is_some()) {
            all.entry(&package.name).or_default().insert(&package.version);
        }
        all
    }
}

/// Both, when they agree.
pub(super) fn check() -> Result<Vec<Lock>> {
    let locks = vec![Lock::read("Cargo.lock")?, Lock::read("fuzz/Cargo.lock")?];
    let wrong = differences(&locks[0], &locks[1], &arrows::dependencies()?);
    if !wrong.is_empty() {
        bail!(
            "fuzz/Cargo.lock is stale: {}; `cargo update --workspace --manifest-path fuzz/Cargo.toml` adds what is missing, and \
             `cargo update --precise` in fuzz/ sets a version",
            wrong.join("; ")
        );
    }
    let known = |lock: &Lock| lock.packages.iter().all(from_crates_io);
    for lock in &locks {
        ensure!(
            known(lock),
            "{} holds a package that is not from crates.io",
            lock.name
        );
    }
    println!("deps: both lock files agree");
    Ok(locks)
}

fn from_crates_io(package: &Package) -> bool {
    package
        .source
        .as_deref()
        .is_none_or(|source| source == "registry+https://github.com/rust-lang/crates.io-index")
}

/// Where the second lock file is not what the manifests and the first one say.
fn differences(main: &Lock, fuzz: &Lock, ours: &[Depends]) -> Vec<String> {
    let mut wrong = Vec::new();
    let ours: BTreeMap<&str, &Depends> = ours.iter().map(|one| (one.name.as_str(), one)).collect();
    for package in fuzz.packages.iter().filter(|package| package.source.is_none()) {
        let Some(says) = ours.get(package.name.as_str()) else {
            continue;
        };
        let name = |entry: &String| entry.split(' ').next().unwrap_or_default().to_owned();
        let locked: BTreeSet<String> = package.dependencies.iter().map(name).collect();
        let wanted: BTreeSet<String> = says.on.iter().cloned().collect();
        for missing in wanted.difference(&locked) {
            wrong.push(format!("{} now depends on {missing}", package.name));
        }
        for gone in locked.difference(&wanted) {
            wrong.push(format!("{} no longer depends on {gone}", package.name));
        }
    }
    let mine = main.versions();
    for (name, versions) in fuzz.versions() {
        if let Some(here) = mine.get(name) {
            for other in versions.difference(here) {
                let here: Vec<String> = here.iter().map(ToString::to_string).collect();
                wrong.push(format!("{name} {other} is {} in Cargo.lock", here.join(" and ")));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(text: &str) -> Lock {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_stale_lock_file_is_seen_both_ways() {
        const SOURCE: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
        let main = lock(&format!(
            "[[package]]\nname = \"nix\"\nversion = \"0.31.3\"\n{SOURCE}"
        ));
        let fuzz = lock(&format!(
            "[[package]]\nname = \"nix\"\nversion = \"0.31.2\"\n{SOURCE}\n\
             [[package]]\nname = \"iscsi\"\nversion = \"0.1.0\"\ndependencies = [\"nix\", \"gone 1.0.0\"]\n\
             [[package]]\nname = \"elsewhere\"\nversion = \"1.0.0\"\n{SOURCE}"
        ));
        let ours = [Depends {
            name: "iscsi".to_owned(),
            on: vec!["nix".to_owned(), "files".to_owned()],
        }];
        assert_eq!(
            differences(&main, &fuzz, &ours),
            [
                "iscsi now depends on files",
                "iscsi no longer depends on gone",
                "nix 0.31.2 is 0.31.3 in Cargo.lock",
            ]
        );
        assert!(differences(&main, &main, &ours).is_empty());
        let strange =
            lock("[[package]]\nname = \"x\"\nversion = \"1.0.0\"\nsource = \"git+https://example.org/x\"");
        assert!(!from_crates_io(&strange.packages[0]));
    }
}
