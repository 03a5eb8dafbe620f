//! Every parameter that iSCSI netlink can carry, as data: code, kernel name, sysfs attribute, record key, wire form.
//!
//! Owns the tables; must not know messages or files. Source: `iscsi_if.h`.

mod chap;
mod flashnode;
mod host;
mod iface;
mod info;
mod net;
mod session;
#[cfg(test)]
mod tests;

pub use chap::{CHAP_PARAMS, ChapParam, ChapType};
pub use flashnode::{FLASHNODE_PARAMS, FLASHNODE_RECORD_ORDER, FlashnodeParam};
pub use host::{HOST_PARAMS, HostParam};
pub use iface::{IFACE_PARAMS, IfaceParam};
pub use info::{Object, Param, ParamInfo, Value, WireKind};
pub use net::{NET_PARAMS, NetParam};
pub use session::{ISCSI_PARAMS, IscsiParam};
