//! The page of the keys of records, from the table that reads and writes them.

use std::fmt::Write;

use hba::nodes::Version;
use hba::nodes::key::{Key, TABLE};

/// The parts of the page: what their keys begin with, heading, what is to be said of them.
const PARTS: [(&str, &str, &str); 6] = [
    ("node.session.", "Sessions", ""),
    (
        "node.conn[0].",
        "Connections",
        "The index is always 0: a session has one connection.",
    ),
    ("node.", "Targets", ""),
    (
        "iface.",
        "Interfaces",
        "A record of an interface has the keys of one family, IPv4 or IPv6, and those of both. 0 and nothing stand for what is not said. \
         Records of targets have copies.",
    ),
    (
        "discovery.",
        "Discovery",
        "Records of iSNS servers have their address under the names of SendTargets, too.",
    ),
    ("iscsid.", "The stock daemon", ""),
];

const HEAD: &str = "\
# Keys of records

Written by `cargo xtask reference` from the table that reads and writes records.

A record is a text of lines `key = value` between `# BEGIN RECORD VERSION` and `# END RECORD`, as open-iscsi has them: a key ends at a
blank, behind it stands `=`, the rest of the line is the value without the blanks around it. A line without a value, or without a blank
before `=`, counts for nothing; of several lines of one key the last one counts. An empty value is not written. Keys that are not in this
table stay as they are. iscsid.conf is read by the same rules; there a line whose value cannot be used is left out.

- **records**: where the key stands. What stands in `iscsid.conf` is what new records begin with.
- **default**: what open-iscsi's code takes where nothing is said; in brackets what the `iscsid.conf` says that it ships, where that differs.
- **sent**: parameters of the kernel and keys of the login text that the value becomes; `-` is kept by user space.
- A key of a later version has that version behind its name. Programs before 2.1.12 refuse to list records with a key that they do not know,
  so new records are written with the keys of 2.1.8 unless the installed version is known.
";

/// The page.
pub(super) fn page() -> String {
    let mut text = HEAD.to_owned();
    for (begin, heading, words) in PARTS {
        let mut part = String::new();
        for key in TABLE.iter().filter(|key| of(key) == Some(begin)) {
            part.push_str(&row(key));
        }
        // Writing to a string does not fail.
        let _ = write!(text, "\n## {heading}\n\n");
        if !words.is_empty() {
            let _ = write!(text, "{words}\n\n");
        }
        text.push_str("| key | records | value | default | sent | what it is |\n|---|---|---|---|---|---|\n");
        text.push_str(&part);
    }
    text
}

/// The part that a key stands in.
fn of(key: &Key) -> Option<&'static str> {
    PARTS
        .iter()
        .map(|part| part.0)
        .find(|begin| key.name.starts_with(begin))
}

fn row(key: &Key) -> String {
    let objects: Vec<_> = key.objects.iter().map(|object| object.to_string()).collect();
    let mut name = format!("`{}`", key.name);
    if key.since > Version::BASE {
        let _ = write!(name, " ({})", key.since);
    }
    let mut default = key.code_default.unwrap_or("-").to_owned();
    if let Some(shipped) = key
        .shipped_default
        .filter(|shipped| Some(*shipped) != key.code_default)
    {
        let _ = write!(default, " ({shipped})");
    }
    if let Some((version, older)) = key.older_default {
        let _ = write!(default, "; {older} before {version}");
    }
    let sent: Vec<_> = key.sent.iter().map(ToString::to_string).collect();
    let sent = if sent.is_empty() {
        "-".to_owned()
    } else {
        sent.join(", ")
    };
    let family = key
        .family()
        .map_or_else(String::new, |family| format!("{family:?} only: ").to_lowercase());
    format!(
        "| {name} | {} | {} | {default} | {sent} | {family}{} |\n",
        objects.join(", "),
        key.kind,
        key.help
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_one_row_of_the_page() {
        let page = page();
        for key in TABLE {
            assert_eq!(
                page.matches(&format!("\n| `{}`", key.name)).count(),
                1,
                "{}",
                key.name
            );
        }
        let rows = page.lines().filter(|line| line.starts_with("| `"));
        assert!(rows.clone().count() == TABLE.len() && rows.clone().all(|row| row.matches('|').count() == 7));
    }
}
