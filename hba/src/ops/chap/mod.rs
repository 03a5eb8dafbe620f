//! CHAP table: list, show, add, set, remove. Reading is in `table`, changing in `change`.

mod change;
mod table;

pub use change::{NewChap, add, remove, set};
pub(super) use table::records;
pub use table::{list, show};

#[cfg(test)]
mod tests;
