//! The kernel's libiscsi: what drivers share whose sessions user space logs in to.
//!
//! Owns sessions and connections with their parameters and states, the engine of each connection, commands on their way, error
//! handling. A driver brings connected links, decides what it shows, and answers the class by calling the functions here, as a kernel's
//! drivers do. Must not know any driver, nor where links come from. Source: Linux 6.1 `libiscsi.c`, `libiscsi_tcp.c`; each file names its
//! symbols.

mod commands;
mod eh;
mod failure;
mod hardware;
mod host;
mod library;
mod params;
mod pdu;
mod session;
mod show;
mod state;
mod stats;
mod timers;
mod user;
mod visible;

pub(crate) use failure::conn_failure;
pub(crate) use library::{Driver, Libiscsi, poll, timer};
pub(crate) use pdu::send_pdu;
pub(crate) use session::{CMDS_MAX, max_scsi_cmds};
pub(crate) use show::address;
pub(crate) use state::{conn_start, conn_stop, recovery_timedout};
pub(crate) use user::{conn_setup, conn_teardown, session_setup, session_teardown};
pub(crate) use visible::common as visible;
