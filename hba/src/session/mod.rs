//! The supervisor of sessions: what is wanted, what is there, and what is to be done next.
//!
//! Owns the life of each session from the wish to the logout: its number, its portals, its retries, its outages, what a restart needs. It is a
//! state machine: time is told, nothing is read, and what is to be done comes out as [`Effect`]s, which the caller does in their order. Must not
//! know a socket, a file, a clock or a thread.
//!
//! Source: Microsoft `LoginToTarget` and `LoginIScsiTarget` (constant number, retries, removal latency, write down before login); open-iscsi
//! `usr/initiator.c` (states, recovery); RFC 7143 sections 6.3.5 (reinstatement), 11.9 (asynchronous messages).

mod adopt;
mod config;
mod counts;
mod effect;
pub mod flow;
mod id;
mod input;
mod kind;
mod leave;
mod one;
mod outage;
mod outbox;
mod outcome;
mod remembered;
mod round;
mod state;
mod supervisor;
mod text;
mod told;
mod units;
mod want;
mod wanted;

pub use config::{Config, Scope};
pub use counts::Counts;
pub use effect::{Effect, Try};
pub use id::{SessionId, Traits};
pub use input::{Found, Input, Kernel, Shown};
pub use kind::Kind;
pub use remembered::{MAX_BYTES, MAX_UNITS, Remembered, VERSION};
pub use state::{Cause, State, TABLE};
pub use supervisor::{Supervisor, View};
pub use told::{Answer, Event, GaveUp, Refusal, There, Ticket, Told};
pub use wanted::{Luns, OnExpiry, Wanted};

#[cfg(test)]
mod tests;
