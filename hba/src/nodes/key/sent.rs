//! Where a key's value goes when it is used.
//!
//! Owns only the reference: numbers and names are rows of `driver_sys` and of the table of login keys.

use std::fmt;

use driver_sys::netlink::IfaceCode;
use driver_sys::netlink::params::{HostParam, IscsiParam, ParamInfo};
use iscsi::negotiate::Key as LoginKey;

use crate::ids::Family;

/// One place where a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// CREATE_SESSION.
    Create,
    /// SET_PARAM of a session or connection.
    Param(IscsiParam),
    /// SET_HOST_PARAM.
    Host(HostParam),
    /// SET_IFACE_PARAMS.
    Iface(IfaceCode),
    /// A key of the login text.
    Login(LoginKey),
}

impl Sent {
    /// The row of an interface's parameter.
    #[must_use]
    pub const fn iface_row(self) -> Option<&'static ParamInfo> {
        match self {
            Self::Iface(code) => code.info(),
            _ => None,
        }
    }

    /// The family of the only interfaces that take it.
    pub(super) fn family(self) -> Option<Family> {
        use driver_sys::netlink::params::Object;
        match self.iface_row()?.object {
            Object::Ipv4Iface => Some(Family::Ipv4),
            Object::Ipv6Iface => Some(Family::Ipv6),
            _ => None,
        }
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = match self {
            Self::Create => return f.write_str("CREATE_SESSION"),
            Self::Param(param) => param.kernel_name(),
            Self::Host(param) => param.kernel_name(),
            Self::Iface(IfaceCode::Net(param)) => param.kernel_name(),
            Self::Iface(IfaceCode::Iscsi(param)) => param.kernel_name(),
            Self::Iface(IfaceCode::Other { .. }) => None,
            Self::Login(key) => return write!(f, "login key {}", key.spec().name),
        };
        f.write_str(named.unwrap_or("a parameter without a name"))
    }
}
