//! What people type: one module a noun. Owns names, help and ranges; values are checked by [`hba`].

pub mod adapter;
pub mod boot;
pub mod chap;
pub mod discover;
pub mod event;
pub mod flash;
mod global;
pub mod iface;
pub mod lun;
pub mod module;
pub mod node;
mod noun;
mod number;
pub mod persistent;
pub mod portal;
pub mod record;
pub mod refused;
pub mod session;
pub mod stats;
pub mod target;

pub use global::{AdapterArg, Format, Global};
pub use noun::{Cli, Noun};
pub(crate) use number::{number, number16};
pub use refused::command;
