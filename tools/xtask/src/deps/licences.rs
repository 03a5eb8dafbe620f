//! The licences of everything that is compiled in or beside.
//!
//! Owns which are permissive enough for a product under Apache-2.0 or MIT. The peers that tests meet (open-iscsi, tgt, libiscsi, kernels)
//! are GPL or LGPL; they are programs of the distribution, run and never linked, and stand in no manifest. libudev is LGPL, too; it is
//! linked as the shared library that a machine has (`docs/decisions/0013-udev.md`).

use anyhow::{Context, Result, bail};
use serde_json::Value;
use spdx::{Expression, ParseMode};

use crate::workspace::{cargo, host_triple, json};

/// What may be linked, by SPDX identifier.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Checks every package that is built for this machine.
pub(super) fn check() -> Result<()> {
    let metadata =
        json(cargo(&["metadata", "--format-version", "1", "--filter-platform"]).arg(host_triple()?))?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let wrong: Vec<String> = packages.iter().filter_map(wrong).collect();
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("deps: {} packages, every licence is permissive", packages.len());
    Ok(())
}

/// Why a package may not be used.
fn wrong(package: &Value) -> Option<String> {
    let who = format!(
        "{} {}",
        package["name"].as_str().unwrap_or_default(),
        package["version"].as_str().unwrap_or_default()
    );
    let Some(licence) = package["license"].as_str() else {
        return Some(format!("{who} names no licence"));
    };
    match permissive(licence) {
        Ok(true) => None,
        Ok(false) => Some(format!(
            "{who} is under {licence:?}, which is not among {}",
            ALLOWED.join(", ")
        )),
        Err(error) => Some(format!(
            "{who} has a licence that cannot be read, {licence:?}: {error}"
        )),
    }
}

fn permissive(licence: &str) -> Result<bool> {
    // `A/B` is how crates wrote a choice before SPDX.
    let expression = Expression::parse_mode(licence, ParseMode::LAX)
        .map_err(|error| anyhow::anyhow!("{}", error.reason))?;
    Ok(expression.evaluate(|requirement| {
        requirement
            .license
            .id()
            .is_some_and(|id| ALLOWED.contains(&id.name))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_needs_one_permissive_side_and_a_conjunction_all() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "Apache-2.0 / MIT",
            "GPL-2.0-only OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
        ] {
            assert!(permissive(good).unwrap(), "{good}");
        }
        for bad in [
            "GPL-2.0-only",
            "GPL-3.0-or-later",
            "MIT AND GPL-2.0-only",
            "LGPL-2.1-or-later",
            "MPL-2.0",
            "LicenseRef-mine",
        ] {
            assert!(!permissive(bad).unwrap(), "{bad}");
        }
        assert!(permissive("whatever you like").is_err());
        let nameless = serde_json::json!({"name": "x", "version": "1.0.0", "license": null});
        assert_eq!(wrong(&nameless).unwrap(), "x 1.0.0 names no licence");
    }
}
