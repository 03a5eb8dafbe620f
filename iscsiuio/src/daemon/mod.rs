//! The daemon: the kernel, the rings and the clients on one thread.
//!
//! `serve` waits for whatever comes first and hands it to [`Core`], which does everything that follows from it at once and without
//! waiting. A stalled client, a full ring or a silent kernel delays nobody else. Must not know ARP, DHCP or frames (`port`), nor
//! how a ring works (`nic`). Source: open-iscsi's `iscsiuio`, `main.c`, `nic_nl.c`, `nic.c`; `scsi_transport_iscsi.c`
//! (`iscsi_offload_mesg`, `iscsi_set_path`).

mod activation;
mod adapter;
mod background;
mod core;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod kernel;
mod left_behind;
#[cfg(any(test, fuzzing))]
mod made_up;
mod options;
mod pidfile;
mod ready;
mod report;
mod rings;
mod run;
mod sandbox;
mod serve;
mod waiting;
mod watch;

pub use self::core::Core;
pub use adapter::Adapter;
pub use kernel::Kernel;
pub use options::Options;
pub use report::{PortReport, Report, Totals};
pub use rings::{Found, NoRing, Rings, SysfsRings};
pub use run::run;
pub use sandbox::{Limits, Sandbox};
