//! Which attributes hosts, sessions and connections of the driver have.
//!
//! Source: `bnx2i_iscsi.c` (`bnx2i_attr_is_visible`).

use driver_sys::netlink::params::{HostParam, IscsiParam as P};

use crate::libiscsi;

/// Of a host.
pub(super) const fn of_host(param: HostParam) -> bool {
    matches!(
        param,
        HostParam::NetdevName | HostParam::Hwaddress | HostParam::Ipaddress
    )
}

/// Of a session or a connection.
pub(super) const fn of_session(param: P) -> bool {
    libiscsi::visible(param) || matches!(param, P::BootRoot | P::BootNic | P::BootTarget)
}
