//! The pages of docs/reference are what the programs say; every command teaches.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use clap::{Command, CommandFactory};

use super::pages;
use crate::workspace::root;

fn dir() -> PathBuf {
    root().join(pages::DIR)
}

#[test]
fn reference_pages_are_up_to_date() {
    for (name, text) in pages::all() {
        let path = dir().join(&name);
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == text,
            "{} is stale; `cargo xtask reference` writes it",
            path.display()
        );
    }
}

#[test]
fn no_schema_stays_behind_for_an_answer_that_is_gone() {
    let known: BTreeSet<String> = pages::all().into_iter().map(|(name, _)| name).collect();
    for entry in fs::read_dir(dir().join("schema")).unwrap() {
        let name = format!("schema/{}", entry.unwrap().file_name().to_string_lossy());
        assert!(known.contains(&name), "{name} belongs to no answer");
    }
}

fn leaves(path: &str, command: &Command, found: &mut Vec<(String, Command)>) {
    let mut any = false;
    for sub in command.get_subcommands() {
        any = true;
        leaves(&format!("{path} {}", sub.get_name()), sub, found);
    }
    if !any {
        found.push((path.to_owned(), command.clone()));
    }
}

#[test]
fn every_command_has_a_purpose_of_one_line_and_an_example() {
    let mut all = Vec::new();
    leaves("hbactl", &hbactl::args::command(), &mut all);
    leaves("hbaemu", &hbaemu::Cli::command(), &mut all);
    assert!(all.len() > 40, "{} commands", all.len());
    for (path, command) in all {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(!about.is_empty() && !about.contains('\n'), "{path}: {about:?}");
        let after = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        assert!(
            after.contains(&path) || after.contains("Example") || path == "hbaemu fault",
            "{path} has no example"
        );
    }
}

#[test]
fn every_example_is_a_command_line_that_is_understood() {
    let mut all = Vec::new();
    leaves("hbactl", &hbactl::args::command(), &mut all);
    for (path, command) in all {
        let after = command
            .get_after_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        let Some(example) = after.lines().find_map(|line| line.strip_prefix("Example: ")) else {
            continue;
        };
        let words = example
            .split_whitespace()
            .take_while(|word| !matches!(*word, "|" | ">" | "<"));
        if let Err(error) = hbactl::args::command().try_get_matches_from(words) {
            panic!("{path}: {example}: {error}");
        }
    }
}
