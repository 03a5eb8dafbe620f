//! The program `hbaemu`: an adapter and a target made of software.
//!
//! Owns what people type and see. It must not know how an adapter or a target works: that is the emulator's own crates.

#![forbid(unsafe_code)]

mod adapter;
mod args;
mod fault;
mod flash;
mod isns;
mod load;
mod loopback;
mod lun;
mod network;
mod pci;
mod serve;
mod target;

use std::ffi::OsString;
use std::process::ExitCode;

pub use args::Cli;
use args::Command;

/// Runs `hbaemu` with these arguments (the program's name first).
pub fn hbaemu(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match Cli::read(&args) {
        Ok(cli) => cli,
        Err(error) => {
            let code = if error.use_stderr() { 2 } else { 0 };
            terminal::usage(&error, &args);
            return code.into();
        }
    };
    let level = [tracing::Level::WARN, tracing::Level::INFO, tracing::Level::DEBUG];
    let level = level
        .get(usize::from(cli.verbose))
        .copied()
        .unwrap_or(tracing::Level::TRACE);
    let _log = terminal::log::through_a_thread(level);
    let done = match &cli.command {
        Command::Serve(serve) => serve::run(serve),
        Command::Pci(pci) => pci::run(pci),
        Command::Target(target) => target::run(target),
        Command::Isns(isns) => isns::run(isns),
        Command::Load(load) => load::run(load),
        Command::Loopback(loopback) => loopback::run(loopback),
        Command::Flash(flash) => flash::run(flash),
        Command::Lun(lun) => lun::run(lun),
        Command::Fault(fault) => fault::run(fault),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::plain_error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Prints the one line that says that a server can be used, and pushes it through a pipe at once. What is not ours in it is made
/// printable.
fn ready(line: &str) -> anyhow::Result<()> {
    use std::io::Write;
    let mut out = terminal::stdout();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// Prints a document.
fn document(value: &impl serde::Serialize) -> anyhow::Result<()> {
    ready(&terminal::printable::json(&serde_json::to_string_pretty(value)?))
}
