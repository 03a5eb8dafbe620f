//! Two transcripts and the table of differences that are known: any other difference is one.
//!
//! Owns the reading of the table (`docs/equality.md`, the rows below "Known differences") and the comparison. Must not know what a
//! line means.

use anyhow::{Context, Result, ensure};
use similar::{ChangeTag, TextDiff};

/// The page whose table counts.
pub(super) const PAGE: &str = include_str!("../../../docs/equality.md");
/// The heading above the table.
const HEADING: &str = "## Known differences";
/// Most differences that are told one by one.
const MOST_TOLD: usize = 40;

/// A difference that is known: in this section, on these kernels, a line of this kind instead of one of that.
///
/// `#` in a line stands for a number, `…` for anything. A side without a line is `None`: the other has one more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    section: String,
    kernels: Vec<String>,
    emulated: Option<String>,
    stock: Option<String>,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Found {
    /// Differing lines that a row of the table explains.
    pub known: usize,
    /// The others, each with its section and command.
    pub unknown: Vec<String>,
}

impl Found {
    /// No difference but known ones.
    ///
    /// # Errors
    /// Names the others.
    pub fn accept(&self) -> Result<()> {
        let told: Vec<&str> = self.unknown.iter().take(MOST_TOLD).map(String::as_str).collect();
        ensure!(
            self.unknown.is_empty(),
            "{} differences are not in the table of docs/equality.md:\n{}",
            self.unknown.len(),
            told.join("\n")
        );
        Ok(())
    }
}

/// The table of the page.
///
/// # Errors
/// A row that cannot be read.
pub fn known() -> Result<Vec<Known>> {
    table(PAGE)
}

/// The cells of the rows of the table below a heading, without those of its head.
pub(super) fn rows<'p>(page: &'p str, heading: &str) -> Result<Vec<Vec<&'p str>>> {
    let (_, after) = page
        .split_once(heading)
        .with_context(|| format!("the page has no {heading:?}"))?;
    let rows = after
        .lines()
        .take_while(|line| !line.starts_with('#'))
        .filter(|line| line.starts_with('|'))
        // The heading and the line below it.
        .skip(2);
    let cells = |row: &'p str| row.trim().trim_matches('|').split('|').map(str::trim).collect();
    Ok(rows.map(cells).collect())
}

fn table(page: &str) -> Result<Vec<Known>> {
    let rows = rows(page, HEADING)?;
    rows.iter()
        .map(|cells| read_row(cells).with_context(|| cells.join(" | ")))
        .collect()
}

fn read_row(cells: &[&str]) -> Result<Known> {
    let &[section, kernels, emulated, stock, reason] = cells else {
        anyhow::bail!("a row has five cells");
    };
    ensure!(!reason.is_empty(), "a difference needs a reason");
    let line = |cell: &str| {
        (cell != "–").then(|| {
            let line = cell.trim_matches('`');
            line.trim().to_owned()
        })
    };
    let known = Known {
        section: section.to_owned(),
        kernels: kernels.split(',').map(|k| k.trim().to_owned()).collect(),
        emulated: line(emulated),
        stock: line(stock),
    };
    ensure!(
        known.emulated.is_some() || known.stock.is_some(),
        "a row without a line"
    );
    Ok(known)
}

impl Known {
    fn is_about(&self, section: &str, kernel: &str) -> bool {
        (self.section == "all" || self.section == section)
            && self
                .kernels
                .iter()
                .any(|series| series == "all" || kernel.starts_with(&format!("{series}.")))
    }

    /// How many lines of each side this explains, from the first on.
    fn explains(&self, emulated: Option<&str>, stock: Option<&str>) -> Option<(usize, usize)> {
        let side = |pattern: &Option<String>, line: Option<&str>| match (pattern, line) {
            (None, _) => Some(0),
            (Some(pattern), Some(line)) if matches(pattern, line.trim().trim_end_matches(',')) => Some(1),
            _ => None,
        };
        Some((side(&self.emulated, emulated)?, side(&self.stock, stock)?))
    }
}

/// Whether a line is as the pattern says.
pub(super) fn matches(pattern: &str, line: &str) -> bool {
    let mut rest = line;
    let mut literal = String::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '#' => {
                let Some(after) = rest.strip_prefix(literal.as_str()) else {
                    return false;
                };
                literal.clear();
                rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
                if rest.len() == after.len() {
                    return false;
                }
            }
            '…' => {
                let Some(after) = rest.strip_prefix(literal.as_str()) else {
                    return false;
                };
                let tail: String = chars.collect();
                return after
                    .char_indices()
                    .map(|(at, _)| &after[at..])
                    .chain([""])
                    .any(|after| matches(&tail, after));
            }
            other => literal.push(other),
        }
    }
    rest == literal
}

/// Compares two transcripts line by line.
#[must_use]
pub fn compare(emulated: &str, stock: &str, kernel: &str, known: &[Known]) -> Found {
    let diff = TextDiff::from_lines(emulated, stock);
    let mut found = Found::default();
    let (mut section, mut command) = (String::new(), String::new());
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        let line = change.value().trim_end();
        match change.tag() {
            ChangeTag::Delete => gone.push(line.to_owned()),
            ChangeTag::Insert => come.push(line.to_owned()),
            ChangeTag::Equal => {
                judge(
                    &mut found,
                    &mut gone,
                    &mut come,
                    kernel,
                    known,
                    (&section, &command),
                );
                if let Some(name) = line.strip_prefix("=== ") {
                    name.clone_into(&mut section);
                } else if line.starts_with("$ ") {
                    line.clone_into(&mut command);
                }
            }
        }
    }
    judge(
        &mut found,
        &mut gone,
        &mut come,
        kernel,
        known,
        (&section, &command),
    );
    found
}

fn judge(
    found: &mut Found,
    gone: &mut Vec<String>,
    come: &mut Vec<String>,
    kernel: &str,
    known: &[Known],
    (section, command): (&str, &str),
) {
    let (mut gone, mut come) = (std::mem::take(gone), std::mem::take(come));
    while !gone.is_empty() || !come.is_empty() {
        let (emulated, stock) = (gone.first().map(String::as_str), come.first().map(String::as_str));
        let row = known
            .iter()
            .filter(|row| row.is_about(section, kernel))
            .find_map(|row| row.explains(emulated, stock));
        if let Some((of_emulated, of_stock)) = row {
            found.known += of_emulated + of_stock;
            gone.drain(..of_emulated);
            come.drain(..of_stock);
            continue;
        }
        let mut tell = format!("{section}: {command}");
        for (mark, side) in [('-', &mut gone), ('+', &mut come)] {
            if !side.is_empty() {
                tell.push_str(&format!("\n  {mark} {}", side.remove(0)));
            }
        }
        found.unknown.push(tell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# x\n\n## Known differences\n\ntext\n\n| section | kernels | emulated | stock | why |\n|---|---|---|---|---|\n\
                        | counters | all | `\"io\": #` | `\"io\": #` | more commands |\n\
                        | ends | 7 | – | `extra … line` | a new kernel |\n\n## Next\n| a | b |\n";

    #[test]
    fn a_known_difference_is_accepted_and_any_other_is_told() {
        let rows = table(PAGE).unwrap();
        let emulated = "=== counters\n\n$ json stats\n  \"io\": 5,\n  \"rx\": 1\n";
        let stock = "=== counters\n\n$ json stats\n  \"io\": 15,\n  \"rx\": 2\n";
        let found = compare(emulated, stock, "6.1.0-1", &rows);
        assert_eq!(
            (found.known, found.unknown),
            (
                2,
                vec!["counters: $ json stats\n  -   \"rx\": 1\n  +   \"rx\": 2".to_owned()]
            )
        );
        let elsewhere = emulated.replace("=== counters", "=== ends");
        let found = compare(&elsewhere, &elsewhere.replace('5', "6"), "6.1.0-1", &rows);
        assert!(found.accept().is_err());
    }

    #[test]
    fn a_line_more_is_accepted_only_on_its_kernels() {
        let rows = table(PAGE).unwrap();
        let (emulated, stock) = ("=== ends\na\nb\n", "=== ends\na\nextra 7 line\nb\n");
        assert!(
            compare(emulated, stock, "7.2.12+deb13-amd64", &rows)
                .accept()
                .is_ok()
        );
        assert!(
            compare(emulated, stock, "6.12.1", &rows)
                .accept()
                .unwrap_err()
                .to_string()
                .contains("extra 7 line")
        );
    }

    #[test]
    fn patterns_match_whole_lines() {
        assert!(matches("\"a\": #", "\"a\": 12"));
        assert!(!matches("\"a\": #", "\"a\": "));
        assert!(!matches("\"a\": #", "\"a\": 12 "));
        assert!(!matches("\"a\": #", "\"a\": x"));
        assert!(matches("a…", "a") && matches("a…c#", "abbc1") && !matches("a…c", "ab"));
        assert!(matches("host# of #", "host1 of 22"));
    }

    #[test]
    fn the_pages_table_can_be_read() {
        known().unwrap();
    }
}
