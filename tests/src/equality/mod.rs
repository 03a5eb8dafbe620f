//! The equality script: the same commands on two endpoints, and what they did as a text that can be compared.
//!
//! Owns the grammar of the scripts ([`Step`]; the tables themselves are `tests/equality/script.txt` and `bnx2i.txt`, one for each
//! [`Class`] of adapters), their runner ([`run()`]) and what is
//! normalised ([`Normal`]), the orders to card and target ([`Order`]), and the comparison ([`compare()`]). A run must not know which endpoint is emulated. What is normalised
//! and which differences are known: `docs/equality.md`.

mod answers;
mod ask;
mod class;
mod compare;
mod daemon;
mod forward;
mod listen;
mod normal;
mod outside;
mod run;
mod script;
mod tree;

pub use answers::{Answer, answers, missing};
pub use class::Class;
pub use compare::{Found, Known, compare, known};
pub use daemon::Act;
pub use forward::forward;
pub use normal::Normal;
pub use outside::{Here, Line, Order, Outside, no_helper};
pub use run::{Setup, run};
pub use script::{Step, parse};
