//! The program.

use std::process::ExitCode;

use clap::Parser as _;
use iscsiuio::daemon::{Options, run};

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(code) => code,
        Err(error) => {
            terminal::plain_error(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}
