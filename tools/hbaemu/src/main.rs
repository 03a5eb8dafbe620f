//! The `hbaemu` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    hbaemu::hbaemu(std::env::args_os())
}
