//! Which attributes hosts, sessions and connections of the driver have.
//!
//! Source: `bnx2i_iscsi.c` (`bnx2i_attr_is_visible`).

use driver_sys::netlink::params::{HostParam, IscsiParam as P};

/// Of a host.
pub(super) const fn of_host(param: HostParam) -> bool {
    matches!(
        param,
        HostParam::NetdevName | HostParam::Hwaddress | HostParam::Ipaddress
    )
}

/// Of a session or a connection.
pub(super) const fn of_session(param: P) -> bool {
    matches!(
        param,
        P::MaxRecvDlength
            | P::MaxXmitDlength
            | P::HdrdgstEn
            | P::DatadgstEn
            | P::ConnAddress
            | P::ConnPort
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
            | P::BootRoot
            | P::BootNic
            | P::BootTarget
    )
}
