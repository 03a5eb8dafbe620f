//! The command line `hbactl`: arguments, commands, views.
//!
//! Owns what people type and see. It must not know kernel bytes, nor that there is an emulator: everything goes through [`hba`].

#![forbid(unsafe_code)]

pub mod args;
mod assigned;
mod cmd;
mod envelope;
pub mod exit;
mod home;
mod interactive;
mod interrupt;
mod output;
mod progress;
mod prompt;
mod report;
mod run;
pub mod schema;
mod secret;
pub mod status;
mod usage;
mod view;
mod words;

pub use home::home;
pub use run::hbactl;
