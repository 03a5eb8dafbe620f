//! The command lines `hbactl` and `hbaemu`: arguments, commands, views.
//!
//! Owns what people type and see. It must not know kernel bytes: everything goes through [`hba`] and the emulator's own
//! interfaces.

#![forbid(unsafe_code)]

pub mod args;
mod cmd;
pub mod exit;
pub mod hbaemu;
mod interrupt;
mod output;
mod progress;
mod prompt;
pub mod reference;
mod report;
mod run;
pub mod schema;
mod secret;
mod view;

pub use run::hbactl;
