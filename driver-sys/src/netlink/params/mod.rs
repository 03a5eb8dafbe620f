//! Every parameter that iSCSI netlink can carry, one row each: code, kernel name, object, sysfs attribute, record key, wire form, values,
//! unit, polarity, help. Control plane and emulated driver read these rows and have no second table of any of it.
//!
//! Owns the tables; must not know messages or files, nor what a driver takes. Source: `iscsi_if.h`.

mod chap;
mod flashnode;
mod host;
mod iface;
mod info;
mod net;
mod session;
#[cfg(test)]
mod tests;
mod values;

pub use chap::{ChapParam, ChapType};
pub use flashnode::{FLASHNODE_RECORD_ORDER, FlashnodeParam};
pub use host::HostParam;
pub use iface::IfaceParam;
pub use info::{Object, Param, ParamInfo, Polarity, WireKind};
pub use net::NetParam;
pub use session::IscsiParam;
pub use values::Values;
