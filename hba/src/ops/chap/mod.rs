//! CHAP table: list, show, add, set, remove, clear. Reading is in `table`, changing in `change`.

mod change;
mod clear;
mod table;

pub use change::{NewChap, add, remove, set};
pub use clear::clear;
pub(super) use table::records;
pub use table::{list, show};

#[cfg(test)]
mod tests;
