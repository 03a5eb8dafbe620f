//! What programs print for people: answers on stdout, messages and log lines on stderr, and nothing of it that commands a terminal.
//!
//! Owns the two streams and what is printable. It must not know what is said, nor any other crate of ours.

#![forbid(unsafe_code)]

pub mod log;
mod message;
pub mod printable;
mod stdout;

pub use message::{note, plain_error, usage, warning};
pub use stdout::{Stdout, stdout};
