//! Reading the list: whatever is wrong with it, the rest of it is in force, and what is not is told.

use std::io::Read;
use std::path::Path;

use files::Dir;

use super::candidate::Candidate;
use super::place::{DROP_INS, FILE, Place, Placed};
use super::rule::Rule;
use crate::home::Home;

/// So many bytes of a file are looked at.
pub const FILE_MAX: u64 = 1 << 20;
/// The longest line, in bytes.
pub const LINE_MAX: usize = 1024;
/// So many rules are in force, of all files together.
pub const RULES_MAX: usize = 10_000;
/// So many drop-ins are looked at.
pub const DROP_INS_MAX: usize = 256;
/// So many lines that are no rules are told one by one.
const TOLD: usize = 8;

/// What is excluded.
#[derive(Debug, Clone, Default)]
pub struct Exclusions {
    /// The rules in force, in order of their files.
    pub rules: Vec<Placed>,
    /// What is not in force, and why; for the operator.
    pub remarks: Vec<String>,
    /// Lines that are no rules, told or not.
    broken: usize,
}

impl Exclusions {
    /// The list of a program's home. It never fails: a list that does not read excludes nothing, and that is remarked.
    #[must_use]
    pub fn read(home: &Home) -> Self {
        let mut all = Self::default();
        let dir = match Dir::trusted_if_there(&home.config) {
            Ok(Some(dir)) => dir,
            Ok(None) => return all,
            Err(e) => {
                all.unread(&e, "nothing is excluded");
                return all;
            }
        };
        all.file(&dir, Path::new(FILE), false);
        match dir.trusted_subdir(DROP_INS) {
            Ok(Some(dir)) => all.drop_ins(&dir),
            Ok(None) => {}
            Err(e) => all.unread(&e, "its files exclude nothing"),
        }
        if let Some(more) = all.broken.checked_sub(TOLD).filter(|more| *more > 0) {
            all.remarks
                .push(format!("and {more} more lines are no rules, and exclude nothing"));
        }
        all
    }

    /// The rule that excludes a candidate, if one does: the first.
    #[must_use]
    pub fn why_not(&self, candidate: &Candidate<'_>) -> Option<&Placed> {
        self.rules.iter().find(|placed| placed.rule.matches(candidate))
    }

    fn unread(&mut self, error: &files::Error, so: &str) {
        self.remarks.push(format!(
            "{} is left out, and {so}: {}",
            error.path().display(),
            error.why()
        ));
    }

    fn drop_ins(&mut self, dir: &Dir) {
        let names = match dir.names() {
            Ok(names) => names,
            Err(e) => return self.unread(&e, "its files exclude nothing"),
        };
        let wanted = |name: &&std::ffi::OsString| {
            let name = name.as_encoded_bytes();
            name.ends_with(b".conf") && !name.starts_with(b".")
        };
        let mut names: Vec<_> = names.iter().filter(wanted).collect();
        if names.len() > DROP_INS_MAX {
            self.remarks.push(format!(
                "{} has {} files, of which the first {DROP_INS_MAX} are looked at",
                dir.path().display(),
                names.len()
            ));
            names.truncate(DROP_INS_MAX);
        }
        for name in names {
            self.file(dir, Path::new(name), true);
        }
    }

    fn file(&mut self, dir: &Dir, name: &Path, drop_in: bool) {
        let path = dir.path().join(name);
        let file = match dir.open_trusted(name) {
            Ok(Some(file)) => file,
            Ok(None) => return,
            Err(e) => return self.unread(&e, "it excludes nothing"),
        };
        let mut bytes = Vec::new();
        if let Err(e) = file.take(FILE_MAX + 1).read_to_end(&mut bytes) {
            self.remarks.push(format!(
                "{} is left out, and it excludes nothing: {e}",
                path.display()
            ));
            return;
        }
        if bytes.len() as u64 > FILE_MAX {
            // The line that is cut is none.
            let end = bytes.iter().rposition(|b| *b == b'\n').unwrap_or(0);
            bytes.truncate(end);
            self.remarks.push(format!(
                "{} has more than {FILE_MAX} bytes; what is behind them excludes nothing",
                path.display()
            ));
        }
        for (n, line) in bytes.split(|b| *b == b'\n').enumerate() {
            let place = Place {
                file: path.clone(),
                line: n + 1,
                drop_in,
            };
            match parse(line) {
                Ok(None) => {}
                Ok(Some(_)) if self.rules.len() == RULES_MAX => {
                    self.remarks.push(format!(
                        "there are more than {RULES_MAX} rules; {place} and what is behind it in this file excludes nothing"
                    ));
                    return;
                }
                Ok(Some(rule)) => self.rules.push(Placed { rule, place }),
                Err(why) => {
                    self.broken += 1;
                    if self.broken <= TOLD {
                        self.remarks
                            .push(format!("{place} is no rule, and excludes nothing: {why}"));
                    }
                }
            }
        }
    }
}

/// A line as a rule; `None` when it says nothing.
pub(super) fn parse(line: &[u8]) -> Result<Option<Rule>, String> {
    if line.len() > LINE_MAX {
        return Err(format!("it has more than {LINE_MAX} bytes"));
    }
    let first = line.iter().find(|b| !b.is_ascii_whitespace());
    if first.is_none_or(|b| *b == b'#') {
        return Ok(None);
    }
    let text = std::str::from_utf8(line).map_err(|_| "it is no text".to_owned())?;
    if text.chars().any(|c| c.is_control() && !c.is_ascii_whitespace()) {
        return Err("it has control characters".to_owned());
    }
    Rule::parse(text)
}
