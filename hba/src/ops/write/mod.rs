//! The road of every write. An operation says what it found and what it wants ([`Plan`]) and how that is written, read, compared and
//! undone ([`Write`]); the road decides whether that comes to nothing, to a plan (dry run) or to a change.
//!
//! Owns the only way to a [`crate::Change`] ([`Seal`]) and the only look at a context's dry run ([`DryRun`]). Must not know what is
//! written.

mod consent;
mod dry_run;
mod plan;
mod seal;
mod turn;
mod verified;
mod wait;

pub use consent::Consent;
pub(super) use consent::{Needs, consented};
pub use dry_run::DryRun;
pub(super) use dry_run::{may, unless_dry};
pub(super) use plan::{Done, Plan, as_it_is};
pub use seal::Seal;
pub(super) use verified::{Write, moved};
pub(super) use wait::{LOOK_AGAIN, wait_for};
