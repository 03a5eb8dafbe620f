//! The served target over TCP, under this workspace's own initiator engine.

mod faults;
mod host;
mod sessions;
