//! Verbs that are answered and never carried out, from the control plane's table.
//!
//! Owns how they stand among the others. It must not know why they are refused. Source: [`hba::ops::unsupported`].

use clap::{Arg, ArgMatches, Command, CommandFactory};
use hba::ops::unsupported::{NOUNS, VERBS, Verb};

use super::Cli;

/// The whole command line: what can be done, and what is answered with why it cannot.
#[must_use]
pub fn command() -> Command {
    VERBS.iter().fold(Cli::command(), |command, row| {
        if command.find_subcommand(row.noun).is_some() {
            return command.mut_subcommand(row.noun, |noun| noun.subcommand(leaf(row)));
        }
        let about = NOUNS.iter().find(|(noun, _)| *noun == row.noun);
        let about = about.map_or(row.about, |(_, about)| about);
        let noun = Command::new(row.noun)
            .about(format!("{about} (answered with why there is no such thing here)"))
            .subcommand_required(true)
            .arg_required_else_help(true);
        command.subcommand(noun.subcommand(leaf(row)))
    })
}

fn leaf(row: &'static Verb) -> Command {
    // What is said with it does not matter, and is neither judged nor repeated: it may be a secret.
    let rest = Arg::new("rest")
        .num_args(0..)
        .hide(true)
        .allow_hyphen_values(true)
        .trailing_var_arg(true);
    Command::new(row.verb)
        .about(format!("{} (not supported: exit code 4)", row.about))
        .after_help(format!(
            "{}.\nExample: hbactl {} {}",
            row.reason, row.noun, row.verb
        ))
        .arg(rest)
}

/// The row of the verb that was asked for, if it is one of them.
#[must_use]
pub fn asked(matches: &ArgMatches) -> Option<&'static Verb> {
    let (noun, below) = matches.subcommand()?;
    let verb = below.subcommand_name()?;
    VERBS.iter().find(|row| row.noun == noun && row.verb == verb)
}
