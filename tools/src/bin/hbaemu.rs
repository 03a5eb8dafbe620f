//! The `hbaemu` binary.

fn main() {}
