//! Initiator and target driven against each other in virtual time, with the byte stream cut anywhere.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod damage;
mod harness;
mod interrupt;
mod login;
mod manage;
mod memory;
mod relay;
mod schedule;
mod transfer;
mod wire;
