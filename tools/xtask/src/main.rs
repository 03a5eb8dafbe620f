//! Tasks around the build: `cargo xtask help` lists them.

fn main() {}
