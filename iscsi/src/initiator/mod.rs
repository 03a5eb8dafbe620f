//! The initiator of one connection: login, SCSI tasks, discovery, task management, liveness, logout.
//!
//! An [`Initiator`] is made when TCP is connected and lives as long as that connection; who wants to log in again makes another one.
//! It logs in by itself, or ([`Initiator::relay`]) carries the login PDUs of an owner who does.
//! ERL 0: a data digest error ends its task, whatever else goes wrong on the wire drops the connection, and every task is completed
//! exactly once with its buffer. Must not know sockets, clocks or who owns it. Never panics on peer input. Source: RFC 7143.

mod auth;
mod config;
mod counters;
mod damage;
mod ending;
mod engine;
mod event;
mod exchange;
mod failure;
mod listing;
mod login;
mod manage;
mod open;
mod relay;
mod scsi;
mod tasks;
#[cfg(test)]
mod tests;
mod timers;
mod unasked;

pub use config::{Auth, Config, Timeouts};
pub use counters::{Counters, RxPdus, TxPdus};
pub use engine::Initiator;
pub use event::{AsyncReport, Command, Direction, Event, LoggedIn, Outcome, Residual, TaskTag, TmfOutcome};
pub use failure::{Breach, DropReason, FailureKind, LoginFailure, TextFailure};
pub use listing::{DiscoveredTarget, Listing};
pub use relay::{RelayConfig, RelayError, Start};
