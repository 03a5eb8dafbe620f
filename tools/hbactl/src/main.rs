//! The `hbactl` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    hbactl::hbactl(std::env::args_os())
}
