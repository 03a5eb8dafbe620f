//! Answers that stand in a kernel's source, and a transcript that must have them.
//!
//! Owns the reading of the table (`docs/equality.md`, the rows below "Answers of a bnx2i port") and the looking up. It must not know which
//! side wrote the transcript.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};

use super::compare::{PAGE, matches, rows};

/// The heading above the table.
const HEADING: &str = "### Answers of a bnx2i port";
/// Whose answers these can be.
const FILES: &[&str] = &[
    "bnx2i_iscsi.c",
    "bnx2i_hwi.c",
    "bnx2i_init.c",
    "bnx2i_sysfs.c",
    "cnic.c",
    "scsi_transport_iscsi.c",
    "libiscsi.c",
];

/// After this command in this section stands a line of this kind; why, the kernel's source tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    section: String,
    /// The command as the transcript has it, without `$ `.
    pub command: String,
    /// `#` stands for a number, `…` for anything. In a tree the object and a blank come before the attribute.
    line: String,
    /// There is no such line.
    absent: bool,
}

/// The table of the page.
///
/// # Errors
/// A row that cannot be read, or names no file and symbol.
pub fn answers() -> Result<Vec<Answer>> {
    table(PAGE)
}

fn table(page: &str) -> Result<Vec<Answer>> {
    let rows = rows(page, HEADING)?;
    rows.iter()
        .map(|cells| read_row(cells).with_context(|| cells.join(" | ")))
        .collect()
}

fn read_row(cells: &[&str]) -> Result<Answer> {
    let [section, command, line, source] = cells else {
        anyhow::bail!("a row has four cells");
    };
    let places: Vec<&str> = source.split(", ").collect();
    let named = places.iter().all(|place| {
        place.split_once(": ").is_some_and(|(file, symbol)| {
            let symbol = symbol
                .strip_prefix('`')
                .and_then(|symbol| symbol.strip_suffix('`'));
            FILES.contains(&file) && symbol.is_some_and(|symbol| !symbol.is_empty())
        })
    });
    ensure!(named, "{source:?} names no file of the kernel and its symbol");
    let code = |cell: &str| cell.trim_matches('`').to_owned();
    let there = line.strip_prefix("no ");
    Ok(Answer {
        section: (*section).to_owned(),
        command: code(command),
        line: code(there.unwrap_or(line)),
        absent: there.is_some(),
    })
}

/// The answers that a transcript has not.
#[must_use]
pub fn missing<'a>(transcript: &str, answers: &'a [Answer]) -> Vec<&'a Answer> {
    let (mut asked, mut found) = (BTreeSet::new(), BTreeSet::new());
    let (mut section, mut command, mut object) = ("", "", "");
    for line in transcript.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            section = name;
        } else if let Some(words) = line.strip_prefix("$ ") {
            (command, object) = (words, "");
            asked.insert((section, command));
        } else {
            let text = line.trim().trim_end_matches(',');
            let attribute = format!("{object} {text}");
            let here = answers.iter().enumerate();
            let here = here.filter(|(_, a)| a.section == section && a.command == command);
            let these = here.filter(|(_, a)| matches(&a.line, text) || matches(&a.line, &attribute));
            found.extend(these.map(|(n, _)| n));
            if command == "tree" && !line.starts_with(' ') {
                object = line;
            }
        }
    }
    let as_it_is = |(n, answer): &(usize, &Answer)| {
        let place = (answer.section.as_str(), answer.command.as_str());
        asked.contains(&place) && found.contains(n) != answer.absent
    };
    let all = answers.iter().enumerate();
    all.filter(|answer| !as_it_is(answer))
        .map(|(_, answer)| answer)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "### Answers of a bnx2i port\n\n| section | command | answer | source |\n|---|---|---|---|\n\
                        | a | `tree` | `class/x/hostA netdev 444 …` | bnx2i_iscsi.c: `bnx2i_host_get_param` |\n\
                        | b | `daemon lost SID` | `ConnFailed` | bnx2i_hwi.c: `bnx2i_indicate_netevent`, libiscsi.c: `iscsi_conn_failure` |\n\
                        | a | `tree` | no `class/x/hostA port_state…` | bnx2i_iscsi.c: `bnx2i_attr_is_visible` |\n";

    #[test]
    fn an_answer_counts_only_after_its_command_in_its_section() {
        let answers = table(PAGE).unwrap();
        let whole = "\n=== a\n\n$ tree\nclass/x/hostA\n  netdev 444 \"eth\"\n\n=== b\n\n$ daemon lost SID\nConnFailed\n";
        assert_eq!(missing(whole, &answers), Vec::<&Answer>::new());
        let others = [
            // Nobody looked for what is not there either.
            ("=== a", "=== c", 2),
            ("hostA", "hostB", 1),
            ("444", "644", 1),
            ("lost SID", "end SID", 1),
            ("\"eth\"", "\"eth\"\n  port_state 444 \"up\"", 1),
        ];
        for (from, to, lacking) in others {
            let other = whole.replace(from, to);
            assert_eq!(missing(&other, &answers).len(), lacking, "{from} is {to}");
        }
        assert_eq!(
            missing(&whole.replace("ConnFailed", "NopTimedout"), &answers).len(),
            1
        );
    }

    #[test]
    fn an_answer_without_file_and_symbol_is_none() {
        for source in ["bnx2i_iscsi.c", "bnx2i_iscsi.c: symbol", "hbactl: `symbol`", ""] {
            let page = PAGE.replace("bnx2i_iscsi.c: `bnx2i_host_get_param`", source);
            assert!(table(&page).is_err(), "{source:?}");
        }
    }

    #[test]
    fn the_pages_table_can_be_read() {
        assert!(answers().unwrap().len() > 30);
    }
}
