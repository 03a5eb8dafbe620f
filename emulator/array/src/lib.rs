//! A served iSCSI target: portals, accounts, sessions and logical units on one reactor; and an iSNS server that lists targets ([`isns`]).
//!
//! Owns what lies between [`iscsi::target_node`] (the protocol), [`scsi`] (the commands) and [`emu_net`] (the sockets). It must not
//! know the adapter or the control plane.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use emu_array::{LunSpec, Target, TargetConfig};
//! let mut reactor = emu_net::reactor::Reactor::new()?;
//! let mut config = TargetConfig::new("iqn.2026-01.net.example:disk", "127.0.0.1:3260".parse()?);
//! config.luns.push("64M".parse::<LunSpec>()?);
//! let mut target = Target::bind(&mut reactor, 0, config)?;
//! emu_net::run::run(&mut reactor, &mut [&mut target])?;
//! # Ok(()) }
//! ```
#![forbid(unsafe_code)]

pub mod accounts;
pub mod config;
pub mod control;
mod direct;
pub mod error;
pub mod fault;
pub mod isns;
pub mod lun;
mod medium;
pub mod portal;
mod reservations;
pub mod served;
mod server;
mod unit_order;

pub use accounts::{Account, Accounts};
pub use config::{DigestPolicy, TargetConfig, Told};
pub use error::{AccountsError, TargetError};
pub use fault::Fault;
pub use lun::{LunSource, LunSpec};
pub use portal::{BadPortal, Portal};
pub use scsi::target_port::{AccessState, UnknownState};
pub use served::Served;
pub use server::Target;
pub use unit_order::UnitLine;
