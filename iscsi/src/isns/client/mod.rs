//! The client's side of iSNS: questions in, messages out, answers back.
//!
//! Owns the order of requests (one at a time), their transaction ids and how long an answer may take; a registration or a walk is
//! several requests in a row. Must not know sockets or clocks.
//!
//! How a shell drives it:
//! - [`Client::submit`] takes a [`Request`] and names it by a [`Ticket`];
//! - [`Client::output`] has what is to be sent, [`Client::sent`] says how much of it was;
//! - [`Client::handle_input`] takes what came, [`Client::closed`] that nothing more will;
//! - [`Client::poll`] has what came of it, until `None`;
//! - [`Client::poll_timeout`] says when [`Client::handle_timeout`] is due; ask again after each of the above.
//!
//! Source: RFC 4171 sections 5.1.5, 5.6 and 5.7.

mod engine;
mod failure;
mod operation;
mod query;
mod register;
mod walk;

pub use engine::{Client, Config};
pub use failure::Failure;
pub use operation::{Done, Event, Request, Ticket};
pub use register::{Inquiries, RegisteredAs, Registration, Served};
