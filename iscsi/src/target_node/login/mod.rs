//! The login phase.
//!
//! One [`Login`] takes requests and gives answers; it queues nothing and closes nothing. Source: RFC 7143 §6.3, §11.12, §11.13.

mod answer;
mod exchange;
mod security;

pub(super) use answer::{Answer, Refusal};
pub(super) use exchange::{LOGIN_SEGMENT, Login};
