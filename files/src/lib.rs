//! The one room that opens files for everybody: what is ours ([`Dir`], [`Lock`]), what somebody names ([`Input`], [`Output`],
//! [`existing`], [`create_new`]).
//!
//! Owns the rules: a directory of ours belongs to us and nobody else writes there; names in it are opened relative to a handle and
//! no link is followed; what is new is made exclusively, for the owner only, whatever the umask; what is replaced is replaced whole;
//! opening never blocks; a block device that is in use is left alone. It must not know what is in a file.
//!
//! Source: openat(2), `O_EXCL` on block devices in open(2), rename(2), flock(2), fifo(7).

#![forbid(unsafe_code)]

mod dir;
mod error;
mod input;
mod kind;
mod lock;
mod named;
mod output;
mod shared;
mod temporary;
mod tree;
mod walk;

pub use dir::Dir;
pub use error::{Error, Result, Why};
pub use input::{Input, read_limited};
pub use kind::Kind;
pub use lock::Lock;
pub use named::{Access, again, create_new, existing, overwrite, unit};
pub use output::{Existing, Output};
pub use tree::Found;

#[cfg(test)]
mod tests;
