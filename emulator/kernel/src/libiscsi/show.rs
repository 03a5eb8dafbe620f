//! What the parameters of sessions and connections read.
//!
//! Source: `libiscsi.c` (`iscsi_session_get_param`, `iscsi_conn_get_param`, `iscsi_conn_get_addr_param`).

use std::net::SocketAddr;

use driver_sys::netlink::params::IscsiParam as P;
use nix::errno::Errno;

use super::Libiscsi;
use crate::text::{ip4, ip6};

/// What the kernel prints for a string that nobody set.
pub(crate) const NULL: &str = "(null)";

impl Libiscsi {
    /// What a parameter of a session reads.
    ///
    /// # Errors
    /// `ENOSYS` for what libiscsi does not know, `EINVAL` for a session that is gone.
    pub(crate) fn session_param(&self, sid: u32, param: P) -> Result<String, Errno> {
        let s = self.sessions.get(&sid).ok_or(Errno::EINVAL)?;
        let number = match param {
            P::FastAbort => s.fast_abort,
            P::AbortTmo => s.abort_timeout,
            P::LuResetTmo => s.lu_reset_timeout,
            P::TgtResetTmo => s.tgt_reset_timeout,
            P::InitialR2tEn => s.initial_r2t_en,
            P::MaxR2t => s.max_r2t.into(),
            P::ImmDataEn => s.imm_data_en,
            // Printed as if it had no sign.
            P::FirstBurst => return Ok((s.first_burst as u32).to_string()),
            P::MaxBurst => return Ok((s.max_burst as u32).to_string()),
            P::PduInorderEn => s.pdu_inorder_en,
            P::DataseqInorderEn => s.dataseq_inorder_en,
            P::Erl => s.erl,
            P::Tpgt => s.tpgt,
            P::DiscoverySess => s.discovery_sess.into(),
            P::TargetName
            | P::TargetAlias
            | P::Username
            | P::UsernameIn
            | P::Password
            | P::PasswordIn
            | P::IfaceName
            | P::InitiatorName
            | P::BootRoot
            | P::BootNic
            | P::BootTarget
            | P::PortalType => return Ok(s.text(param).unwrap_or(NULL).to_owned()),
            P::DiscoveryParentType => return Ok(s.text(param).unwrap_or_default().to_owned()),
            // Nobody sets them here.
            P::DefTaskmgmtTmo
            | P::AutoSndTgtDisable
            | P::ChapAuthEn
            | P::DiscoveryLogoutEn
            | P::BidiChapEn
            | P::DiscoveryAuthOptional
            | P::DefTime2wait
            | P::DefTime2retain
            | P::Tsid
            | P::DiscoveryParentIdx => 0,
            P::Isid => return Ok("000000000000".into()),
            _ => return Err(Errno::ENOSYS),
        };
        Ok(number.to_string())
    }

    /// What a parameter of a connection reads.
    ///
    /// # Errors
    /// `ENOSYS` for what libiscsi does not know, `ENOTCONN` for what a link would tell, `EINVAL` for a connection that is gone.
    pub(crate) fn conn_param(&self, sid: u32, param: P) -> Result<String, Errno> {
        let s = self.sessions.get(&sid).ok_or(Errno::EINVAL)?;
        let c = s.conn.as_ref().ok_or(Errno::EINVAL)?;
        let unsigned = |value: i32| (value as u32).to_string();
        Ok(match param {
            P::PingTmo => unsigned(c.ping_timeout),
            P::RecvTmo => unsigned(c.recv_timeout),
            P::MaxRecvDlength => unsigned(c.max_recv_dlength),
            P::MaxXmitDlength => unsigned(c.max_xmit_dlength),
            P::HdrdgstEn => c.hdrdgst_en.to_string(),
            P::DatadgstEn => c.datadgst_en.to_string(),
            P::PersistentPort => c.persistent_port.to_string(),
            P::ExpStatsn => c.exp_statsn().to_string(),
            P::PersistentAddress | P::LocalIpaddr => s.text(param).unwrap_or(NULL).to_owned(),
            P::ConnAddress => address(c.peer.ok_or(Errno::ENOTCONN)?),
            P::ConnPort => c.peer.ok_or(Errno::ENOTCONN)?.port().to_string(),
            P::LocalPort => c.local.ok_or(Errno::ENOTCONN)?.port().to_string(),
            P::IfmarkerEn
            | P::OfmarkerEn
            | P::Statsn
            | P::MaxSegmentSize
            | P::KeepaliveTmo
            | P::TcpTimestampStat
            | P::TcpNagleDisable
            | P::TcpWsfDisable
            | P::TcpTimerScale
            | P::TcpTimestampEn
            | P::IpFragmentDisable
            | P::Ipv4Tos
            | P::Ipv6Tc
            | P::Ipv6FlowLabel
            | P::IsFwAssignedIpv6
            | P::TcpXmitWsf
            | P::TcpRecvWsf => "0".into(),
            _ => return Err(Errno::ENOSYS),
        })
    }
}

/// An address as a kernel prints it.
pub(crate) fn address(of: SocketAddr) -> String {
    match of {
        SocketAddr::V4(a) => ip4(&a.ip().octets()),
        SocketAddr::V6(a) => ip6(&a.ip().octets()),
    }
}
