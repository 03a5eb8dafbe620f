//! The `hbaemu` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    tools::hbaemu::hbaemu(std::env::args_os())
}
