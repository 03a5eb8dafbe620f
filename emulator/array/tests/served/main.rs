//! The served target over TCP, under this workspace's own initiator engine.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod conformance;
mod faults;
mod flood;
mod host;
mod management;
mod names;
mod portals;
mod raw;
mod reservations;
mod sessions;
mod units;
