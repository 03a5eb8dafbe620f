//! Parameters of sessions and connections that every driver on the library shows; a driver adds its own.
//!
//! Source: what `iscsi_tcp.c` (`iscsi_sw_tcp_attr_is_visible`) and `bnx2i_iscsi.c` (`bnx2i_attr_is_visible`) have in common.

use driver_sys::netlink::params::IscsiParam as P;

/// Whether it is one of them.
pub(crate) const fn common(param: P) -> bool {
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
    )
}
