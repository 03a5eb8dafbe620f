//! iSCSI netlink: every message of the transport class, both ways.

mod host_stats_raw;
pub mod params;
pub mod raw;
