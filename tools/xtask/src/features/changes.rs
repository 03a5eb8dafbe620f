//! The changelog: what it says of the version to come is in the ledger.
//!
//! Owns the convention: a line item of `[Unreleased]` ends with a comment that names its entries, `<!-- A13 flash-journal -->`.

use super::ledger::Ledger;

/// Items that name no entry, or one that does not exist.
pub(super) fn faults(text: &str, ledger: &Ledger) -> Vec<String> {
    let mut faults = Vec::new();
    for item in items(text) {
        let begin: String = item.chars().take(60).collect();
        let Some(ids) = named(&item) else {
            faults.push(format!("CHANGELOG.md: {begin:?} names no entry of the ledger"));
            continue;
        };
        for id in ids.split_whitespace().filter(|id| !ledger.has(id)) {
            faults.push(format!(
                "CHANGELOG.md: {begin:?} names {id}, which is no entry of the ledger"
            ));
        }
    }
    faults
}

fn named(item: &str) -> Option<&str> {
    let (_, comment) = item.rsplit_once("<!--")?;
    let ids = comment.trim_end().strip_suffix("-->")?.trim();
    (!ids.is_empty()).then_some(ids)
}

/// The line items of `[Unreleased]`, each with the lines that belong to it.
fn items(text: &str) -> Vec<String> {
    let section = text.split_once("## [Unreleased]").map_or("", |(_, after)| after);
    let mut items: Vec<String> = Vec::new();
    for line in section.lines().take_while(|line| !line.starts_with("## ")) {
        if let Some(item) = line.strip_prefix("- ") {
            items.push(item.to_owned());
        } else if let (Some(rest), Some(last)) = (line.strip_prefix("  "), items.last_mut()) {
            last.push(' ');
            last.push_str(rest.trim());
        }
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_names_entries_that_exist() {
        let ledger = "[[section]]\ntitle = \"One\"\nrows = [\"A1\"]\n\
                      [[feature]]\nid = \"A1\"\ntitle = \"t\"\nstate = \"works\"\ndoes = \"d\"\ntests = [\"x y\"]\n";
        let ledger = Ledger::parse(ledger).unwrap().0;
        let text = "# Changelog\n\n- before\n\n## [Unreleased]\n\n### Added\n\n- good <!-- A1 -->\n- over two\n  lines <!-- A1 -->\n\
                    - none\n- empty <!-- -->\n- other <!-- A1 B2 -->\n\n## [0.1.0]\n\n- old\n";
        assert_eq!(
            faults(text, &ledger),
            [
                "CHANGELOG.md: \"none\" names no entry of the ledger",
                "CHANGELOG.md: \"empty <!-- -->\" names no entry of the ledger",
                "CHANGELOG.md: \"other <!-- A1 B2 -->\" names B2, which is no entry of the ledger",
            ]
        );
    }
}
