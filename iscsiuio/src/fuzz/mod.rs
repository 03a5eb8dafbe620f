//! Fuzz bodies: what a fuzzer's bytes are made to mean, and what must hold whatever they are.
//!
//! Compiled for tests and under `cfg(fuzzing)` only. The fuzzer itself stands outside the workspace (`fuzz/`); the corpus it left
//! is replayed by this crate's own tests. A body panics when a rule is broken; it must not know the fuzzer.
#![allow(clippy::unwrap_used, reason = "a body reports a broken rule by panicking")]

mod dhcp4;
mod dhcp6;
mod frames;
mod ra;
mod script;
#[cfg(test)]
mod tests;

pub use dhcp4::dhcp4;
pub use dhcp6::dhcp6;
pub use frames::frames;
pub use ra::ra;
