//! `docs/rfc7143.md`: the tests that its tables name.
//!
//! Owns how a row is read: the cells of columns headed `test` or `tests` hold proofs in backticks, the one headed `state` says
//! `works`, `refused` or `not yet`. Must not know the protocol.

use super::proof::Proofs;

/// What the page says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Clauses {
    /// Rows of its tables.
    pub rows: usize,
    /// What is wrong with them.
    pub faults: Vec<String>,
}

/// Reads the page's tables and looks for their proofs.
pub(super) fn read(text: &str, proofs: &Proofs) -> Clauses {
    let mut found = Clauses::default();
    let mut heading: Option<Vec<String>> = None;
    for line in text.lines() {
        let Some(cells) = cells(line) else {
            heading = None;
            continue;
        };
        let Some(columns) = &heading else {
            heading = Some(cells.iter().map(|cell| cell.to_lowercase()).collect());
            continue;
        };
        let of = |names: &[&str]| columns.iter().position(|column| names.contains(&column.as_str()));
        let Some(tests) = of(&["test", "tests", "proof"]) else {
            continue;
        };
        if cells.iter().all(|cell| cell.trim_matches([':', '-']).is_empty()) {
            continue;
        }
        found.rows += 1;
        let name = cells.first().cloned().unwrap_or_default();
        let mut tell = |what: String| found.faults.push(format!("docs/rfc7143.md, {name}: {what}"));
        if cells.len() != columns.len() {
            tell(format!(
                "has {} cells below {} headings",
                cells.len(),
                columns.len()
            ));
            continue;
        }
        let named: Vec<&str> = cells[tests].split('`').skip(1).step_by(2).collect();
        let state = of(&["state"]).map(|at| cells[at].as_str());
        match state {
            Some("not yet") => {}
            Some("works" | "refused") | None if named.is_empty() => tell("names no test".to_owned()),
            Some("works" | "refused") | None => {}
            Some(other) => tell(format!("{other:?} is no state")),
        }
        for test in named {
            if let Err(why) = proofs.find(test) {
                tell(why);
            }
        }
    }
    found
}

/// The cells of a table's line; `\|` is no border.
fn cells(line: &str) -> Option<Vec<String>> {
    let inside = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let hidden = inside.replace("\\|", "\u{0}");
    Some(
        hidden
            .split('|')
            .map(|cell| cell.trim().replace('\u{0}', "|"))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_name_tests_that_exist() {
        let page = "# x\n| a | b |\n|---|---|\n| no tests | here |\n\n\
                    | clause | who | state | tests |\n|---|:--|---|---|\n\
                    | 1.1 a\\|b | both | works | `equality one` |\n| 1.2 | both | works | |\n| 1.3 | both | not yet | |\n\
                    | 1.4 | target | works | `equality one`, `equality two` |\n| 1.5 | target | partly | `equality one` |\n| 1.6 | works | |\n";
        let proofs = Proofs::with_sections(&["one"]);
        let found = read(page, &proofs);
        assert_eq!(found.rows, 6);
        assert_eq!(
            found.faults,
            [
                "docs/rfc7143.md, 1.2: names no test",
                "docs/rfc7143.md, 1.4: the equality script has no section \"two\"",
                "docs/rfc7143.md, 1.5: \"partly\" is no state",
                "docs/rfc7143.md, 1.6: has 3 cells below 4 headings",
            ]
        );
    }
}
