//! Commands about `hbactl` itself: schema, completions, man pages.

use std::fs;
use std::io::Write;
use std::path::Path;

use clap::Command;
use clap_complete::Shell;
use hba::{Error, Kind};
use terminal::stdout;

use crate::args;
use crate::output::Done;
use crate::schema::{ANSWERS, answer};

/// The JSON schema of one answer, or the names of all.
pub(crate) fn schema(name: Option<&str>) -> Done {
    let mut out = stdout();
    let Some(name) = name else {
        for answer in ANSWERS {
            writeln!(out, "{}", answer.kind)?;
        }
        return Ok(out.flush()?);
    };
    let Some(answer) = answer(name) else {
        return Err(Error::new(Kind::NotFound, format!("show the schema of {name:?}"))
            .answered("there is no such answer")
            .hint("hbactl schema lists their names")
            .into());
    };
    serde_json::to_writer_pretty(&mut out, &answer.schema()).map_err(std::io::Error::from)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

/// A completion script.
pub(crate) fn completions(shell: Shell) -> Done {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "hbactl", &mut script);
    let mut out = stdout();
    out.write_all(&script)?;
    Ok(out.flush()?)
}

/// One page a command, `hbactl-NOUN-VERB.1`.
pub(crate) fn man(command: &Command, dir: &Path) -> Done {
    let tried = || format!("write man pages to {}", dir.display());
    fs::create_dir_all(dir).map_err(|error| Error::io(tried(), &error))?;
    let mut command = command.clone().disable_help_subcommand(true);
    command.build();
    page(&command, "hbactl", dir).map_err(|error| Error::io(tried(), &error))?;
    Ok(())
}

fn page(command: &Command, name: &str, dir: &Path) -> std::io::Result<()> {
    let leaked: &'static str = Box::leak(name.to_owned().into_boxed_str());
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone().name(leaked)).render(&mut text)?;
    fs::write(dir.join(format!("{name}.1")), text)?;
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        page(sub, &format!("{name}-{}", sub.get_name()), dir)?;
    }
    Ok(())
}
