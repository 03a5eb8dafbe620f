//! Advisories against the locked versions, from a directory in RustSec's format.
//!
//! Owns reading it: Markdown files `crates/NAME/ID.md` that begin with a block of TOML. The registries offer no such thing, so that it
//! comes from a checkout of the database; without one, nothing is claimed. Source: the database's README and `EXAMPLE_ADVISORY.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use semver::{Version, VersionReq};
use serde::Deserialize;

use super::Outside;
use super::lock::Lock;

/// The TOML at the head of an advisory, as far as it concerns us.
#[derive(Debug, Deserialize)]
struct Head {
    advisory: Advisory,
    versions: Versions,
    #[serde(default)]
    affected: Affected,
}

#[derive(Debug, Deserialize)]
struct Advisory {
    id: String,
    package: String,
    date: String,
    withdrawn: Option<String>,
    informational: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Versions {
    #[serde(default)]
    patched: Vec<VersionReq>,
    #[serde(default)]
    unaffected: Vec<VersionReq>,
}

#[derive(Debug, Default, Deserialize)]
struct Affected {
    #[serde(default)]
    os: Vec<String>,
}

/// An advisory, and what it is called.
#[derive(Debug)]
struct Known {
    head: Head,
    title: String,
}

impl Known {
    /// Whether a version has the fault. What comes before a release that has the mend is taken not to have it.
    fn concerns(&self, version: &Version) -> bool {
        let Head {
            advisory,
            versions,
            affected,
        } = &self.head;
        let here = affected.os.is_empty() || affected.os.iter().any(|os| os == "linux");
        let mended = versions
            .patched
            .iter()
            .chain(&versions.unaffected)
            .any(|range| range.matches(version));
        advisory.withdrawn.is_none() && here && !mended
    }
}

/// Matches the locked versions against `database`, or against the one that cargo-audit keeps.
pub(super) fn check(locks: &[Lock], database: Option<PathBuf>, outside: &mut Outside) -> Result<()> {
    let Some(dir) = database.or_else(kept) else {
        outside.left_out.push(
            "advisories: no database on this machine (`cargo xtask deps --advisories DIR` takes a checkout of \
             https://github.com/rustsec/advisory-db)"
                .to_owned(),
        );
        return Ok(());
    };
    let all = read(&dir)?;
    let count: usize = all.values().map(Vec::len).sum();
    let newest = all
        .values()
        .flatten()
        .map(|known| known.head.advisory.date.as_str())
        .max();
    println!(
        "deps: {count} advisories in {}, the newest of {}",
        dir.display(),
        newest.unwrap_or_default()
    );
    let mut found = Vec::new();
    for lock in locks {
        for package in lock.packages.iter().filter(|package| package.source.is_some()) {
            for known in all.get(&package.name).into_iter().flatten() {
                if known.concerns(&package.version) {
                    let kind = known.head.advisory.informational.as_deref().unwrap_or("fault");
                    found.push(format!(
                        "{} {} in {}: {} ({kind}): {}",
                        package.name, package.version, lock.name, known.head.advisory.id, known.title
                    ));
                }
            }
        }
    }
    outside.found.append(&mut found);
    Ok(())
}

/// Where cargo-audit keeps its checkout.
fn kept() -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".cargo")))?;
    let dir = home.join("advisory-db");
    dir.join("crates").is_dir().then_some(dir)
}

/// Every advisory about a crate, by the crate's name.
fn read(dir: &Path) -> Result<BTreeMap<String, Vec<Known>>> {
    let crates = dir.join("crates");
    let mut all: BTreeMap<String, Vec<Known>> = BTreeMap::new();
    let folders = fs::read_dir(&crates)
        .with_context(|| format!("{} is no advisory database: it has no crates/", dir.display()))?;
    for folder in folders {
        let folder = folder?.path();
        if !folder.is_dir() {
            continue;
        }
        for file in fs::read_dir(&folder)? {
            let file = file?.path();
            if file.extension().is_none_or(|extension| extension != "md") {
                continue;
            }
            let text =
                fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
            let known = parse(&text).with_context(|| format!("{} is no advisory", file.display()))?;
            all.entry(known.head.advisory.package.clone())
                .or_default()
                .push(known);
        }
    }
    ensure!(
        !all.is_empty(),
        "{} holds no advisory: a database that says nothing proves nothing",
        dir.display()
    );
    Ok(all)
}

fn parse(text: &str) -> Result<Known> {
    let Some((head, text)) = text
        .trim_start()
        .strip_prefix("```toml")
        .and_then(|rest| rest.split_once("\n```"))
    else {
        bail!("it does not begin with a block of TOML");
    };
    let title = text.lines().find_map(|line| line.strip_prefix("# "));
    Ok(Known {
        head: toml::from_str(head)?,
        title: title.unwrap_or_default().trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "```toml\n[advisory]\nid = \"RUSTSEC-2021-0000\"\npackage = \"nix\"\ndate = \"2021-09-27\"\n\
                        [versions]\npatched = [\"^0.20.2\", \">= 0.23.0\"]\nunaffected = [\"< 0.16.0\"]\n```\n\n# It writes too far\n\nWhy.\n";

    fn concerns(text: &str, version: &str) -> bool {
        parse(text).unwrap().concerns(&version.parse().unwrap())
    }

    #[test]
    fn versions_are_told_apart() {
        assert_eq!(parse(TEXT).unwrap().title, "It writes too far");
        for bad in ["0.16.0", "0.20.1", "0.21.0", "0.22.9", "0.23.0-rc.1"] {
            assert!(concerns(TEXT, bad), "{bad}");
        }
        for good in ["0.15.9", "0.20.2", "0.23.0", "0.31.3"] {
            assert!(!concerns(TEXT, good), "{good}");
        }
        let head = |line: &str| TEXT.replace("[versions]", &format!("{line}\n[versions]"));
        assert!(!concerns(&head("withdrawn = \"2022-01-01\""), "0.16.0"));
        let os = |os: &str| TEXT.replace("\n```\n", &format!("\n[affected]\nos = [\"{os}\"]\n```\n"));
        assert!(concerns(&os("linux"), "0.16.0") && !concerns(&os("windows"), "0.16.0"));
        // Nothing is mended where nothing is named.
        let never = TEXT.replace("\"^0.20.2\", \">= 0.23.0\"", "");
        assert!(concerns(&never, "99.0.0"));
    }

    #[test]
    fn a_directory_that_is_no_database_is_no_clean_bill() {
        let dir = tempfile::tempdir().unwrap();
        assert!(format!("{:#}", read(dir.path()).unwrap_err()).contains("no advisory database"));
        let nix = dir.path().join("crates/nix");
        fs::create_dir_all(&nix).unwrap();
        assert!(format!("{:#}", read(dir.path()).unwrap_err()).contains("holds no advisory"));
        fs::write(nix.join("RUSTSEC-2021-0000.md"), TEXT).unwrap();
        assert_eq!(read(dir.path()).unwrap()["nix"].len(), 1);
        fs::write(nix.join("RUSTSEC-2021-0001.md"), "# nothing\n").unwrap();
        let error = format!("{:#}", read(dir.path()).unwrap_err());
        assert!(error.contains("RUSTSEC-2021-0001.md"), "{error}");
    }
}
