//! The equality script: the same commands on two endpoints, and what they did as a text that can be compared.
//!
//! Owns the script's grammar ([`Step`], the table itself is `tests/equality/script.txt`), its runner ([`run()`]) and what is
//! normalised ([`Normal`]). Must not know which endpoint is emulated. What is normalised and why: `docs/testing.md`.

mod ask;
mod listen;
mod normal;
mod run;
mod script;
mod tree;

pub use normal::Normal;
pub use run::{Setup, run};
pub use script::{SCRIPT, Step, parse};
