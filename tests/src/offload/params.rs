//! What the kernel is told of a session between its login and its start.
//!
//! Source: open-iscsi, `usr/initiator_common.c`, `iscsi_session_set_neg_params` and `iscsi_session_set_params`.

use std::net::SocketAddr;

use driver_sys::netlink::params::IscsiParam as P;
use iscsi::digest::Digest;
use iscsi::initiator::{Config, LoggedIn};

/// Parameters and their text, in the order in which they are set.
pub(super) fn of(
    config: &Config,
    portal: SocketAddr,
    agreed: &LoggedIn,
    exp_stat_sn: u32,
) -> Vec<(P, String)> {
    let p = &agreed.params;
    let flag = |on: bool| u8::from(on).to_string();
    let digest = |digest: Digest| flag(digest != Digest::None);
    let mut all = vec![
        (P::MaxRecvDlength, p.max_recv_data_segment.to_string()),
        (P::MaxXmitDlength, p.max_xmit_data_segment.to_string()),
        (P::HdrdgstEn, digest(p.header_digest)),
        (P::DatadgstEn, digest(p.data_digest)),
        (P::InitialR2tEn, flag(p.initial_r2t)),
        (P::MaxR2t, p.max_outstanding_r2t.to_string()),
        (P::ImmDataEn, flag(p.immediate_data)),
        (P::FirstBurst, p.first_burst.to_string()),
        (P::MaxBurst, p.max_burst.to_string()),
        (P::PduInorderEn, flag(p.data_pdu_in_order)),
        (P::DataseqInorderEn, flag(p.data_sequence_in_order)),
        (P::Erl, p.error_recovery_level.to_string()),
        (P::ExpStatsn, exp_stat_sn.to_string()),
        (P::PersistentAddress, portal.ip().to_string()),
        (P::PersistentPort, portal.port().to_string()),
        (P::SessRecoveryTmo, "120".to_owned()),
        (P::FastAbort, flag(true)),
        (P::AbortTmo, "15".to_owned()),
        (P::LuResetTmo, "30".to_owned()),
        (P::TgtResetTmo, "30".to_owned()),
        (P::PingTmo, "5".to_owned()),
        (P::RecvTmo, "5".to_owned()),
        (P::IfaceName, "test".to_owned()),
        (P::InitiatorName, config.initiator_name.to_string()),
        (P::DiscoverySess, flag(config.target_name.is_none())),
    ];
    if let Some(name) = &config.target_name {
        all.push((P::TargetName, name.to_string()));
    }
    if let Some(tag) = agreed.portal_group_tag {
        all.push((P::Tpgt, tag.to_string()));
    }
    all
}
