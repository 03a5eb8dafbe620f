//! Which parameters have attributes.
//!
//! Source: `iscsi_tcp.c` (`iscsi_sw_tcp_attr_is_visible`), `scsi_transport_iscsi.c` (`iscsi_session_attr_is_visible`: `recovery_tmo` and
//! its kin are the class's).

use driver_sys::netlink::params::{HostParam, IscsiParam as P};

use crate::libiscsi;

/// Of sessions and connections.
pub(super) const fn param(param: P) -> bool {
    libiscsi::visible(param) || matches!(param, P::LocalPort)
}

/// Of hosts.
pub(super) const fn host(param: HostParam) -> bool {
    matches!(
        param,
        HostParam::NetdevName | HostParam::Hwaddress | HostParam::Ipaddress | HostParam::InitiatorName
    )
}
