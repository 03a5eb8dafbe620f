//! Is a disk in use? What logs out, removes or resets asks here before it does so.
//!
//! Owns what counts as use, and how it is said ([`Use`]); [`guard()`] is the refusal. Must not know how the kernel is asked
//! ([`crate::backend::Backend::stacked`]), nor what is about to be done.

mod find;
mod guard;
mod usage;

pub use find::find;
pub use guard::{guard, uses};
pub(in crate::ops) use guard::{guard_units, remark_root, told};
pub use usage::{Standing, Use};

#[cfg(test)]
mod tests;
