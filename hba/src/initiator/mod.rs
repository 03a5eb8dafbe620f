//! Logins of this host's own, over its own TCP: one shell around the engine of [`iscsi::initiator`] for whoever asks a portal something.
//!
//! Owns how a connection is made ([`Source`]), how the engine is driven until it has an answer, and that a portal which refuses a list of CHAP
//! algorithms is asked once more with MD5 alone. Must not know why somebody asks, adapters, records, nor what becomes of the answer.
//!
//! Source: RFC 7143 §11.13.5 (login status), §12.1.3 (CHAP), appendix C (SendTargets).

mod ask;
mod connect;
mod login;
mod talk;

pub use ask::{Answered, ask};
pub use connect::Source;
pub(crate) use connect::{dial, outcome};
pub use iscsi::chap::ChapAlgorithm;
pub use login::{Account, Chap, Login};
pub use talk::Said;
