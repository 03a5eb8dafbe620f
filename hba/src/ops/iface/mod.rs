//! Interfaces: list, show, set (stages), unset, apply (sends). What is staged is kept in `stage`.

mod apply;
mod check;
mod helped;
mod list;
mod set;
mod stage;

pub use apply::apply;
pub(super) use helped::kept_address;
pub(super) use list::unstaged;
pub use list::{list, show};
pub use set::{set, unset};

#[cfg(test)]
mod tests;
