//! Versions that their authors took back ("yanked"), as cargo's copy of the registry's index says.
//!
//! Owns reading that copy; cargo itself fetches it. Source: the sparse index, <https://doc.rust-lang.org/cargo/reference/registry-index.html>.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use crates_index::{HashKind, SparseIndex};

use super::Outside;
use super::lock::Lock;
use crate::child;
use crate::workspace::cargo;

/// The registry as cargo names its copy of the index, whatever mirror it really asks.
const CRATES_IO: &str = "sparse+https://index.crates.io/";
/// How long the registry may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Lets cargo look at the registry again; it writes nothing but its own copy of the index.
pub(super) fn refresh() -> Result<()> {
    let log = tempfile::NamedTempFile::new()?;
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        // `update` means to change the lock file, which `--locked` forbids and `--dry-run` does not do.
        let mut ask = cargo(&[]);
        ask.args(["update", "--dry-run", "--quiet", "--manifest-path", manifest])
            .env("CARGO_NET_RETRY", "0")
            .env("CARGO_HTTP_TIMEOUT", "15");
        if let Some(why) = child::run(&mut ask, log.path(), LIMIT, |_| {})?.why() {
            let said = std::fs::read_to_string(log.path()).unwrap_or_default();
            bail!(
                "cargo update --dry-run: {why} {}",
                said.lines().next().unwrap_or_default()
            );
        }
    }
    Ok(())
}

/// Looks every locked version up.
pub(super) fn check(locks: &[Lock], outside: &mut Outside) -> Result<()> {
    let index = SparseIndex::from_url_with_hash_kind(CRATES_IO, &HashKind::Stable)
        .context("cargo has no sparse index")?;
    let (mut known, mut unknown) = (0, Vec::new());
    for lock in locks {
        for package in lock.packages.iter().filter(|package| package.source.is_some()) {
            let version = package.version.to_string();
            let found = index.crate_from_cache(&package.name).ok();
            let found = found
                .as_ref()
                .and_then(|all| all.versions().iter().find(|one| one.version() == version));
            match found {
                None => unknown.push(package.name.as_str()),
                Some(one) if one.is_yanked() => outside.found.push(format!(
                    "{} {version} in {} was taken back by its authors",
                    package.name, lock.name
                )),
                Some(_) => known += 1,
            }
        }
    }
    println!("deps: {known} locked versions stand in the registry's index");
    unknown.sort_unstable();
    unknown.dedup();
    if !unknown.is_empty() {
        outside.left_out.push(format!(
            "whether {} packages were taken back: cargo has not fetched their index entries ({}{})",
            unknown.len(),
            unknown[..unknown.len().min(5)].join(", "),
            if unknown.len() > 5 { ", …" } else { "" }
        ));
    }
    Ok(())
}
