//! Control plane for iSCSI offload HBAs: adapters, flash, CHAP, boot, sessions.
//!
//! `ops` holds one module per noun; every operation takes a [`Ctx`], which names the [`backend::Backend`] to
//! speak to, the [`Deadline`] and whether to write at all. Nothing here knows how the adapter (or its emulation) works inside, nor how
//! people ask: what they are told is a [`Message`], which names what can be done as [`Step`]s.

#![forbid(unsafe_code)]

pub mod address;
pub mod backend;
mod change;
mod ctx;
mod deadline;
pub mod discovery;
pub mod error;
pub mod exclude;
mod home;
pub mod ids;
pub mod initiator;
pub mod intent;
pub mod isid;
mod message;
pub mod model;
pub mod nodes;
pub mod ops;
pub mod params;
pub mod policy;
pub mod quirks;
pub mod registry;
mod secret;
pub mod session;
mod step;
pub mod writer;

pub use change::{Change, Difference};
pub use ctx::Ctx;
pub use deadline::Deadline;
pub use driver_sys::port::Stop;
pub use error::{Error, Kind, Outcome, Result};
pub use home::Home;
pub use ids::{AdapterId, Family, HostNo, IfaceId};
pub use message::{Message, Part};
pub use ops::{Consent, DryRun};
pub use secret::{REDACTED, SECRET_MAX, SECRET_MIN, Secret};
pub use step::Step;
