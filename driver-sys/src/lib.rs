//! Kernel and hardware-interface bytes for iSCSI offload HBAs: netlink, sysfs, bsg, flash.
//!
//! This crate knows bytes and no policy: it encodes and decodes what the kernel and the adapter exchange, and opens
//! the sockets, files and device nodes that carry it, on a real host or in the directory of an emulated one.
//! `unsafe` is in three files: `bsg/ioctl.rs`, `netdev/sys.rs`, `uio/map.rs`.
#![deny(unsafe_code)]

pub mod abi;
pub mod boot;
pub mod bsg;
pub mod endpoint;
pub mod hw;
pub mod netdev;
pub mod netlink;
pub mod port;
mod secret;
pub mod sg;
pub mod sysfs;
pub mod uevent;
pub mod uio;
pub mod uip;

pub use endpoint::Endpoint;
pub use secret::Secret;
