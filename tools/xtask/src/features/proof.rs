//! What counts as a proof, and whether it exists.
//!
//! Owns the three spellings: `BINARY-ID TEST` as `cargo nextest list` prints it, `qemu CHECK` (a check of `cargo xtask qemu`), and
//! `equality SECTION` (a section of the equality script). Must not know what is proven.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use lab_tests::equality::{Class, Step, parse};

use super::sources::{self, Found};
use super::targets;

/// Everything that can be named.
#[derive(Debug, Default)]
pub(super) struct Proofs {
    /// By `BINARY-ID TEST`: whether it is ignored.
    tests: BTreeMap<String, bool>,
    /// Names of the lane's checks; a `{…}` in one stands for anything.
    checks: Vec<String>,
    sections: Vec<String>,
}

impl Proofs {
    /// Reads the sources below `root`.
    ///
    /// # Errors
    /// cargo does not say what there is, or a source is not Rust.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let mut proofs = Self::default();
        for target in targets::of_workspace()? {
            let found = sources::tests(&target.root).with_context(|| target.id.clone())?;
            for Found { name, ignored } in found {
                proofs.tests.insert(format!("{} {name}", target.id), ignored);
            }
        }
        let lane = root.join("tools/xtask/src/qemu");
        for entry in fs::read_dir(&lane).with_context(|| lane.display().to_string())? {
            let path = entry?.path();
            if path.extension().is_some_and(|end| end == "rs") {
                proofs
                    .checks
                    .extend(sources::checks(&fs::read_to_string(&path)?)?);
            }
        }
        proofs.sections = parse(Class::Qla4xxx.script())?
            .into_iter()
            .filter_map(|step| match step {
                Step::Section(name) => Some(name),
                _ => None,
            })
            .collect();
        Ok(proofs)
    }

    /// Whether this proof exists.
    ///
    /// # Errors
    /// Why it does not count, as a text.
    pub(super) fn find(&self, name: &str) -> Result<(), String> {
        let Some((kind, rest)) = name.split_once(' ') else {
            return Err(format!("{name:?} is not of the form BINARY-ID TEST"));
        };
        match kind {
            "qemu" if self.checks.iter().any(|check| is(check, rest)) => Ok(()),
            "qemu" => Err(format!("cargo xtask qemu has no check {rest:?}")),
            "equality" if self.sections.iter().any(|section| section == rest) => Ok(()),
            "equality" => Err(format!("the equality script has no section {rest:?}")),
            _ => match self.tests.get(name) {
                Some(false) => Ok(()),
                Some(true) => Err(format!("the test {name:?} is ignored and proves nothing")),
                None => Err(format!("there is no test {name:?}{}", self.near(kind, rest))),
            },
        }
    }

    /// Where a test of this last name is, if anywhere.
    fn near(&self, binary: &str, test: &str) -> String {
        let last = test.rsplit("::").next().unwrap_or(test);
        let same = |name: &&String| name.rsplit([' ', ':']).next() == Some(last);
        match self.tests.keys().find(same) {
            Some(other) => format!("; there is {other:?}"),
            None if self
                .tests
                .keys()
                .any(|name| name.split(' ').next() == Some(binary)) =>
            {
                String::new()
            }
            None => format!("; there is no binary {binary}"),
        }
    }

    /// Only these sections, for tests.
    #[cfg(test)]
    pub(super) fn with_sections(names: &[&str]) -> Self {
        Self {
            sections: names.iter().map(|&name| name.to_owned()).collect(),
            ..Self::default()
        }
    }

    /// Every test's name.
    pub(super) fn tests(&self) -> impl Iterator<Item = &str> {
        self.tests.keys().map(String::as_str)
    }
}

/// Whether a check, whose name may have `{…}` in it, is called so.
fn is(check: &str, name: &str) -> bool {
    let Some((before, rest)) = check.split_once('{') else {
        return check == name;
    };
    let Some((_, after)) = rest.split_once('}') else {
        return check == name;
    };
    name.strip_prefix(before).is_some_and(|rest| {
        // Something must stand in the place of the braces.
        rest.char_indices()
            .skip(1)
            .map(|(at, _)| at)
            .chain([rest.len()])
            .any(|at| at > 0 && is(after, &rest[at..]))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::PoisonError;

    use super::*;
    use crate::child;
    use crate::workspace::root;

    fn proofs() -> Proofs {
        Proofs {
            tests: [
                ("hba ops::one".to_owned(), false),
                ("lab-tests::isid three".to_owned(), false),
                ("hba slow".to_owned(), true),
            ]
            .into(),
            checks: vec!["the kernel boots".to_owned(), "fio for {seconds} s".to_owned()],
            sections: vec!["disks".to_owned()],
        }
    }

    #[test]
    fn each_spelling_is_found() {
        for name in [
            "hba ops::one",
            "lab-tests::isid three",
            "qemu the kernel boots",
            "qemu fio for 60 s",
            "equality disks",
        ] {
            assert_eq!(proofs().find(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn what_does_not_exist_is_told_with_what_is_near() {
        let told = |name: &str| proofs().find(name).unwrap_err();
        assert_eq!(told("hba ops::two"), "there is no test \"hba ops::two\"");
        assert_eq!(
            told("hba one"),
            "there is no test \"hba one\"; there is \"hba ops::one\""
        );
        assert_eq!(
            told("card two"),
            "there is no test \"card two\"; there is no binary card"
        );
        assert_eq!(
            told("qemu the kernel"),
            "cargo xtask qemu has no check \"the kernel\""
        );
        assert_eq!(
            told("qemu fio for  s"),
            "cargo xtask qemu has no check \"fio for  s\""
        );
        assert_eq!(
            told("equality disk"),
            "the equality script has no section \"disk\""
        );
        assert_eq!(told("alone"), "\"alone\" is not of the form BINARY-ID TEST");
    }

    #[test]
    fn an_ignored_test_proves_nothing() {
        assert_eq!(
            proofs().find("hba slow").unwrap_err(),
            "the test \"hba slow\" is ignored and proves nothing"
        );
    }

    #[test]
    fn this_workspace_has_this_test_a_check_and_a_section() {
        // It asks cargo, which is a child of this process.
        let alone = child::ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let proofs = Proofs::read(&root()).unwrap();
        drop(alone);
        for name in [
            "xtask::bin/xtask features::proof::tests::this_workspace_has_this_test_a_check_and_a_section",
            "lab-tests::served flood::no_such",
            "qemu the kernel boots in QEMU",
            "equality usage",
        ] {
            assert_eq!(proofs.find(name).is_ok(), !name.contains("no_such"), "{name}");
        }
        assert!(proofs.tests.len() > 1000, "{}", proofs.tests.len());
    }
}
