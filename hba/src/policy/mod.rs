//! What is decided before and between logins, as pure functions: which session is meant, which driver, host, name, portal and identifier a
//! login takes, what is sent and waited for, and when it is tried again.
//!
//! Owns decisions and their tables. Must not read a file, open a socket or look at a clock: what a decision needs comes as arguments, names
//! to look up through [`address::Resolver`]. What is to be said about a decision (a warning, a reason) is a [`crate::Message`] beside it, and
//! what cannot be decided is a [`crate::Error`].
//!
//! Source: open-iscsi `usr/` (each file names its own), RFC 7143, and the drivers' rows in [`crate::quirks::driver`].

pub mod address;
pub mod host;
pub mod iface;
pub mod isid;
pub mod mask;
pub mod matching;
pub mod module;
pub mod name;
pub mod network;
pub mod portals;
pub mod refresh;
pub mod retry;
pub mod stores;
pub mod timeouts;
pub mod transport;
