//! The command line `hbactl`: arguments, commands, views.
//!
//! Owns what people type and see. It must not know kernel bytes, nor that there is an emulator: everything goes through [`hba`].

#![forbid(unsafe_code)]

pub mod args;
mod cmd;
pub mod exit;
mod interrupt;
mod output;
mod progress;
mod prompt;
mod report;
mod run;
pub mod schema;
mod secret;
mod view;

pub use run::hbactl;
