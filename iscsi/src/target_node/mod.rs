//! The target's half of RFC 7143: one [`Connection`] is one session on one TCP connection (MaxConnections=1, error recovery
//! level 0).
//!
//! Owns login, the command window, data transfer, task management and every answer that the protocol itself prescribes. Must not
//! know what SCSI commands do, nor sockets, files or clocks: the owner carries out [`Event`]s, answers with
//! [`Connection::complete`], and names targets and accounts through a [`Directory`]. Never panics on peer input; memory is bounded
//! by [`Config`].
//!
//! After each call of `received`, `handle_timeout` or a completion the owner polls [`Connection::poll_event`] until it is empty,
//! before it takes bytes to send: that keeps the order effect → response.

mod config;
mod connection;
mod directory;
mod event;
mod login;
mod manage;
mod memory;
mod receive;
mod reply;
mod sense;
mod task;
#[cfg(test)]
mod tests;
mod text;
mod timers;
mod trace;
mod write;

pub use config::Config;
pub use connection::Connection;
pub use directory::{Admission, Authentication, Directory, LoginAttempt, TargetRecord};
pub use event::{
    CloseReason, Command, Completion, Event, LoginFailure, SessionInfo, TaskId, TaskManagement, TmfId,
};
pub use trace::{IscsiState, TargetState, TraceLevel, TraceStep};
