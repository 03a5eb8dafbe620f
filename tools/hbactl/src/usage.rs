//! What is wrong with a command line, for people and for programs.
//!
//! Owns how clap's words become an error, and that nothing is repeated that may be a secret. It must not know any command.

use std::ffi::OsString;

use clap::error::ErrorKind;
use hba::{Error, Kind};

use crate::report;

/// Whether the arguments, which were not understood, ask for JSON.
pub(crate) fn wants_json(args: &[OsString]) -> bool {
    let words: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    let mut json = false;
    for (at, word) in words.iter().enumerate().skip(1) {
        let value = if *word == "--" {
            break;
        } else if let Some(long) = word.strip_prefix("--output") {
            long.strip_prefix('=').or((long.is_empty()).then_some(""))
        } else if word.starts_with('-') && !word.starts_with("--") {
            // `-v`, `-q` and the like may stand before it.
            let short = word.trim_start_matches('-').trim_start_matches('v');
            short.strip_prefix('o').map(|value| value.trim_start_matches('='))
        } else {
            None
        };
        match value {
            Some("") => json = words.get(at + 1).is_some_and(|next| *next == "json"),
            Some(value) => json = value == "json",
            None => {}
        }
    }
    json
}

/// Says what clap found, as it was asked for, and gives the exit code. Help that was asked for is no error.
pub(crate) fn told(error: &clap::Error, args: &[OsString]) -> u8 {
    if !error.use_stderr() {
        terminal::usage(error, args);
        return 0;
    }
    // What is wrong there may be a secret: it is not repeated.
    let secret = args.iter().any(|arg| arg == "chap") && error.kind() == ErrorKind::UnknownArgument;
    let failure = if secret {
        Error::new(Kind::Invalid, TRIED)
            .answered("there is an argument that this command does not have")
            .hint("a secret is never taken from the command line: use --secret-file or --secret-stdin")
    } else {
        of(error)
    };
    if wants_json(args) {
        report::error_json(&failure, 2, &[]);
    } else if secret {
        report::error(&failure);
    } else {
        terminal::usage(error, args);
    }
    2
}

const TRIED: &str = "understand the command line";

/// Clap's words as an error of ours: what is wrong, and what may be meant.
fn of(error: &clap::Error) -> Error {
    let text = error.render().to_string();
    let usage = text.lines().find_map(|line| line.strip_prefix("Usage: "));
    let command = usage.map(|usage| {
        let words = usage
            .split(' ')
            .take_while(|word| !word.starts_with(['[', '<', '-']));
        words.collect::<Vec<_>>().join(" ")
    });
    let help = command.map_or_else(
        || "hbactl --help".to_owned(),
        |command| format!("{command} --help"),
    );
    let failure = Error::new(Kind::Invalid, TRIED);
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return failure
            .answered("a part of the command is missing")
            .hint(format!("{help} shows what there is"));
    }
    let said: Vec<&str> = text
        .lines()
        .take_while(|line| !line.starts_with("Usage: ") && !line.starts_with("For more"))
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let (tips, wrong): (Vec<&str>, Vec<&str>) = said.iter().partition(|line| line.starts_with("tip: "));
    let wrong = wrong.join(" ");
    let failure = failure.answered(wrong.strip_prefix("error: ").unwrap_or(&wrong));
    match tips.first().and_then(|tip| tip.strip_prefix("tip: ")) {
        Some(tip) => failure.hint(format!("{tip}; {help} shows what there is")),
        None => failure.hint(format!("{help} shows what there is")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(words: &[&str]) -> bool {
        let args: Vec<OsString> = ["hbactl"].iter().chain(words).map(OsString::from).collect();
        wants_json(&args)
    }

    #[test]
    fn json_is_asked_for_in_every_spelling_that_is_understood() {
        for words in [
            &["-o", "json", "x"][..],
            &["x", "-ojson"],
            &["-o=json"],
            &["--output", "json"],
            &["--output=json"],
            &["-vo", "json"],
            &["-o", "table", "-o", "json"],
        ] {
            assert!(asks(words), "{words:?}");
        }
        for words in [
            &["x"][..],
            &["-o", "plain"],
            &["--", "-o", "json"],
            &["-o"],
            &["--outputs=json"],
        ] {
            assert!(!asks(words), "{words:?}");
        }
    }
}
