//! Dependencies that a crate declares and does not use.
//!
//! A dependency counts as used when its name stands in the sources as the beginning of a path (`name::…`), in an attribute
//! (`#[name(…)]`), as a macro (`name!`), or alone in a `use` or `extern crate`; comments do not count. One that only tests name
//! belongs to the development dependencies. Must not know which crate should use what.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::workspace::{cargo, host_triple, json, root};

/// What is declared for another reason than to be named: crate, dependency, why.
const EXCEPTIONS: &[(&str, &str, &str)] =
    &[("lab-tests", "emu-kernel", LABS), ("lab-tests", "emu-net", LABS)];
const LABS: &str =
    "tests/session_flows runs in the labs of the emulated kernel's own tests, which it names by their path";

/// Where a crate's product is, and where what is built to test it.
const PRODUCT: &[&str] = &["src", "build.rs"];
const TESTS: &[&str] = &["src", "tests", "benches", "examples"];

/// Checks every crate of the workspace.
pub(super) fn check() -> Result<()> {
    let metadata =
        json(cargo(&["metadata", "--format-version", "1", "--filter-platform"]).arg(host_triple()?))?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let names: BTreeMap<&str, String> = packages.iter().filter_map(named).collect();
    let mut wrong = Vec::new();
    let mut count = 0;
    for package in packages.iter().filter(|package| package["source"].is_null()) {
        let manifest = package["manifest_path"]
            .as_str()
            .context("a package without a manifest")?;
        let dir = Path::new(manifest)
            .parent()
            .context("a manifest without a place")?;
        let crate_name = package["name"].as_str().context("a package without a name")?;
        let (product, tests) = (Source::of(dir, PRODUCT)?, Source::of(dir, TESTS)?);
        for dependency in package["dependencies"].as_array().context("no dependencies")? {
            let on = dependency["name"].as_str().unwrap_or_default();
            count += 1;
            if EXCEPTIONS
                .iter()
                .any(|exception| (exception.0, exception.1) == (crate_name, on))
            {
                continue;
            }
            let name = dependency["rename"]
                .as_str()
                .map(str::to_owned)
                .or_else(|| names.get(on).cloned())
                .unwrap_or_else(|| on.to_owned())
                .replace('-', "_");
            let of_tests = dependency["kind"].as_str() == Some("dev");
            let used = if of_tests { &tests } else { &product };
            if !used.names(&name) {
                let shown = Path::new(manifest)
                    .strip_prefix(root())
                    .unwrap_or(Path::new(manifest));
                let but = if !of_tests && tests.names(&name) {
                    " (but by its tests: a development dependency)"
                } else {
                    ""
                };
                wrong.push(format!(
                    "{}: {crate_name} declares {on} and does not use it{but}",
                    shown.display()
                ));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("deps: {count} declared dependencies, every one is used");
    Ok(())
}

/// A package, and the name by which its library is known in sources, which may be another.
fn named(package: &Value) -> Option<(&str, String)> {
    let library = package["targets"].as_array()?.iter().find(|target| {
        let kinds = target["kind"].as_array().into_iter().flatten();
        kinds
            .filter_map(Value::as_str)
            .any(|kind| matches!(kind, "lib" | "rlib" | "proc-macro"))
    })?;
    Some((package["name"].as_str()?, library["name"].as_str()?.to_owned()))
}

/// The sources of a crate, without comments.
struct Source(String);

impl Source {
    fn of(dir: &Path, parts: &[&str]) -> Result<Self> {
        let mut text = String::new();
        for part in parts {
            read(&dir.join(part), &mut text)?;
        }
        Ok(Self(text))
    }

    /// Whether the crate of this name is used in them.
    fn names(&self, name: &str) -> bool {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        self.0.match_indices(name).any(|(at, _)| {
            let (before, after) = (&self.0[..at], &self.0[at + name.len()..]);
            let before = before.trim_end();
            let begins = !self.0[..at].ends_with(word)
                // A module of the same name inside of a path is no crate; a path may begin with `::`.
                && !before.strip_suffix("::").is_some_and(|path| path.ends_with(word));
            let after = after.trim_start();
            let alone = after.starts_with([';', ',', '}']) || after.starts_with("as ");
            let imported = ["use", "extern crate", "{", ","]
                .iter()
                .any(|word| before.ends_with(word));
            begins
                && (after.starts_with("::")
                    || after.starts_with('!')
                    || before.ends_with("#[")
                    || alone && imported)
        })
    }
}

/// Adds the sources of a file, or of every file below a directory, without comments.
fn read(path: &Path, text: &mut String) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
            read(&entry?.path(), text)?;
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") && path.is_file() {
        let source = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        for line in source.lines().filter(|line| !line.trim_start().starts_with("//")) {
            text.push_str(line);
            text.push('\n');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_used_where_a_path_an_attribute_or_an_import_begins_with_it() {
        for used in [
            "use nix::errno::Errno;",
            "let a = nix :: unistd::getpid();",
            "use ::nix::poll::poll;",
            "use {nix, libc};",
            "use nix;",
            "use nix as n;",
            "extern crate nix;",
            "nix!(x)",
            "#[nix(y)]",
            "#[derive(nix::X)]",
        ] {
            assert!(Source(used.to_owned()).names("nix"), "{used}");
        }
        for other in [
            "use crate::nix::X;",
            "let nix = 1;",
            "phoenix::rise()",
            "nixos::X",
            "f(nix)",
            "\"nix\"",
            "self::nix::x()",
        ] {
            assert!(!Source(other.to_owned()).names("nix"), "{other}");
        }
    }

    #[test]
    fn comments_do_not_count_and_a_library_may_have_another_name() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("src/inner")).unwrap();
        fs::write(
            dir.path().join("src/inner/a.rs"),
            "//! nix::x\n    /// nix::y\n// nix::z\nlet a = libc::c;\n",
        )
        .unwrap();
        let source = Source::of(dir.path(), PRODUCT).unwrap();
        assert!(source.names("libc") && !source.names("nix"));
        let package = serde_json::json!({
            "name": "md-5",
            "targets": [{"kind": ["bench"], "name": "mod"}, {"kind": ["lib"], "name": "md5"}],
        });
        assert_eq!(named(&package), Some(("md-5", "md5".to_owned())));
    }
}
