//! Boot configuration: show, set, clear. The bytes are in `nvram`.

mod change;
mod nvram;
mod show;

pub use change::{BootSettings, clear, set};
pub(super) use show::names;
pub use show::show;

#[cfg(test)]
mod tests;
