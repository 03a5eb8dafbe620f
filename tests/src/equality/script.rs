//! The script's grammar. Must not know how a step is done.

use anyhow::{Context, Result, bail};

use super::daemon::Act;
use super::outside::Order;

/// The steps for the card with two ports.
pub(super) const QLA4XXX: &str = include_str!("../../equality/script.txt");
/// The steps for one port of the bnx2i class.
pub(super) const BNX2I: &str = include_str!("../../equality/bnx2i.txt");

/// The format of which only the exit code is written: what is said is a matter of time.
pub(super) const QUIETLY: &str = "quietly";

/// One line of the script. Words still hold their `$NAMES`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A heading; the events since the last one are written out before it.
    Section(String),
    /// `hbactl -o FORMAT WORDS…`.
    Hbactl {
        /// `json`, `plain` or `quietly`.
        format: &'static str,
        /// The arguments.
        words: Vec<String>,
        /// Repeat until the answer is a list of so many elements.
        until: Option<usize>,
    },
    /// Repeats a command until a JSON pointer finds this value in its answer.
    Until {
        /// The pointer, from `data` on.
        pointer: String,
        /// The value, as text.
        value: String,
        /// The arguments.
        words: Vec<String>,
    },
    /// Something that happens outside of the kernel.
    Outside(Order),
    /// Something that a daemon does, for adapters that do not log in themselves: the words and what they mean.
    Daemon(String, Act),
    /// Remembers what a JSON pointer finds in the last answer.
    Keep {
        /// The name, without the dollar.
        name: String,
        /// The pointer, from `data` on.
        pointer: String,
    },
    /// Makes a file of a known pattern.
    File {
        /// Its name in the scratch directory.
        name: String,
        /// Its length in bytes.
        bytes: usize,
    },
    /// Compares two files.
    Same(String, String),
    /// A netlink request of the runner's own.
    Netlink {
        /// Its name in the table of requests.
        name: String,
        /// Its numbers.
        numbers: Vec<String>,
    },
    /// Writes out the tree.
    Tree,
}

/// Reads a script.
///
/// # Errors
/// The line that is not a step, and why.
pub fn parse(text: &str) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        steps.push(step(line).with_context(|| format!("line {}: {line}", n + 1))?);
    }
    Ok(steps)
}

fn step(line: &str) -> Result<Step> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let mut words = rest.split_whitespace().map(str::to_owned);
    let mut next = |what: &str| words.next().with_context(|| format!("{what} is missing"));
    Ok(match verb {
        "section" => Step::Section(rest.to_owned()),
        "hbactl" | "plain" | "quietly" => Step::Hbactl {
            format: match verb {
                "hbactl" => "json",
                "plain" => "plain",
                _ => QUIETLY,
            },
            words: words.collect(),
            until: None,
        },
        "await" => {
            let until = next("number")?.parse().context("not a number")?;
            Step::Hbactl {
                format: "json",
                words: words.collect(),
                until: Some(until),
            }
        }
        "until" => Step::Until {
            pointer: next("pointer")?,
            value: next("value")?,
            words: words.collect(),
        },
        "card" | "target" | "unit" | "helper" => Step::Outside(Order::parse(line)?),
        "daemon" => Step::Daemon(rest.to_owned(), Act::parse(&words.collect::<Vec<_>>())?),
        "keep" => Step::Keep {
            name: next("name")?,
            pointer: next("pointer")?,
        },
        "file" => Step::File {
            name: next("name")?,
            bytes: next("length")?.parse().context("not a number")?,
        },
        "same" => Step::Same(next("file")?, next("file")?),
        "netlink" => Step::Netlink {
            name: next("request")?,
            numbers: words.collect(),
        },
        "tree" => Step::Tree,
        other => bail!("{other} is no step"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_has_every_noun_and_300_commands() {
        let steps = parse(QLA4XXX).unwrap();
        let commands: Vec<_> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Hbactl { words, .. } | Step::Until { words, .. } => Some(words),
                _ => None,
            })
            .collect();
        assert!(commands.len() >= 300, "{}", commands.len());
        let plain: Vec<String> = commands
            .iter()
            .map(|words| {
                let words: Vec<&str> = words
                    .iter()
                    .map(String::as_str)
                    .filter(|w| *w != "--dry-run")
                    .collect();
                words.join(" ") + " "
            })
            .collect();
        // Nouns and verbs as `hbactl --help` has them; whoever adds a verb adds it to the script.
        for verb in include_str!("../../equality/verbs.txt").lines() {
            let run = plain.iter().any(|words| words.starts_with(&format!("{verb} ")));
            assert!(run, "the script never runs hbactl {verb}");
        }
    }

    #[test]
    fn a_line_that_is_no_step_is_named() {
        let error = parse("section a\nfrobnicate\n").unwrap_err();
        assert!(format!("{error:#}").contains("line 2: frobnicate"), "{error:#}");
        assert!(parse("await soon session list").is_err());
        assert!(parse("keep X").is_err());
    }
}
