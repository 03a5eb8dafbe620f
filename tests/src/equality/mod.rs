//! The equality script: the same commands on two endpoints, and what they did as a text that can be compared.
//!
//! Owns the script's grammar ([`Step`], the table itself is `tests/equality/script.txt`), its runner ([`run()`]) and what is
//! normalised ([`Normal`]), the orders to card and target ([`Order`]), and the comparison ([`compare()`]). A run must not know which endpoint is emulated. What is normalised
//! and which differences are known: `docs/equality.md`.

mod ask;
mod compare;
mod forward;
mod listen;
mod normal;
mod outside;
mod run;
mod script;
mod tree;

pub use compare::{Found, Known, compare, known};
pub use forward::forward;
pub use normal::Normal;
pub use outside::{Here, Line, Order, Outside};
pub use run::{Setup, run};
pub use script::{SCRIPT, Step, parse};
