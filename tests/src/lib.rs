//! The lab harness shared by the integration tests.
//!
//! Owns temporary directories and the processes in them: an emulated adapter, a target (ours or the distribution's `tgtd`) and
//! `hbactl`. Everything it starts ends with it. It must not know what a test wants to prove.

#![forbid(unsafe_code)]

pub mod asked;
pub mod conformance;
pub mod documents;
pub mod equality;
pub mod initiator;
pub mod isns;
pub mod lab;
pub mod memory;
pub mod namespace;
pub mod need;
pub mod netlink;
pub mod network;
pub mod offload;
pub mod peer;
pub mod port;
pub mod process;
pub mod qemu;
pub mod rounds;
pub mod schema;
pub mod target;
pub mod terminal;
pub mod tgt;
