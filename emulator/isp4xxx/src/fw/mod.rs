//! The firmware: a card with its flash and its ports, spoken to in mailbox commands, typed.
//!
//! [`Card`] is a state machine without I/O. The front end calls [`Card::command`] and [`Card::submit_io`] and drains
//! [`Card::poll_event`]; the shell executes [`Card::poll_effect`], moves bytes by [`LinkId`] and calls
//! [`Card::handle_timeout`] when [`Card::poll_timeout`] has come. After any call both queues are to be drained. Nothing here
//! panics on input. Sources: `ql4_fw.h`, `ql4_mbx.c`, `ql4_init.c`, `ql4_isr.c` (what the driver sends and expects).

mod acb;
mod card;
mod command;
mod connect;
mod ddb;
mod diagnostic;
mod discovery;
mod effect;
mod ending;
mod error;
mod event;
mod eventlog;
mod io;
mod login;
mod mailbox;
mod network;
mod outbox;
mod port;
mod reply;
mod restore;
mod rom;
mod session;
mod stats;
mod task;

pub use driver_sys::hw::aen::IpAddrState;
pub use driver_sys::hw::ddb::DdbState;
pub use driver_sys::hw::mailbox::{DiagTest, FactoryAreas, FlashCommit, FwAddState, FwState, LogoutOptions};

pub use card::{Card, CardConfig, FIRMWARE_CHAP};
pub use command::{Command, DdbDefaults, PingSource};
pub use effect::{Effect, LinkId, PingId};
pub use error::MboxError;
pub use event::{Aen, Event, IpWhich, LoginFailure, PingStatus, TaskMgmtOutcome};
pub use io::{
    Completion, Direction, Io, IoDone, IoTag, Passthrough, PassthroughDone, Residual, TaskAttribute,
};
pub use network::{DhcpLease, Network, RouterAdvertisement};
pub use reply::{DdbReply, Reply};

#[cfg(test)]
mod tests;
