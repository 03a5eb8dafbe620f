//! Who owns a session, and what nobody logs in to by himself, on an emulated kernel: numbers that are given again, discoveries that log
//! in, logouts that exclude, commands that are killed at any instant.

mod claims;
mod excluding;
mod kills;
mod owned;

use std::time::Duration;

pub(crate) const IQN: &str = "iqn.2026-11.org.example:owned";
/// Whatever the lab does in the end, it has done by then, on a busy machine too.
pub(crate) const SOON: Duration = Duration::from_secs(30);
