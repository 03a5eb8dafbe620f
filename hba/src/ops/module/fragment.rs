//! The file for modprobe that is ours: one `options` line. Owns its form; must not know what the options mean.
//!
//! Source: modprobe.d(5).

use std::collections::BTreeMap;

/// The driver.
pub(super) const MODULE: &str = "qla4xxx";
const HEAD: &str =
    "# Written by `hbactl module set`, which reads it again: other lines than `options` are refused.\n";

/// Options by name.
pub(super) type Options = BTreeMap<String, String>;

/// Reads our file; the line that is not ours when there is one.
pub(super) fn parse(text: &str) -> Result<Options, String> {
    let mut options = Options::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let given = of_line(line).ok_or_else(|| line.to_owned())?;
        for option in given {
            let (name, value) = option.split_once('=').ok_or_else(|| line.to_owned())?;
            options.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(options)
}

/// The options of an `options qla4xxx …` line.
fn of_line(line: &str) -> Option<impl Iterator<Item = &str>> {
    let mut words = line.split_whitespace();
    (words.next() == Some("options") && words.next() == Some(MODULE)).then_some(words)
}

/// What a file that may be anybody's sets for the driver.
pub(super) fn mentioned(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter_map(of_line);
    let names = lines
        .flatten()
        .filter_map(|option| Some(option.split_once('=')?.0.to_owned()));
    names.collect()
}

/// The file's text; nothing when there is nothing to set.
pub(super) fn write(options: &Options) -> String {
    let given: Vec<String> = options
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if given.is_empty() {
        return HEAD.to_owned();
    }
    format!("{HEAD}options {MODULE} {}\n", given.join(" "))
}
