//! The `hbactl` binary.

fn main() {}
