//! Discovery: how a host comes to know targets, and the one answer that every way of it gives.
//!
//! Owns the answer ([`Discovery`], [`Path`]), SendTargets in software ([`sendtargets`]), iSNS ([`isns`]), the firmware's tables ([`firmware`]), what of a list this
//! host can use ([`usable`]), and what becomes of the records that are there ([`merge`]). Must not know how a record is
//! stored, nor how an adapter is made to ask: operations put the two together.

mod answer;
pub mod firmware;
pub mod heard;
pub mod isns;
pub mod merge;
pub mod quest;
pub mod records;
pub mod resolve;
pub mod sendtargets;
mod side_by_side;
pub mod usable;

pub use answer::{Answer, ByAdapter, Discovery, Hop, LeftOut, Means, Path, PathState, Present, Store};
pub(crate) use answer::{left_out, odd};
pub use side_by_side::Questions;
