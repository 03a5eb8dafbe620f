//! Parameters of interfaces, flash targets and sessions as an operator sets and sees them. They are keyed by driver-sys's enums, whose
//! rows say name, values, unit, polarity and help; what a driver takes, [`crate::quirks`] say.
//!
//! Owns values, assignments and maps of parameters, and the one place where their names are read from text. Must not know how values
//! are encoded.

mod assignment;
mod given;
mod map;
mod parameter;
mod sense;
mod value;

pub use assignment::Assignment;
pub use driver_sys::netlink::IfaceCode;
pub use driver_sys::netlink::params::{FlashnodeParam, IfaceParam, IscsiParam, NetParam, ParamInfo, Values};
pub use given::ifaces;
pub use map::{ParamMap, Params};
pub use parameter::{Parameter, Settable, address_of, fits_family};
pub use value::ParamValue;
