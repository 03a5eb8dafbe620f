//! The `hbactl` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    tools::hbactl(std::env::args_os())
}
