//! The driver's parameters: show, set (a file for modprobe), translate old names. The table is in [`crate::quirks::module`].

mod fragment;
mod set;
mod show;
mod translate;

pub use set::{ModuleOptions, set};
pub use show::show;
pub use translate::{Translation, translate};

#[cfg(test)]
mod tests;
