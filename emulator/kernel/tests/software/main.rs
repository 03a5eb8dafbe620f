//! Software iSCSI on the emulated kernel: user space connects and logs in, the kernel carries commands.
//!
//! The target is `emu-array`'s, the login the `iscsi` crate's, carried by the lab's couriers as a daemon's would be.

mod attributes;
mod lab;
mod loss;
mod management;
mod refusals;
mod traffic;
