//! Fuzz bodies: what a fuzzer's bytes are made to mean, and what must hold whatever they are.
//!
//! Compiled for tests and under `cfg(fuzzing)` only. The fuzzer itself stands outside the workspace (`fuzz/`); the corpus it left
//! is replayed by `iscsi`'s own tests. A body panics when a rule is broken; it must not know the fuzzer.
#![allow(clippy::unwrap_used, reason = "a body reports a broken rule by panicking")]

mod books;
mod framing;
mod initiator;
mod isns;
mod login_text;
mod script;
mod target;
#[cfg(test)]
mod tests;

pub use framing::framing;
pub use initiator::initiator;
pub use isns::isns;
pub use login_text::login_text;
pub use target::target;
