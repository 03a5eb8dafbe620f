//! How nouns look to people: rows and details. Owns words and column order; must not read or write anything but stdout.

pub(crate) mod adapter;
pub(crate) mod boot;
pub(crate) mod chap;
pub(crate) mod discover;
pub(crate) mod event;
pub(crate) mod flash;
pub(crate) mod iface;
pub(crate) mod lun;
pub(crate) mod module;
pub(crate) mod node;
pub(crate) mod params;
pub(crate) mod ping;
pub(crate) mod policy;
pub(crate) mod record;
pub(crate) mod rescan;
pub(crate) mod session;
pub(crate) mod stats;
pub(crate) mod target;
pub(crate) mod transfer;
pub(crate) mod watch;
