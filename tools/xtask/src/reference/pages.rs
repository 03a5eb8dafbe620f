//! The pages of `docs/reference`: command lines, exit codes, keys of records and schemas, written from the tables the programs use.
//!
//! Owns what the pages look like. `cargo xtask reference` writes them, a test compares them.

use std::fmt::Write;

use clap::{Command, CommandFactory};
use hbactl::{exit, schema, status};

/// The directory of the pages, below the root of the sources.
pub(super) const DIR: &str = "docs/reference";

/// Every page: its path below [`DIR`] and its text.
pub(super) fn all() -> Vec<(String, String)> {
    let mut pages = vec![
        (
            "hbactl.md".to_owned(),
            commands("hbactl", hbactl::args::command()),
        ),
        ("hbaemu.md".to_owned(), commands("hbaemu", hbaemu::Cli::command())),
        ("exit-codes.md".to_owned(), exit::page()),
        ("status.md".to_owned(), status::page()),
        ("records.md".to_owned(), super::records::page()),
    ];
    for answer in schema::ANSWERS {
        let mut text = serde_json::to_string_pretty(&answer.schema()).unwrap_or_default();
        text.push('\n');
        pages.push((format!("schema/{}.json", answer.kind), text));
    }
    pages
}

/// The help of a command and of all below it.
fn commands(name: &str, command: Command) -> String {
    // The width must not depend on the terminal that writes the pages.
    let mut command = command.term_width(100).disable_help_subcommand(true);
    command.build();
    let mut text = format!("# {name}\n\nWritten by `cargo xtask reference` from the program's own help.\n");
    help(&mut text, name, &mut command);
    text
}

fn help(text: &mut String, name: &str, command: &mut Command) {
    // Global options stand once, at the top.
    let mut alone = command.clone().bin_name(name);
    if name.contains(' ') {
        alone = alone.mut_args(|arg| {
            let global = arg.is_global_set();
            arg.hide(global)
        });
    }
    let shown = alone.render_long_help().to_string();
    let lines: Vec<&str> = shown.lines().map(str::trim_end).collect();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "\n## {name}\n\n```text\n{}\n```\n",
        lines.join("\n").trim_end()
    );
    let subs: Vec<String> = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set())
        .map(|sub| sub.get_name().to_owned())
        .collect();
    for sub in subs {
        if let Some(found) = command.find_subcommand_mut(&sub) {
            help(text, &format!("{name} {sub}"), found);
        }
    }
}
