//! Which parameters have attributes.
//!
//! Source: `iscsi_tcp.c` (`iscsi_sw_tcp_attr_is_visible`), `scsi_transport_iscsi.c` (`iscsi_session_attr_is_visible`: `recovery_tmo` and
//! its kin are the class's).

use driver_sys::netlink::params::{HostParam, IscsiParam as P};

/// Of sessions and connections.
pub(super) const fn param(param: P) -> bool {
    matches!(
        param,
        P::MaxRecvDlength
            | P::MaxXmitDlength
            | P::HdrdgstEn
            | P::DatadgstEn
            | P::ConnAddress
            | P::ConnPort
            | P::LocalPort
            | P::ExpStatsn
            | P::PersistentAddress
            | P::PersistentPort
            | P::PingTmo
            | P::RecvTmo
            | P::InitialR2tEn
            | P::MaxR2t
            | P::ImmDataEn
            | P::FirstBurst
            | P::MaxBurst
            | P::PduInorderEn
            | P::DataseqInorderEn
            | P::Erl
            | P::TargetName
            | P::Tpgt
            | P::Username
            | P::Password
            | P::UsernameIn
            | P::PasswordIn
            | P::FastAbort
            | P::AbortTmo
            | P::LuResetTmo
            | P::TgtResetTmo
            | P::IfaceName
            | P::InitiatorName
    )
}

/// Of hosts.
pub(super) const fn host(param: HostParam) -> bool {
    matches!(
        param,
        HostParam::NetdevName | HostParam::Hwaddress | HostParam::Ipaddress | HostParam::InitiatorName
    )
}
