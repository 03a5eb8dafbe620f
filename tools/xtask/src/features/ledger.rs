//! `docs/features.toml`: one entry a feature, in sections.
//!
//! Owns the file's form and what makes an entry complete. Must not know what a proof looks like.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::proof::Proofs;

/// The whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ledger {
    /// What belongs together, in the page's order.
    #[serde(rename = "section")]
    pub sections: Vec<Section>,
    /// The entries.
    #[serde(rename = "feature")]
    pub features: Vec<Feature>,
}

/// A part of the page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// Its heading.
    pub title: String,
    /// A few words below it.
    #[serde(default)]
    pub about: String,
    /// Rows that must all be there: `A1-A14`, or a single id. Entries stand in this order.
    pub rows: Vec<String>,
}

/// One feature.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feature {
    /// A row, or a short word.
    pub id: String,
    /// What it is.
    pub title: String,
    /// Whether it is there.
    pub state: State,
    /// What it does.
    pub does: String,
    /// Why a caller is refused, or what is missing.
    #[serde(default)]
    pub reason: String,
    /// The tests that prove it.
    #[serde(default)]
    pub tests: Vec<String>,
}

/// Whether a feature is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum State {
    /// It is.
    #[serde(rename = "works")]
    Works,
    /// It is answered with a refusal that gives the reason.
    #[serde(rename = "refused")]
    Refused,
    /// It is not, or not whole.
    #[serde(rename = "not yet")]
    NotYet,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Works => "works",
            Self::Refused => "refused",
            Self::NotYet => "not yet",
        })
    }
}

/// How many entries are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Of [`State::Works`].
    pub works: usize,
    /// Of [`State::Refused`].
    pub refused: usize,
    /// Of [`State::NotYet`].
    pub not_yet: usize,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |n: usize, one: &str, many: &str| {
            (n > 0).then(|| format!("{n} {}", if n == 1 { one } else { many }))
        };
        let all = [
            of(self.works, "works", "work"),
            of(
                self.refused,
                "is refused with a reason",
                "are refused with a reason",
            ),
            of(self.not_yet, "is not there yet", "are not there yet"),
        ];
        f.write_str(&all.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

impl Ledger {
    /// Reads the file; beside it, what is wrong with its entries.
    ///
    /// # Errors
    /// It is not TOML of this form, or a section's rows cannot be read.
    pub(super) fn parse(text: &str) -> Result<(Self, Vec<String>)> {
        let ledger: Self = toml::from_str(text).context("docs/features.toml")?;
        let mut faults = Vec::new();
        let mut ids = BTreeSet::new();
        for feature in &ledger.features {
            if !ids.insert(feature.id.as_str()) {
                faults.push(format!("{}: is there twice", feature.id));
            }
            faults.extend(feature.faults().map(|fault| format!("{}: {fault}", feature.id)));
        }
        let mut homes = BTreeSet::new();
        for section in &ledger.sections {
            for row in section.ids()? {
                if !ids.contains(row.as_str()) {
                    faults.push(format!("{row}: has no entry ({})", section.title));
                }
                if !homes.insert(row.clone()) {
                    faults.push(format!("{row}: belongs to two sections"));
                }
            }
        }
        for id in ids {
            if !homes.contains(id) {
                faults.push(format!("{id}: belongs to no section"));
            }
        }
        Ok((ledger, faults))
    }

    /// Proofs that do not exist or do not count.
    pub(super) fn unproven(&self, proofs: &Proofs) -> Vec<String> {
        let mut faults = Vec::new();
        for feature in &self.features {
            for test in &feature.tests {
                if let Err(why) = proofs.find(test) {
                    faults.push(format!("{}: {why}", feature.id));
                }
            }
        }
        faults
    }

    /// The entries of a section, in its order.
    pub(super) fn of(&self, section: &Section) -> Vec<&Feature> {
        let by_id: BTreeMap<&str, &Feature> = self.features.iter().map(|f| (f.id.as_str(), f)).collect();
        let rows = section.ids().unwrap_or_default();
        rows.iter()
            .filter_map(|row| by_id.get(row.as_str()).copied())
            .collect()
    }

    /// Whether there is an entry of this id.
    pub(super) fn has(&self, id: &str) -> bool {
        self.features.iter().any(|feature| feature.id == id)
    }

    /// How many entries are in which state.
    pub(super) fn counts(&self) -> Counts {
        count(self.features.iter())
    }
}

/// How many of these are in which state.
pub(super) fn count<'a>(features: impl Iterator<Item = &'a Feature>) -> Counts {
    let mut counts = Counts::default();
    for feature in features {
        match feature.state {
            State::Works => counts.works += 1,
            State::Refused => counts.refused += 1,
            State::NotYet => counts.not_yet += 1,
        }
    }
    counts
}

impl Section {
    /// Every id that its rows name.
    ///
    /// # Errors
    /// A range that is none.
    pub(super) fn ids(&self) -> Result<Vec<String>> {
        let mut ids = Vec::new();
        for row in &self.rows {
            ids.extend(range(row).with_context(|| format!("{row:?} of {} is no range of rows", self.title))?);
        }
        Ok(ids)
    }
}

/// `A1-A14` is fourteen ids, anything else is one.
fn range(row: &str) -> Option<Vec<String>> {
    // A word with a hyphen in it is no range.
    let ends = row
        .split_once('-')
        .and_then(|(first, last)| Some((numbered(first)?, numbered(last)?)));
    let Some(((before, from), (same, to))) = ends else {
        return Some(vec![row.to_owned()]);
    };
    (before == same && from < to).then(|| (from..=to).map(|n| format!("{before}{n}")).collect())
}

/// What stands before the number at the end, and the number.
fn numbered(id: &str) -> Option<(&str, u32)> {
    let before = id.trim_end_matches(|c: char| c.is_ascii_digit());
    Some((before, id[before.len()..].parse().ok()?))
}

impl Feature {
    /// What its entry lacks.
    fn faults(&self) -> impl Iterator<Item = &'static str> {
        let (proven, reasoned) = (!self.tests.is_empty(), !self.reason.trim().is_empty());
        let twice = self.tests.iter().collect::<BTreeSet<_>>().len() < self.tests.len();
        let rules = [
            (self.title.trim().is_empty(), "has no title"),
            (self.does.trim().is_empty(), "does not say what it does"),
            (
                self.state == State::Works && !proven,
                "works, and no test proves it",
            ),
            (
                self.state == State::Works && reasoned,
                "works, and gives a reason why not",
            ),
            (
                self.state == State::Refused && !reasoned,
                "is refused without a reason",
            ),
            (
                self.state == State::Refused && !proven,
                "is refused, and no test sees the refusal",
            ),
            (
                self.state == State::NotYet && !reasoned,
                "is not there yet, and does not say what is missing",
            ),
            (twice, "names a test twice"),
        ];
        rules
            .into_iter()
            .filter_map(|(broken, what)| broken.then_some(what))
    }
}

#[cfg(test)]
mod tests;
