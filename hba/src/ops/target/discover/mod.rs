//! Discovery as an operation: somebody is asked, and what he names becomes records, flash targets, or an answer only.
//!
//! Owns the order of the steps: what is set for the question, the question, what it means for the records, writing them. Must not know how a
//! question is asked ([`crate::discovery`], [`crate::ops::flash`]), nor how a record is stored.

mod ask;
mod firmware;
mod records;
mod run;
mod settings;
mod told;
mod twice;
mod wish;

pub use run::discover;
pub use wish::{DiscoverWish, Keep, Whom};

pub(super) use ask::{ask_all, questions};
pub(super) use records::portal_record;
pub(super) use run::settle;
