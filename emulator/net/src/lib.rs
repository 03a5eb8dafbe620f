//! The I/O shell of the emulator: one thread, one epoll loop, TCP links, the flash file.
//!
//! Owns sockets, the clock and files. It moves bytes for the sans-io engines ([`iscsi`] and `isp4xxx`) and must not know
//! what those bytes mean.

#![forbid(unsafe_code)]

pub mod accept;
pub mod adapter;
pub mod flash_file;
pub mod hardware;
pub mod lan;
pub mod link;
pub mod pcap;
pub mod ping;
pub mod reactor;
pub mod run;
pub mod session;
pub mod signals;
